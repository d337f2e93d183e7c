#include "e2e/ledger.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"

namespace verdict::testing {
namespace {
constexpr size_t kAnswersKept = 512;
// Of one merchant: each may or may not count, so that they have 2^20 sums.
constexpr size_t kDoubtedMax = 20;
}  // namespace

void Ledger::Acknowledge(const Payment& payment) {
  base::MutexLock lock(mutex_);
  settled_ += unknown_[payment.merchant].erase(payment.id);
  acknowledged_[payment.merchant].sum += payment.amount_minor;
  ++acknowledged_[payment.merchant].count;
}

void Ledger::Doubt(const Payment& payment) {
  base::MutexLock lock(mutex_);
  unknown_[payment.merchant].emplace(payment.id, payment);
}

void Ledger::RememberAnswer(const FirstAnswer& answer) {
  base::MutexLock lock(mutex_);
  if (answers_.size() < kAnswersKept) {
    answers_.push_back(answer);
  } else {
    answers_[next_answer_++ % kAnswersKept] = answer;
  }
}

std::optional<FirstAnswer> Ledger::SomeAnswer(uint64_t random, const Retriable& wanted) const {
  base::MutexLock lock(mutex_);
  std::vector<const FirstAnswer*> found;
  for (const FirstAnswer& answer : answers_) {
    if (answer.payment.event_time_ms >= wanted.from_ms && answer.life < wanted.before_life) {
      found.push_back(&answer);
    }
  }
  if (found.empty()) return std::nullopt;
  return *found[random % found.size()];
}

uint64_t Ledger::acknowledged_count() const {
  base::MutexLock lock(mutex_);
  uint64_t count = 0;
  for (const Total& total : acknowledged_) count += total.count;
  return count;
}

uint64_t Ledger::doubted_count() const {
  base::MutexLock lock(mutex_);
  uint64_t count = 0;
  for (const auto& unknown : unknown_) count += unknown.size();
  return count;
}

uint64_t Ledger::settled_count() const {
  base::MutexLock lock(mutex_);
  return settled_;
}

bool Ledger::Explains(int merchant, int64_t sum, int64_t count, std::string* why_not) const {
  base::MutexLock lock(mutex_);
  const Total& sure = acknowledged_[merchant];
  if (unknown_[merchant].size() > kDoubtedMax) {
    *why_not = absl::StrFormat("merchant %d: %d payments in doubt explain too much", merchant,
                               unknown_[merchant].size());
    return false;
  }
  std::set<std::pair<int64_t, int64_t>> reachable = {{sure.sum, sure.count}};
  for (const auto& [id, payment] : unknown_[merchant]) {
    std::set<std::pair<int64_t, int64_t>> with = reachable;
    for (const auto& [s, c] : reachable) with.emplace(s + payment.amount_minor, c + 1);
    reachable = std::move(with);
  }
  if (reachable.contains({sum, count})) return true;
  *why_not = absl::StrFormat(
      "merchant %d: the service says sum %d, count %d; acknowledged are %d, %d, and %d payments in "
      "doubt cannot "
      "explain the difference",
      merchant, sum, count, sure.sum, sure.count, unknown_[merchant].size());
  return false;
}

}  // namespace verdict::testing
