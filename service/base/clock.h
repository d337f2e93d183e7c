// What time it is: the wall's, or the greatest event time seen (so that years past can be
// replayed).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace verdict::base {

// **Thread-safe.** Milliseconds since the Unix epoch.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowMs() const = 0;
  // Tells the clock of an event time; only an event clock moves by it, and only forwards.
  virtual void Observe(int64_t event_time_ms) = 0;
  // True where time is that of the events; provenance then says `clock=event`.
  virtual bool is_event_clock() const = 0;
};

class WallClock : public Clock {
 public:
  int64_t NowMs() const override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  void Observe(int64_t) override {}
  bool is_event_clock() const override { return false; }
};

// now = the greatest event time observed; 0 before the first.
class EventClock : public Clock {
 public:
  int64_t NowMs() const override { return now_ms_.load(std::memory_order_relaxed); }
  void Observe(int64_t event_time_ms) override {
    int64_t seen = now_ms_.load(std::memory_order_relaxed);
    while (event_time_ms > seen &&
           !now_ms_.compare_exchange_weak(seen, event_time_ms, std::memory_order_relaxed)) {
    }
  }
  bool is_event_clock() const override { return true; }

 private:
  std::atomic<int64_t> now_ms_{0};
};

// For tests: stands where it is put.
class ManualClock : public Clock {
 public:
  explicit ManualClock(int64_t now_ms = 0) : now_ms_(now_ms) {}
  int64_t NowMs() const override { return now_ms_.load(std::memory_order_relaxed); }
  void Set(int64_t now_ms) { now_ms_.store(now_ms, std::memory_order_relaxed); }
  void Observe(int64_t) override {}
  bool is_event_clock() const override { return false; }

 private:
  std::atomic<int64_t> now_ms_;
};

}  // namespace verdict::base
