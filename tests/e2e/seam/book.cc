#include "e2e/seam/book.h"

#include <utility>

namespace verdict::seam {
namespace {
constexpr size_t kRecent = 400;
}  // namespace

void Book::Add(Call call) {
  base::MutexLock lock(mutex_);
  if (call.answered) {
    ++answered_;
    samples_ += call.response.features_size() > 0 ? 1 : 0;
    if (!call.response.replayed()) recent_.push_back(call.payment);
    if (recent_.size() > kRecent) recent_.pop_front();
  }
  calls_.push_back(std::move(call));
}

std::optional<uint32_t> Book::SomeAnswered(uint64_t random) const {
  base::MutexLock lock(mutex_);
  if (recent_.empty()) return std::nullopt;
  return recent_[random % recent_.size()];
}

uint64_t Book::answered() const {
  base::MutexLock lock(mutex_);
  return answered_;
}

uint64_t Book::samples() const {
  base::MutexLock lock(mutex_);
  return samples_;
}

std::vector<Call> Book::TakeCalls() {
  base::MutexLock lock(mutex_);
  return std::exchange(calls_, {});
}

}  // namespace verdict::seam
