// When Redis is tried again, told by a clock of the test's own.
#include "redis_store/breaker.h"

#include "gtest/gtest.h"

namespace verdict::redis_store {
namespace {

using std::chrono::milliseconds;
using State = Breaker::State;

class BreakerTest : public ::testing::Test {
 protected:
  BreakerTest() : breaker_(Breaker::Options(), 7) {}
  milliseconds Wait() const {
    return std::chrono::ceil<milliseconds>(breaker_.next_attempt() - now_);
  }
  void FailAttempts(int count) {
    for (int i = 0; i < count; ++i) {
      breaker_.OnAttempt();
      breaker_.OnAttemptFailed(now_);
    }
  }
  Breaker::TimePoint now_{std::chrono::hours(1)};
  Breaker breaker_;
};

TEST_F(BreakerTest, TriesAtOnceAfterALoss) {
  breaker_.OnConnected();
  breaker_.OnLost(now_, 1);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  EXPECT_LE(breaker_.next_attempt(), now_);
}

TEST_F(BreakerTest, OpensAfterFiveFailuresWithinASecond) {
  FailAttempts(4);
  EXPECT_EQ(breaker_.state(), State::kClosed);
  now_ += milliseconds(999);
  FailAttempts(1);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_GE(Wait(), milliseconds(80));
}

TEST_F(BreakerTest, ForgetsFailuresAfterASecond) {
  for (int i = 0; i < 20; ++i) {
    FailAttempts(1);
    now_ += milliseconds(250);
  }
  EXPECT_EQ(breaker_.state(), State::kClosed) << "never five within a second";
}

TEST_F(BreakerTest, OpensAtOnceWhereManyRequestsAreLost) {
  breaker_.OnConnected();
  breaker_.OnLost(now_, 1000);
  EXPECT_EQ(breaker_.state(), State::kOpen);
  EXPECT_GT(breaker_.next_attempt(), now_);
}

TEST_F(BreakerTest, OneProbeClosesOrOpensItAgain) {
  FailAttempts(5);
  breaker_.OnAttempt();
  EXPECT_EQ(breaker_.state(), State::kHalfOpen);
  now_ += std::chrono::minutes(1);
  breaker_.OnAttemptFailed(now_);
  EXPECT_EQ(breaker_.state(), State::kOpen) << "one failure is enough for the probe";
  breaker_.OnAttempt();
  breaker_.OnConnected();
  EXPECT_EQ(breaker_.state(), State::kClosed);
  breaker_.OnLost(now_, 1);
  EXPECT_EQ(breaker_.state(), State::kClosed) << "old failures are forgotten";
}

TEST_F(BreakerTest, WaitsLongerFromAttemptToAttemptWithinBounds) {
  milliseconds longest{0};
  for (int i = 0; i < 60; ++i) {
    breaker_.OnAttempt();
    breaker_.OnAttemptFailed(now_);
    const milliseconds backoff =
        std::min(milliseconds(2000), milliseconds(10) * (1 << std::min(i, 20)));
    const milliseconds most =
        breaker_.state() == State::kOpen ? std::max(backoff, milliseconds(200)) : backoff;
    EXPECT_LE(Wait(), most + milliseconds(1));
    EXPECT_GE(Wait(), most / 2);
    longest = std::max(longest, Wait());
    now_ = breaker_.next_attempt();
  }
  EXPECT_GT(longest, milliseconds(1000));
}

TEST_F(BreakerTest, DrawsItsWaitsByChance) {
  Breaker other(Breaker::Options(), 8);
  breaker_.OnAttemptFailed(now_);
  other.OnAttemptFailed(now_);
  EXPECT_NE(breaker_.next_attempt(), other.next_attempt());
}

}  // namespace
}  // namespace verdict::redis_store
