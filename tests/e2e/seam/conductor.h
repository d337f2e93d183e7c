// The run's business clock and its payments in their order: it says when each is due, and stands
// still while nobody can score.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "e2e/seam/world.h"

namespace verdict::seam {

// Thread-safe.
class Conductor {
 public:
  // `payments` must outlive it. They last for `duration`, or longer where they cannot keep up.
  Conductor(const std::vector<PlannedPayment>* payments, std::chrono::milliseconds duration);

  void Start() EXCLUDES_LOCK(mutex_);
  // The next payment's number, once it is due; nothing at the end, or once stopped. Counts one more
  // in `under_way` where it gives one, before Hold can return.
  std::optional<uint32_t> Next(std::atomic<int>* under_way) EXCLUDES_LOCK(mutex_);
  // Nobody is given a payment while it is held.
  void Hold(bool held) EXCLUDES_LOCK(mutex_);
  void Stop() EXCLUDES_LOCK(mutex_);
  // Business time: that of the newest payment given.
  int64_t now_ms() const { return now_ms_.load(); }
  uint64_t issued() const EXCLUDES_LOCK(mutex_);

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  SteadyTime DueAt(uint32_t number) const REQUIRES_LOCK(mutex_);

  const std::vector<PlannedPayment>& payments_;
  const std::chrono::nanoseconds step_;
  std::atomic<int64_t> now_ms_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  SteadyTime started_ GUARDED_BY(mutex_);
  uint32_t next_ GUARDED_BY(mutex_) = 0;
  bool held_ GUARDED_BY(mutex_) = false;
  bool stopped_ GUARDED_BY(mutex_) = false;
};

// The steady clock in nanoseconds, as the book has it.
int64_t NowNs();

}  // namespace verdict::seam
