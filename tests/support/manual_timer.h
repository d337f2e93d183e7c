// A timer that rings when it is told to, not when time passes.
#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "decide/timer.h"

namespace verdict::testing {

// **Thread-safe.**
class ManualTimer : public decide::Timer {
 public:
  void Add(std::chrono::steady_clock::time_point when, const decide::Alarm& alarm) override {
    base::MutexLock lock(mutex_);
    alarms_.emplace_back(when, alarm);
  }
  // Rings every alarm that is set, in the order they were set; those they set ring the next time.
  // Returns how many.
  size_t RingAll() {
    std::vector<std::pair<std::chrono::steady_clock::time_point, decide::Alarm>> due;
    {
      base::MutexLock lock(mutex_);
      due.swap(alarms_);
    }
    for (const auto& [when, alarm] : due) alarm.ring(alarm.target, alarm.token);
    return due.size();
  }
  // When the newest alarm is to ring. REQUIRES: size() > 0.
  std::chrono::steady_clock::time_point newest() const {
    base::MutexLock lock(mutex_);
    return alarms_.back().first;
  }
  size_t size() const {
    base::MutexLock lock(mutex_);
    return alarms_.size();
  }

 private:
  mutable base::Mutex mutex_;
  std::vector<std::pair<std::chrono::steady_clock::time_point, decide::Alarm>> alarms_
      GUARDED_BY(mutex_);
};

}  // namespace verdict::testing
