// Which measures are imported (DAY mode, R5), as everybody reads it without waiting.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "feature/day_mode.h"

namespace verdict::counters {

// **Thread-safe.** What was once handed out stays as it is: an import or two a day leave little
// behind.
class DayModes {
 public:
  explicit DayModes(size_t measures) : current_(measures) {}

  // Null: the measure is none.
  const feature::DayMode* Of(size_t measure) const {
    return current_[measure].load(std::memory_order_acquire);
  }
  // Is any measure imported?
  bool any() const { return any_.load(std::memory_order_relaxed); }
  // Replaces what was set before.
  void Set(size_t measure, const feature::DayMode& mode) EXCLUDES_LOCK(mutex_) {
    base::MutexLock lock(mutex_);
    const feature::DayMode* before = Of(measure);
    if (before != nullptr && *before == mode) return;
    kept_.push_back(std::make_unique<const feature::DayMode>(mode));
    current_[measure].store(kept_.back().get(), std::memory_order_release);
    any_.store(true, std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<const feature::DayMode*>> current_;
  std::atomic<bool> any_{false};
  base::Mutex mutex_;
  std::vector<std::unique_ptr<const feature::DayMode>> kept_ GUARDED_BY(mutex_);
};

}  // namespace verdict::counters
