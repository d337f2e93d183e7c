// Which decisions the sink is told of, and what they say.
#include "decide/decision_sink.h"

#include <string>
#include <utility>
#include <vector>

#include "decide/world.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using testing::IsOk;
using testing::StatusIs;
using testing::World;

class FakeSink : public DecisionSink {
 public:
  void Put(const model::Decision& decision, std::string_view merchant_id) override {
    told.emplace_back(decision, merchant_id);
  }
  std::vector<std::pair<model::Decision, std::string>> told;
};

class DecisionSinkTest : public ::testing::Test {
 protected:
  DecisionSinkTest() {
    world_.decisions = &sink_;
    world_.MakeDecider();
  }
  FakeSink sink_;
  World world_;
};

TEST_F(DecisionSinkTest, IsToldOfEachDecisionOnceAsItWasAnswered) {
  auto allowed = world_.Start(world_.Payment("a", 100));
  auto denied = world_.Start(world_.Payment("b", 2'000'000));
  ASSERT_EQ(sink_.told.size(), 2u);
  EXPECT_EQ(sink_.told[0].first, allowed->decision);
  EXPECT_EQ(sink_.told[0].second, "m");
  EXPECT_EQ(sink_.told[1].first, denied->decision);
  EXPECT_EQ(sink_.told[1].first.outcome, model::Outcome::kDeny);
}

TEST_F(DecisionSinkTest, SaysSoWhereTheLogDidNotTakeThePayment) {
  world_.appender.SetMode(testing::FakeAppender::Mode::kHold);
  auto call = world_.Start(world_.Payment("a", 100));
  EXPECT_TRUE(sink_.told.empty());
  world_.timer.RingAll();
  ASSERT_EQ(call->done, 1);
  ASSERT_EQ(sink_.told.size(), 1u);
  EXPECT_EQ(sink_.told[0].first.partial_reasons, model::kPartialLog);
  world_.appender.Release();
  EXPECT_EQ(sink_.told.size(), 1u);
}

TEST_F(DecisionSinkTest, IsNotToldAgainOfWhatARetryGets) {
  auto first = world_.Start(world_.Payment("a", 100));
  auto retry = world_.Start(world_.Payment("a", 100));
  ASSERT_TRUE(retry->replayed);
  EXPECT_EQ(sink_.told.size(), 1u);
}

TEST_F(DecisionSinkTest, IsNotToldOfWhatWasNotDecided) {
  auto refused = world_.Call(world_.Payment("", 100));
  world_.decider->Score(refused.get());
  EXPECT_THAT(refused->status, StatusIs(absl::StatusCode::kInvalidArgument));
  auto explained = world_.Call(world_.Payment("x", 100));
  explained->dry_run = true;
  world_.decider->Score(explained.get());
  EXPECT_THAT(explained->status, IsOk());
  auto first = world_.Start(world_.Payment("a", 100));
  auto conflict = world_.Start(world_.Payment("a", 999));
  EXPECT_THAT(conflict->status, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(sink_.told.size(), 1u);
}

}  // namespace
}  // namespace verdict::decide
