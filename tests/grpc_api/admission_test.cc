// When calls are shed, and how many.
#include "grpc_api/admission.h"

#include "gtest/gtest.h"

namespace verdict::grpc_api {
namespace {

using std::chrono::milliseconds;
using Time = QueueDelay::Time;

class QueueDelayTest : public ::testing::Test {
 protected:
  // `beats` beats, 10 ms apart, each `late`.
  void Beats(int beats, milliseconds late) {
    for (int i = 0; i < beats; ++i) {
      now_ += milliseconds(10);
      delay_.Observe(late, now_);
    }
  }
  int ShedOf(int calls) {
    int shed = 0;
    for (int i = 0; i < calls; ++i) shed += delay_.ShedsThis();
    return shed;
  }

  QueueDelay delay_{milliseconds(20)};
  Time now_ = Time() + std::chrono::hours(1);
};

TEST_F(QueueDelayTest, NothingIsShedWithoutDelay) {
  Beats(1000, milliseconds(20));
  EXPECT_EQ(ShedOf(1600), 0);
}

TEST_F(QueueDelayTest, AShortBurstPasses) {
  Beats(10, milliseconds(30));
  EXPECT_EQ(ShedOf(1600), 0);
}

TEST_F(QueueDelayTest, AStandingDelayShedsMoreAtEachBeat) {
  Beats(11, milliseconds(30));  // 100 ms from the first to the last
  EXPECT_EQ(ShedOf(1600), 100);
  Beats(1, milliseconds(30));
  EXPECT_EQ(ShedOf(1600), 200);
  Beats(100, milliseconds(30));
  EXPECT_EQ(ShedOf(1600), 1500) << "some calls always pass, to see whether it is over";
}

TEST_F(QueueDelayTest, ShedCallsAreSpreadEvenly) {
  Beats(18, milliseconds(30));
  const int share = delay_.shed_share();
  ASSERT_EQ(share, 8);
  for (int i = 0; i < 10; ++i) EXPECT_NEAR(ShedOf(4), 2, 1);
}

TEST_F(QueueDelayTest, TheShareFallsWhenTheDelayIsGone) {
  Beats(100, milliseconds(30));
  Beats(8, milliseconds(1));
  EXPECT_EQ(ShedOf(1600), 0);
  Beats(10, milliseconds(30));
  EXPECT_EQ(ShedOf(1600), 0) << "the delay has to stand anew";
}

}  // namespace
}  // namespace verdict::grpc_api
