// Counting records: classes, days, kinds, limits, and what a view says of them.
#include "counters/live_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "counters/live_world.h"
#include "support/status_matchers.h"

namespace verdict::counters {
namespace {

using eventlog::EventClass;
using ::testing::HasSubstr;
using namespace verdict::testing;  // NOLINT: the test's own words

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(LiveState, CountsAPaymentOnItsDayForEachEntity) {
  LiveWorld world;
  EXPECT_EQ(world.Apply(EventOf(Payment("t1", kNoon, 500))), EventClass::kCounted);
  EXPECT_EQ(world.Apply(EventOf(Payment("t2", kNoon + kMinuteMs, 700, "m1", "c2"))),
            EventClass::kCounted);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 1200);
  EXPECT_EQ(world.Ask("max_7d", kNoon).max, 700);
  EXPECT_EQ(world.Count("count_1d", kNoon), 2);
  EXPECT_EQ(world.Count("count_7d", kNoon, "m1", "c1"), 1);
  EXPECT_EQ(world.Sum("volume_30d", kNoon, "m2"), 0);
  EXPECT_EQ(world.live.NextOffsets()[0], 2);
}

TEST(LiveState, AWindowEndsWithItsLastDayAndMidnightMovesNothing) {
  LiveWorld world;
  world.Apply(EventOf(Payment("t1", kNoon, 500)));
  const std::vector<ControlTotal> before = world.live.ControlTotals();
  EXPECT_EQ(world.Sum("volume_30d", kNoon + 29 * kDayMs), 500);
  EXPECT_EQ(world.Sum("volume_30d", kNoon + 30 * kDayMs), 0);
  EXPECT_EQ(world.Count("count_1d", kNoon + kDayMs), 0);
  EXPECT_EQ(world.live.ControlTotals(), before);
}

TEST(LiveState, EveryRecordEndsInExactlyOneClass) {
  LiveWorld world;
  EXPECT_EQ(world.Apply(EventOf(Payment("t1", kNoon, 500))), EventClass::kCounted);
  EXPECT_EQ(world.Apply(EventOf(Payment("t1", kNoon, 500))), EventClass::kDuplicate);
  EXPECT_EQ(world.Apply(EventOf(Payment("t2", kNoon, 500), model::EventKind::kLabel)),
            EventClass::kFiltered);
  EXPECT_EQ(world.Apply(EventOf(Payment("t3", kNoon, 1, "", ""))), EventClass::kFiltered);
  EXPECT_EQ(world.live.Apply(world.Record(EventOf(Payment("t4", kNoon - 9 * kDayMs, 5)), kNoon)),
            EventClass::kQuarantined);
  EXPECT_EQ(world.live.Apply(world.Record(EventOf(Payment("t5", kNoon + kHourMs, 5)), kNoon)),
            EventClass::kQuarantined);
  eventlog::LogRecord unreadable = world.Record({}, kNoon);
  unreadable.unreadable = "truncated";
  EXPECT_EQ(world.live.Apply(unreadable), EventClass::kDeadLettered);
  uint64_t all = 0;
  for (int i = 0; i < eventlog::kEventClasses; ++i) {
    all += world.live.total(static_cast<EventClass>(i));
  }
  EXPECT_EQ(all, 7u);
  EXPECT_EQ(world.live.NextOffsets()[0], 7);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 500);
}

TEST(LiveState, AReversalOnTheNextDayCountsOnItsOwnDayAndMayGoBelowZero) {
  LiveWorld world;
  world.Apply(EventOf(Payment("t1", kNoon, 500)));
  world.Apply(EventOf(Payment("t1", kNoon + kDayMs, 500), model::EventKind::kReversal));
  world.Apply(EventOf(Payment("t1", kNoon + kDayMs, 20), model::EventKind::kRefund, 1));
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 500);
  EXPECT_EQ(world.Sum("volume_30d", kNoon + kDayMs), -20);
  EXPECT_EQ(world.Count("count_1d", kNoon + kDayMs), -1);
  EXPECT_EQ(world.Ask("max_7d", kNoon + kDayMs).max, 500);
}

