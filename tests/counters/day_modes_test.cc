// Imported measures in live state: what comes too late for the import is counted nowhere, and told.
#include "counters/day_modes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "counters/live_world.h"
#include "support/fake_checkpoint_store.h"
#include "support/status_matchers.h"

namespace verdict::counters {
namespace {

using eventlog::EventClass;
using namespace verdict::testing;  // NOLINT: the test's own words

struct DayWorld : LiveWorld {
  DayWorld() { live.SetDayMode(volume(), Mode()); }
  static feature::DayMode Mode() {
    return {.late_days = 2, .since_ms = kNoon - 10 * kDayMs, .before = 19'850};
  }
  uint64_t volume() const { return features->measures()[FeatureNamed("volume_30d").measure].hash; }
  // A payment of `days_ago`, recorded now.
  EventClass ApplyLate(const std::string& id, int days_ago, int64_t amount = 100) {
    return live.Apply(Record(EventOf(Payment(id, kNoon - days_ago * kDayMs, amount)), kNoon));
  }
  int Counted(const std::string& feature) {
    int64_t count = 0;
    for (int ago = 0; ago < 8; ++ago) count += Ask(feature, kNoon - ago * kDayMs).count;
    return static_cast<int>(count);
  }
};

TEST(DayModes, AMeasureIsImportedOnceItIsSaid) {
  LiveWorld world;
  const uint64_t hash = world.features->measures()[world.FeatureNamed("volume_30d").measure].hash;
  const uint64_t other = world.features->measures()[world.FeatureNamed("count_7d").measure].hash;
  EXPECT_EQ(world.live.DayModeOf(hash), nullptr);
  world.live.SetDayMode(hash, DayWorld::Mode());
  ASSERT_NE(world.live.DayModeOf(hash), nullptr);
  EXPECT_EQ(*world.live.DayModeOf(hash), DayWorld::Mode());
  EXPECT_EQ(world.live.DayModeOf(other), nullptr);
  EXPECT_EQ(world.live.DayModeOf(12345), nullptr);
  world.live.SetDayMode(12345, DayWorld::Mode());  // nobody asks for it
}

TEST(DayModes, WhatWasHandedOutStaysAsItIs) {
  DayWorld world;
  const feature::DayMode* before = world.live.DayModeOf(world.volume());
  feature::DayMode next = DayWorld::Mode();
  next.before += 1;
  world.live.SetDayMode(world.volume(), next);
  EXPECT_EQ(*before, DayWorld::Mode());
  EXPECT_EQ(*world.live.DayModeOf(world.volume()), next);
  const feature::DayMode* now = world.live.DayModeOf(world.volume());
  world.live.SetDayMode(world.volume(), next);
  EXPECT_EQ(world.live.DayModeOf(world.volume()), now) << "the same again is no change";
}

TEST(DayModes, AnOrphanIsAddedToNoImportedMeasureButToTheOthers) {
  DayWorld world;
  EXPECT_EQ(world.ApplyLate("in-time", 2), EventClass::kCounted);
  EXPECT_EQ(world.ApplyLate("late", 3), EventClass::kOrphan);
  EXPECT_EQ(world.live.total(EventClass::kOrphan), 1u);
  EXPECT_EQ(world.live.sizes().orphans, 1u);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 100);
  // The measure of the maximum is another one, and folded: it has counted both.
  EXPECT_EQ(world.Ask("max_7d", kNoon).count, 2);
  EXPECT_EQ(world.live.total(EventClass::kCounted), 1u);
}

TEST(DayModes, AnOrphanIsADuplicateTheSecondTime) {
  DayWorld world;
  EXPECT_EQ(world.ApplyLate("late", 3), EventClass::kOrphan);
  EXPECT_EQ(world.ApplyLate("late", 3), EventClass::kDuplicate);
  EXPECT_EQ(world.ApplyLate("too-late", 9), EventClass::kQuarantined);
  EXPECT_EQ(world.live.sizes().orphans, 1u);
}

TEST(DayModes, WhatWasRecordedBeforeTheFirstImportIsCounted) {
  DayWorld world;
  feature::DayMode mode = DayWorld::Mode();
  mode.since_ms = kNoon + 1;
  world.live.SetDayMode(world.volume(), mode);
  EXPECT_EQ(world.ApplyLate("late", 3), EventClass::kCounted);
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 100);
}

TEST(DayModes, AMeasureThatIsCountedApartLeavesItsOrphansOutToo) {
  DayWorld world;
  const uint64_t hash = world.volume();
  world.live.CountApart({&hash, 1});
  eventlog::DedupWindow window(1000);
  for (const int days_ago : {2, 3}) {
    const std::string id = "p" + std::to_string(days_ago);
    const auto record = world.Record(EventOf(Payment(id, kNoon - days_ago * kDayMs, 100)), kNoon);
    world.live.Apply(record);
    world.live.ApplyApart(record, &window);
  }
  world.live.Join();
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 100);
  EXPECT_EQ(world.live.sizes().orphans, 1u) << "told once, not by both streams";
  EXPECT_EQ(world.live.total(EventClass::kOrphan), 1u);
}

