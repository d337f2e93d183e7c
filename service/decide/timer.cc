#include "decide/timer.h"

#include <algorithm>

#include "base/thread_role.h"

namespace verdict::decide {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

// The tick that `when` lies in.
int64_t TickOf(SteadyTime when) { return when.time_since_epoch() / WheelTimer::kTick; }

}  // namespace

WheelTimer::WheelTimer() : next_tick_(TickOf(std::chrono::steady_clock::now())) {
  thread_ = std::thread([this] { Run(); });
}

WheelTimer::~WheelTimer() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyOne();
  thread_.join();
}

void WheelTimer::Add(SteadyTime when, const Alarm& alarm) {
  bool was_idle = false;
  {
    base::MutexLock lock(mutex_);
    was_idle = pending_++ == 0;
    // An idle wheel has not turned: it starts again at the present.
    if (was_idle) next_tick_ = std::max(next_tick_, TickOf(std::chrono::steady_clock::now()));
    // Rounded up, so that no alarm rings before its time.
    const int64_t tick = std::max(TickOf(when) + 1, next_tick_);
    slots_[static_cast<size_t>(tick) % kSlots].push_back({tick, alarm});
  }
  if (was_idle) wake_.NotifyOne();
}

void WheelTimer::CollectDue(int64_t now_tick, std::vector<Entry>* due) {
  // After a long stall one turn visits every slot; each entry's own tick says whether it is due.
  const int64_t first = std::max(next_tick_, now_tick - static_cast<int64_t>(kSlots) + 1);
  for (int64_t tick = first; tick <= now_tick; ++tick) {
    std::vector<Entry>& slot = slots_[static_cast<size_t>(tick) % kSlots];
    const auto later = std::partition(slot.begin(), slot.end(),
                                      [&](const Entry& entry) { return entry.tick > now_tick; });
    due->insert(due->end(), later, slot.end());
    slot.erase(later, slot.end());
  }
  next_tick_ = std::max(next_tick_, now_tick + 1);
  pending_ -= due->size();
}

void WheelTimer::Run() {
  base::BeginThread("verdict-timer", base::ThreadRole::kServing);
  std::vector<Entry> due;
  for (;;) {
    due.clear();
    {
      base::MutexLock lock(mutex_);
      while (!stopping_ && pending_ == 0) wake_.Wait(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, kTick);
      if (stopping_) return;
      CollectDue(TickOf(std::chrono::steady_clock::now()), &due);
    }
    for (const Entry& entry : due) entry.alarm.ring(entry.alarm.target, entry.alarm.token);
  }
}

}  // namespace verdict::decide