TEST(LiveState, SumsLeaveInt64AndComeBackWithoutLoss) {
  LiveWorld world;
  for (int i = 0; i < 3; ++i) {
    world.Apply(EventOf(Payment("big" + std::to_string(i), kNoon, kMax)));
  }
  EXPECT_TRUE(world.Ask("volume_30d", kNoon).sum == feature::Int128{kMax} * 3);
  world.Apply(EventOf(Payment("big0", kNoon, kMax), model::EventKind::kReversal));
  world.Apply(EventOf(Payment("big1", kNoon, kMax), model::EventKind::kReversal));
  const feature::Tile tile = world.Ask("volume_30d", kNoon);
  EXPECT_TRUE(tile.sum == kMax);
  EXPECT_EQ(world.Count("count_1d", kNoon), 1);
}

TEST(LiveState, AnUnknownAmountAddsNothingAndMarksItsTile) {
  LiveWorld world;
  model::Transaction dollars = Payment("t1", kNoon, 500);
  dollars.currency = "USD";
  EXPECT_EQ(world.Apply(EventOf(dollars)), EventClass::kCounted);
  const feature::Tile tile = world.Ask("volume_30d", kNoon);
  EXPECT_TRUE(tile.sum == 0);
  EXPECT_EQ(tile.marks, feature::kMarkFx);
  EXPECT_EQ(world.Count("count_1d", kNoon), 1);
}

TEST(LiveState, DuplicatesAreToldUpToTheEdgeOfTheirBuckets) {
  const int64_t first = kNoon;  // noon begins a bucket
  const auto second_at = [&](int64_t time) {
    LiveWorld world;
    world.live.Apply(world.Record(EventOf(Payment("t1", kNoon, 1)), first));
    return world.live.Apply(world.Record(EventOf(Payment("t1", kNoon, 1)), time));
  };
  EXPECT_EQ(second_at(first + 9 * eventlog::kDedupBucketMs - 1), EventClass::kDuplicate);
  EXPECT_EQ(second_at(first + 9 * eventlog::kDedupBucketMs), EventClass::kCounted);
}

TEST(LiveState, AnEpochIsDroppedWholeAndTheOthersStay) {
  LiveWorld world;
  world.Apply(EventOf(Payment("t1", kNoon, 500)));
  world.Apply(EventOf(Payment("t2", kNoon + kDayMs, 700)));
  const std::vector<feature::CutId> epochs = world.live.LiveEpochs();
  ASSERT_EQ(epochs.size(), 2u);
  world.live.DropEpoch(epochs[0]);
  EXPECT_EQ(world.live.LiveEpochs(), (std::vector<feature::CutId>{epochs[1]}));
  EXPECT_EQ(world.Sum("volume_30d", kNoon + kDayMs), 700);
}

TEST(LiveState, BeyondItsMemoryAnEntityIsMarkedNotTheProcessEnded) {
  LiveWorld world(1, {.cells_bytes_max = 2000});
  for (int i = 0; i < 200; ++i) {
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon, 1, "m" + std::to_string(i))));
  }
  EXPECT_GT(world.live.sizes().cells_refused, 0u);
  uint16_t reasons = 0;
  world.Ask("volume_30d", kNoon, "m199", "c1", &reasons);
  EXPECT_EQ(reasons, model::kPartialLimit);
  world.Ask("volume_30d", kNoon, "m0", "c1", &reasons);
  EXPECT_EQ(reasons, 0);
}

TEST(LiveState, ReasonsHoldForAnswersThatReachBackToTheGap) {
  LiveWorld world;
  const uint64_t hash = world.features->measures()[world.FeatureNamed("volume_30d").measure].hash;
  const model::DayNumber today = world.features->calendar().DayOf(kNoon);
  world.live.SetReasons(hash, model::kPartialLogGone, today - 10);
  uint16_t reasons = 0;
  world.Ask("volume_30d", kNoon, "m1", "c1", &reasons);
  EXPECT_EQ(reasons, model::kPartialLogGone);
  world.Ask("volume_30d", kNoon + 20 * kDayMs, "m1", "c1", &reasons);
  EXPECT_EQ(reasons, 0);
}

