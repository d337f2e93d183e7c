#include "e2e/seam/conductor.h"

namespace verdict::seam {

using std::chrono::steady_clock;

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             steady_clock::now().time_since_epoch())
      .count();
}

Conductor::Conductor(const std::vector<PlannedPayment>* payments,
                     std::chrono::milliseconds duration)
    : payments_(*payments),
      step_(std::chrono::nanoseconds(duration) / static_cast<int64_t>(payments->size())),
      now_ms_(payments->front().fact.time_ms) {}

void Conductor::Start() {
  base::MutexLock lock(mutex_);
  started_ = steady_clock::now();
}

Conductor::SteadyTime Conductor::DueAt(uint32_t number) const { return started_ + number * step_; }

std::optional<uint32_t> Conductor::Next(std::atomic<int>* under_way) {
  base::MutexLock lock(mutex_);
  while (true) {
    if (stopped_ || next_ >= payments_.size()) return std::nullopt;
    const auto now = steady_clock::now();
    // Those of one moment go out together.
    const bool twin =
        next_ > 0 && payments_[next_].fact.time_ms == payments_[next_ - 1].fact.time_ms;
    if (!held_ && (twin || now >= DueAt(next_))) break;
    const auto wait = held_ ? std::chrono::nanoseconds(20'000'000) : DueAt(next_) - now;
    changed_.WaitFor(mutex_, wait);
  }
  under_way->fetch_add(1);
  now_ms_.store(payments_[next_].fact.time_ms);
  return next_++;
}

void Conductor::Hold(bool held) {
  base::MutexLock lock(mutex_);
  held_ = held;
  changed_.NotifyAll();
}

void Conductor::Stop() {
  base::MutexLock lock(mutex_);
  stopped_ = true;
  changed_.NotifyAll();
}

uint64_t Conductor::issued() const {
  base::MutexLock lock(mutex_);
  return next_;
}

}  // namespace verdict::seam