TEST(DayModes, ReasonsKeepTheirDayBesideAReplay) {
  DayWorld world;
  const uint64_t hash = world.volume();
  const model::DayNumber day = world.features->calendar().DayOf(kNoon) - 5;
  EXPECT_EQ(world.live.ReasonsNewestDay(hash), feature::kNoDay);
  world.live.AddReasons(hash, model::kPartialBefore, day);
  world.live.CountApart({&hash, 1});
  const auto reasons = [&](model::DayNumber oldest) {
    const auto scored = world.Score(Payment("x", kNoon, 1));
    LiveState::View view(world.live, scored->touched);
    std::vector<feature::LiveCell> cells;
    const feature::Measure& measure =
        world.features->measures()[world.FeatureNamed("volume_30d").measure];
    return view.CollectLive(hash, *scored->keys[measure.entity], oldest, &cells);
  };
  EXPECT_EQ(reasons(day), model::kPartialBefore | model::kPartialRebuilding);
  EXPECT_EQ(reasons(day + 1), model::kPartialRebuilding) << "whatever the day";
  world.live.Join();
  EXPECT_EQ(reasons(day + 1), 0);
  EXPECT_EQ(reasons(day), model::kPartialBefore);
  EXPECT_EQ(world.live.ReasonsNewestDay(hash), day) << "an import of that day makes it whole";
}

TEST(DayModes, ReplayTellsTheSameOrphans) {
  DayWorld live;
  DayWorld again;
  for (int i = 0; i < 40; ++i) {
    const std::string id = "t" + std::to_string(i);
    EXPECT_EQ(live.ApplyLate(id, i % 8), again.ApplyLate(id, i % 8));
  }
  EXPECT_EQ(live.live.ControlTotals(), again.live.ControlTotals());
}

TEST(DayModes, TheModeOutlivesARestore) {
  FakeCheckpointStore store;
  {
    DayWorld world;
    Checkpoint checkpoint(&world.live);
    world.ApplyLate("in-time", 1);
    world.ApplyLate("late", 3);
    const CheckpointBatch batch = checkpoint.Collect({eventlog::LogIdentity()});
    ASSERT_THAT(store.Write([&](CheckpointStore::Put put) { Checkpoint::Encode(batch, put); }),
                IsOk());
  }
  DayWorld world;
  Checkpoint checkpoint(&world.live);
  const auto header = Checkpoint::ReadHeader(&store);
  ASSERT_THAT(header, IsOk());
  ASSERT_THAT(checkpoint.Restore(**header, &store), IsOk());
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 100);
  ASSERT_NE(world.live.DayModeOf(world.volume()), nullptr);
  EXPECT_EQ(world.ApplyLate("late-again", 3), EventClass::kOrphan);
}

TEST(DayModes, AScoredPaymentThatWillBeAnOrphanIsCountedForNobodyElse) {
  DayWorld world;
  for (const int days_ago : {1, 4}) {
    const auto scored =
        world.Score(Payment("p" + std::to_string(days_ago), kNoon - days_ago * kDayMs, 50));
    LiveState::View view(world.live, scored->touched);
    ASSERT_TRUE(view.PutProvisional(*world.features, scored->contributions));
  }
  EXPECT_EQ(world.Sum("volume_30d", kNoon), 50) << "that of four days ago is not there";
  EXPECT_EQ(world.Ask("max_7d", kNoon).count, 2);
  EXPECT_EQ(world.live.sizes().provisionals, 2u);
  EXPECT_EQ(world.ApplyLate("p4", 4, 50), EventClass::kOrphan);
  EXPECT_EQ(world.live.sizes().provisionals, 1u);
  EXPECT_EQ(world.Ask("max_7d", kNoon).count, 2) << "its event has taken its place there";
}

}  // namespace
}  // namespace verdict::counters