TEST(LiveState, AddedReasonsStandBesideThoseThatWereSet) {
  LiveWorld world;
  const uint64_t hash = world.features->measures()[world.FeatureNamed("volume_30d").measure].hash;
  const model::DayNumber today = world.features->calendar().DayOf(kNoon);
  world.live.AddReasons(hash, model::kPartialTooOld, today - 20);
  uint16_t reasons = 0;
  world.Ask("volume_30d", kNoon + 15 * kDayMs, "m1", "c1", &reasons);
  EXPECT_EQ(reasons, 0);
  world.live.SetReasons(hash, model::kPartialLogGone, today - 10);
  world.live.AddReasons(hash, model::kPartialTooOld, today - 20);
  world.Ask("volume_30d", kNoon + 15 * kDayMs, "m1", "c1", &reasons);
  EXPECT_EQ(reasons, model::kPartialLogGone | model::kPartialTooOld);
}

TEST(LiveState, SuspicionIsOfAllDaysAndLeavesTheOthersTheirs) {
  LiveWorld world;
  const uint64_t hash = world.features->measures()[world.FeatureNamed("volume_30d").measure].hash;
  const model::DayNumber today = world.features->calendar().DayOf(kNoon);
  const auto reasons_at = [&](int64_t time_ms) {
    uint16_t reasons = 0;
    world.Ask("volume_30d", time_ms, "m1", "c1", &reasons);
    return reasons;
  };
  world.live.AddReasons(hash, model::kPartialTooOld, today - 20);
  world.live.AddReasons(hash, model::kPartialSuspect, feature::kNoDay);
  EXPECT_EQ(reasons_at(kNoon), model::kPartialTooOld | model::kPartialSuspect);
  EXPECT_EQ(reasons_at(kNoon + 15 * kDayMs), model::kPartialSuspect);
  world.live.ClearReasons(hash, model::kPartialSuspect);
  EXPECT_EQ(reasons_at(kNoon), model::kPartialTooOld);
  EXPECT_EQ(reasons_at(kNoon + 15 * kDayMs), 0);
}

TEST(LiveState, ASetIsScoredWithOnlyWhereItsMeasuresAreCounted) {
  LiveWorld world;
  std::vector<feature::FeatureDeclaration> declarations = SmallDeclarations();
  declarations.erase(declarations.begin());
  declarations.push_back(Declare("count_30d", "card", "count", "", "30d"));
  EXPECT_THAT(world.live.Rebind(*CompileFeatures(declarations)), IsOk());
  declarations.push_back(
      Declare("declined_7d", "card", "count", "", "7d", "txn.status == 'declined'"));
  EXPECT_THAT(world.live.Rebind(*CompileFeatures(declarations)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("card.declined_7d")));
  EXPECT_THAT(
      world.live.Rebind(*CompileFeatures(SmallDeclarations(), {.zone_name = "Europe/Paris"})),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("zone")));
}

TEST(LiveState, SaysHowFarItHasCome) {
  LiveWorld world(2);
  const feature::CutId today = world.schedule.EpochOf(kNoon);
  world.Apply(EventOf(Payment("t1", kNoon, 1)), 0);
  EXPECT_EQ(world.live.as_of().newest_epoch, feature::kNoCut) << "partition 1 was never read";
  world.Apply(EventOf(Payment("t2", kNoon - kDayMs, 1)), 1);
  EXPECT_EQ(world.live.as_of().newest_epoch, today - 1);
  world.live.NoteComplete(kNoon - 300, today);
  EXPECT_EQ(world.live.as_of().newest_epoch, today);
  EXPECT_EQ(world.live.as_of().lag_ms, 300);
  world.clock.Set(kNoon + 1000);
  EXPECT_EQ(world.live.as_of().lag_ms, 1300);
}

TEST(LiveState, ATransactionIsPastTheHorizonOnceIdsOfItsTimeMayBeForgotten) {
  LiveWorld world;
  const auto scored = world.Score(Payment("t1", kNoon, 1));
  {
    LiveState::View view(world.live, scored->touched);
    EXPECT_TRUE(view.WithinDedupHorizon(kNoon - 30 * kDayMs)) << "nothing was forgotten yet";
  }
  world.live.StartAt(0, 0, kNoon);
  LiveState::View view(world.live, scored->touched);
  const int64_t skew = world.features->options().future_skew_ms;
  EXPECT_TRUE(view.WithinDedupHorizon(kNoon + skew));
  EXPECT_FALSE(view.WithinDedupHorizon(kNoon + skew - 1));
}

}  // namespace
}  // namespace verdict::counters
