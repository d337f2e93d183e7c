// Alarms for calls that wait: one thread, a wheel of one-millisecond slots.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace verdict::decide {

// What to call, and with what. Cheap to copy; an alarm is never taken back: its target tells by the
// token whether it still matters.
struct Alarm {
  void (*ring)(void* target, uint64_t token) = nullptr;
  void* target = nullptr;
  uint64_t token = 0;
};

// **Thread-safe.**
class Timer {
 public:
  virtual ~Timer() = default;
  // Rings once, at `when` or up to a few milliseconds later, on the timer's thread. After the
  // timer's end: never.
  virtual void Add(std::chrono::steady_clock::time_point when, const Alarm& alarm) = 0;
};

// **Thread-safe.** Add() costs a short lock and a push. The thread sleeps while no alarm is set,
// else it wakes once a tick. Alarms further away than the wheel's turn go round again.
class WheelTimer : public Timer {
 public:
  static constexpr std::chrono::milliseconds kTick{1};
  static constexpr size_t kSlots = 1024;

  WheelTimer();
  ~WheelTimer() override;  // joins the thread; what has not rung never will
  void Add(std::chrono::steady_clock::time_point when, const Alarm& alarm) override;

 private:
  struct Entry {
    int64_t tick = 0;
    Alarm alarm;
  };
  void Run();
  void CollectDue(int64_t now_tick, std::vector<Entry>* due) REQUIRES_LOCK(mutex_);

  base::Mutex mutex_;
  base::CondVar wake_;
  std::array<std::vector<Entry>, kSlots> slots_ GUARDED_BY(mutex_);
  int64_t next_tick_ GUARDED_BY(mutex_) = 0;  // the first tick that has not been looked at
  size_t pending_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace verdict::decide
