// Alarms ring once, never early; a parked call has exactly one claimant.
#include "decide/timer.h"

#include <atomic>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "decide/ticket.h"
#include "gtest/gtest.h"

namespace verdict::decide {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Thread-safe. Remembers which alarms rang, and when.
class Bell {
 public:
  Alarm For(uint64_t token) { return {.ring = &Ring, .target = this, .token = token}; }
  std::vector<std::pair<uint64_t, steady_clock::time_point>> AwaitRings(size_t count) {
    base::MutexLock lock(mutex_);
    while (rings_.size() < count) rung_.Wait(mutex_);
    return rings_;
  }
  size_t rings() {
    base::MutexLock lock(mutex_);
    return rings_.size();
  }

 private:
  static void Ring(void* bell, uint64_t token) {
    auto* self = static_cast<Bell*>(bell);
    base::MutexLock lock(self->mutex_);
    self->rings_.emplace_back(token, steady_clock::now());
    self->rung_.NotifyAll();
  }
  base::Mutex mutex_;
  base::CondVar rung_;
  std::vector<std::pair<uint64_t, steady_clock::time_point>> rings_;
};

TEST(WheelTimer, RingsEachAlarmOnceAndNotBeforeItsTime) {
  Bell bell;
  WheelTimer timer;
  const auto start = steady_clock::now();
  const std::vector<milliseconds> delays = {milliseconds(30), milliseconds(0), milliseconds(5),
                                            milliseconds(-7), milliseconds(5)};
  for (size_t i = 0; i < delays.size(); ++i) timer.Add(start + delays[i], bell.For(i));
  const auto rings = bell.AwaitRings(delays.size());
  std::vector<int> count(delays.size());
  for (const auto& [token, when] : rings) {
    ++count[token];
    EXPECT_GE(when, start + delays[token]);
  }
  EXPECT_EQ(count, std::vector<int>(delays.size(), 1));
}

TEST(WheelTimer, KeepsAlarmsFurtherAwayThanOneTurn) {
  Bell bell;
  WheelTimer timer;
  const auto start = steady_clock::now();
  timer.Add(start + WheelTimer::kTick * (WheelTimer::kSlots + 5), bell.For(1));
  timer.Add(start + milliseconds(2), bell.For(2));
  const auto rings = bell.AwaitRings(2);
  EXPECT_EQ(rings[0].first, 2u);
  EXPECT_EQ(rings[1].first, 1u);
  EXPECT_GE(rings[1].second, start + WheelTimer::kTick * (WheelTimer::kSlots + 5));
}

TEST(WheelTimer, WakesFromIdleness) {
  Bell bell;
  WheelTimer timer;
  for (uint64_t round = 1; round <= 3; ++round) {
    timer.Add(steady_clock::now() + milliseconds(1), bell.For(round));
    EXPECT_EQ(bell.AwaitRings(round).back().first, round);
  }
}

TEST(WheelTimer, IsSilentOnceItIsGone) {
  Bell bell;
  {
    WheelTimer timer;
    timer.Add(steady_clock::now() + std::chrono::hours(1), bell.For(1));
  }
  EXPECT_EQ(bell.rings(), 0u);
}

TEST(Ticket, IsClaimedOnceOfManyAndNeverByTheLate) {
  TicketPool pool(nullptr);
  Ticket* ticket = pool.Take();
  auto* call = reinterpret_cast<ScoreCall*>(ticket);  // any address will do
  for (int round = 0; round < 2000; ++round) {
    const uint64_t parking = ticket->Park(call);
    std::atomic<int> claims{0};
    std::thread rival([&] { claims += ticket->Claim(parking) != nullptr; });
    claims += ticket->Claim(parking) != nullptr;
    rival.join();
    ASSERT_EQ(claims.load(), 1);
    ASSERT_EQ(ticket->Claim(parking), nullptr);
    ASSERT_EQ(ticket->Claim(parking - 2), nullptr);
  }
}

}  // namespace
}  // namespace verdict::decide
