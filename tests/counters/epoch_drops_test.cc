// Epochs that go, and what is said of answers without them.
#include "counters/epoch_drops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "counters/saved_world.h"

namespace verdict::counters {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace verdict::testing;  // NOLINT: the test's own words

constexpr feature::CutId kToday = kNoon / kDayMs;  // epoch of what is recorded at noon

uint64_t HashOf(const LiveWorld& world, const std::string& feature) {
  return world.features->measures()[world.FeatureNamed(feature).measure].hash;
}

// The doubts of an answer over `feature` at `time_ms`, from a blob of `blob_cut`.
LiveState::View::Doubts Ask(LiveWorld* world, const std::string& feature, feature::CutId blob_cut,
                            int64_t time_ms, const std::string& merchant = "m1") {
  const auto scored = world->Score(Payment("ask", time_ms, 0, merchant));
  LiveState::View view(world->live, scored->touched);
  const feature::Feature& one = world->FeatureNamed(feature);
  const model::DayNumber day = world->features->calendar().DayOf(time_ms);
  return view.FindDoubts(HashOf(*world, feature), *scored->keys[one.entity], blob_cut,
                         day - one.window_days + 1);
}

TEST(EpochDrops, ReadsEachStripeMergedOverTheEpochs) {
  LiveWorld world;
  std::mt19937_64 random(1);
  std::map<std::tuple<model::EntityKey, model::DayNumber>, int64_t> expected;
  for (int i = 0; i < 3000; ++i) {
    const int64_t now = kNoon + i * 3 * kMinuteMs;  // six epochs
    const int64_t event_ms = now - static_cast<int64_t>(random() % 3) * kDayMs;
    const std::string merchant = "m" + std::to_string(random() % 500);
    const model::Transaction txn = Payment("t" + std::to_string(i), event_ms, 1, merchant);
    world.live.Apply(world.Record(EventOf(txn), now));
    const feature::CutId epoch = world.schedule.EpochOf(now);
    if (epoch < kToday + 1 || epoch >= kToday + 4) continue;
    ++expected[{world.hasher.Entity("merchant", merchant),
                world.features->calendar().DayOf(event_ms)}];
  }
  EpochDrops drops(&world.live);
  const Stretch stretch{HashOf(world, "volume_30d"), kToday + 1, kToday + 4};
  EXPECT_THAT(drops.Epochs(stretch.measure_hash), ::testing::SizeIs(7));
  model::DayNumber newest = 0;
  for (const auto& [place, sum] : expected) newest = std::max(newest, std::get<1>(place));
  EXPECT_EQ(drops.NewestDay(stretch), newest);
  size_t cells = 0;
  std::vector<EpochDrops::Cell> read;
  for (uint32_t i = 0; i < kStripes; ++i) {
    EXPECT_FALSE(drops.Read(stretch, i, &read));
    for (const EpochDrops::Cell& cell : read) {
      EXPECT_EQ(cell.key.stripe(), i);
      EXPECT_EQ(cell.tile.tile.sum, (expected[{cell.key, cell.tile.day}]));
    }
    cells += read.size();
  }
  EXPECT_EQ(cells, expected.size());
  EXPECT_GE(drops.Entities(stretch), 500u);
}

TEST(EpochDrops, FreesOneMeasuresEpochsAloneAndSaysWhatAnOlderBlobLacks) {
  LiveWorld world;
  world.Apply(EventOf(Payment("t1", kNoon, 500, "m1")));
  world.Apply(EventOf(Payment("t2", kNoon + kDayMs, 700, "m2")));
  world.Apply(EventOf(Payment("t3", kNoon + 2 * kDayMs, 900, "m1")));
  const Stretch stretch{HashOf(world, "volume_30d"), kToday, kToday + 1};
  const size_t cells_before = world.live.sizes().cells;
  Drop(&world.live, stretch);
  EpochDrops drops(&world.live);
  EXPECT_THAT(drops.Epochs(stretch.measure_hash), ElementsAre(kToday + 1, kToday + 2));
  EXPECT_EQ(world.live.sizes().cells, cells_before - 1);
  EXPECT_GT(world.live.sizes().guard_bytes, 0u);
  EXPECT_EQ(drops.DroppedTo(stretch.measure_hash), kToday + 1);
  EXPECT_EQ(world.Sum("volume_30d", kNoon + 2 * kDayMs), 900);
  EXPECT_EQ(world.Ask("max_7d", kNoon + 2 * kDayMs).max, 900);
  EXPECT_EQ(world.Count("count_7d", kNoon + 2 * kDayMs), 3) << "another measure";

  const int64_t now = kNoon + 2 * kDayMs;
  for (const feature::CutId old : {feature::kNoCut, kToday - 1, kToday}) {
    const auto doubts = Ask(&world, "volume_30d", old, now);
    EXPECT_EQ(doubts.reasons, model::kPartialSuspect) << old;
    EXPECT_TRUE(doubts.reread);
  }
  EXPECT_EQ(Ask(&world, "volume_30d", kToday + 1, now).reasons, 0);
  EXPECT_EQ(Ask(&world, "volume_30d", kToday, now, "m2").reasons, 0) << "it paid later";
  EXPECT_EQ(Ask(&world, "max_7d", kToday, now).reasons, 0) << "another measure";
  // A window that begins behind the epoch's days.
  EXPECT_EQ(Ask(&world, "volume_30d", kToday, kNoon + 33 * kDayMs).reasons, 0);
}

TEST(EpochDrops, ForgetsAGuardStripeByStripe) {
  LiveWorld world;
  world.Apply(EventOf(Payment("t1", kNoon, 500)));
  const Stretch stretch{HashOf(world, "volume_30d"), kToday, kToday + 1};
  Drop(&world.live, stretch);
  EpochDrops drops(&world.live);
  ASSERT_THAT(drops.Guards(), ::testing::SizeIs(1));
  const DroppedEpochsPtr guard = drops.Guards()[0];
  for (uint32_t i = 0; i < kStripes; ++i) drops.Forget(guard, i);
  drops.FinishForget(guard);
  EXPECT_THAT(drops.Guards(), IsEmpty());
  EXPECT_EQ(Ask(&world, "volume_30d", kToday, kNoon).reasons, 0);
  EXPECT_EQ(world.live.sizes().guard_bytes, 0u);
}

TEST(EpochDrops, AStripeThatRefusedCellsIsNeverCalledWhole) {
  LiveWorld world(1, {.cells_bytes_max = 1});
  world.Apply(EventOf(Payment("t0", kNoon, 1, "m0", "c0")));  // takes all the room there is
  for (int i = 1; i < 50; ++i) {
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon, 5, "m" + std::to_string(i))));
  }
  const Stretch stretch{HashOf(world, "volume_30d"), kToday, kToday + 1};
  EpochDrops drops(&world.live);
  std::vector<EpochDrops::Cell> read;
  const uint32_t stripe = world.hasher.Entity("merchant", "m1").stripe();
  EXPECT_TRUE(drops.Read(stretch, stripe, &read));
  Drop(&world.live, stretch);
  // Which keys were refused nobody knows: all of the stripe may lack something.
  EXPECT_EQ(Ask(&world, "volume_30d", kToday, kNoon).reasons & ~model::kPartialSuspect,
            model::kPartialLimit);
  EXPECT_EQ(Ask(&world, "volume_30d", kToday + 1, kNoon).reasons, 0);
}

TEST(EpochDrops, SuspectStripesSaySoWhileAWindowReachesThem) {
  LiveWorld world;
  world.Apply(EventOf(Payment("t1", kNoon, 500)));
  const Stretch stretch{HashOf(world, "volume_30d"), kToday, kToday + 1};
  EpochDrops drops(&world.live);
  StripeBits stripes;
  stripes[world.hasher.Entity("merchant", "m1").stripe()] = true;
  drops.Suspect(stretch, stripes);
  for (const feature::CutId cut : {feature::kNoCut, kToday, kToday + 5}) {
    const auto doubts = Ask(&world, "volume_30d", cut, kNoon);
    EXPECT_EQ(doubts.reasons, model::kPartialSuspect) << "whatever the blob";
    EXPECT_FALSE(doubts.reread);
  }
  EXPECT_EQ(Ask(&world, "volume_30d", kToday, kNoon, "m2").reasons, 0) << "another stripe";
  EXPECT_EQ(Ask(&world, "volume_30d", kToday + 5, kNoon + 33 * kDayMs).reasons, 0);
  drops.Suspect(stretch, {});
  EXPECT_EQ(Ask(&world, "volume_30d", kToday, kNoon).reasons, 0);
  EXPECT_THAT(drops.Suspects(), IsEmpty());
}

TEST(EpochDrops, KnowsWhereItsEpochsBegan) {
  LiveWorld world(2);
  world.Apply(EventOf(Payment("t1", kNoon, 1)), 0);
  world.Apply(EventOf(Payment("t2", kNoon, 1)), 0);
  world.Apply(EventOf(Payment("t3", kNoon + kDayMs, 1)), 0);
  EpochDrops drops(&world.live);
  const auto same = [&](feature::CutId to, int64_t a, int64_t b) {
    return drops.SameVector(to, std::vector<eventlog::Offset>{a, b});
  };
  EXPECT_TRUE(same(kToday + 1, 2, 0));
  EXPECT_FALSE(same(kToday + 1, 1, 0));
  EXPECT_FALSE(same(kToday + 1, 3, 0));
  EXPECT_TRUE(same(kToday, 0, 0));
  EXPECT_FALSE(same(kToday, 1, 0));
  const auto closed = [&](feature::CutId to, int64_t a, int64_t b) {
    return drops.Closed(to, std::vector<eventlog::Offset>{a, b});
  };
  EXPECT_TRUE(closed(kToday + 1, 2, 0));
  EXPECT_FALSE(closed(kToday + 1, 2, 1)) << "a record of partition 1 is still to come";
  world.live.NoteComplete(kNoon + kDayMs, kToday + 1);
  EXPECT_TRUE(closed(kToday + 1, 2, 1)) << "or it is one that nobody sees";
}

// A hole between the last record of an epoch and the first of the next: the cut may name any of its
// offsets.
TEST(EpochDrops, ACutMayLieInAHole) {
  EpochBounds bounds;
  bounds.Pass(7, 0, 0);
  bounds.Pass(8, 10, 15);
  for (const eventlog::Offset offset : {10, 12, 15}) EXPECT_TRUE(bounds.Agrees(8, offset, 20));
  for (const eventlog::Offset offset : {9, 16}) EXPECT_FALSE(bounds.Agrees(8, offset, 20));
  EXPECT_TRUE(bounds.Agrees(9, 20, 20));
  EXPECT_TRUE(bounds.Agrees(9, 25, 20));
  EXPECT_FALSE(bounds.Agrees(9, 19, 20)) << "record 19 is older than cut 9";
}

// Where the partition was begun at 5: in front of it there may be records that nobody sees.
TEST(EpochDrops, ACutMayLieBeforeWhereCountingBegan) {
  EpochBounds bounds;
  EXPECT_TRUE(bounds.Agrees(7, 4, 5));
  bounds.Pass(7, 5, 6);
  for (const eventlog::Offset offset : {0, 4, 5, 6}) EXPECT_TRUE(bounds.Agrees(7, offset, 7));
  EXPECT_FALSE(bounds.Agrees(7, 7, 7));
  EXPECT_FALSE(bounds.Agrees(8, 4, 7)) << "the record at 6 is older";
  EpochBounds restored;
  restored.unknown_to = 6;
  restored.Pass(7, 5, 6);
  EXPECT_FALSE(restored.Agrees(7, 4, 7)) << "records up to 5 were counted, and are older";
}

TEST(EpochDrops, ADropIsInTheCheckpointWithItsGuard) {
  SavedWorld world;
  FakeCheckpointStore store;
  for (int i = 0; i < 400; ++i) {
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon, 5, "m" + std::to_string(i))));
  }
  world.Apply(EventOf(Payment("late", kNoon + kDayMs, 5)));
  world.Save(&store);
  const Stretch stretch{HashOf(world, "volume_30d"), kToday, kToday + 1};
  EpochDrops drops(&world.live);
  ASSERT_TRUE(drops.MayFree(stretch));
  drops.SetBeginning(stretch.measure_hash, {.cut = kToday - 3, .day = kToday - 9});
  StripeBits stripes;
  stripes[7] = true;
  drops.Suspect({HashOf(world, "max_7d"), kToday, kToday + 1}, stripes);
  Drop(&world.live, stretch, 1234);
  EXPECT_FALSE(drops.MayFree({HashOf(world, "max_7d"), kToday, kToday + 1}))
      << "one guard a checkpoint";
  world.Save(&store);
  EXPECT_TRUE(drops.MayFree({HashOf(world, "max_7d"), kToday, kToday + 1}));

  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  EXPECT_EQ(restored.live.ControlTotals(), world.live.ControlTotals());
  EpochDrops again(&restored.live);
  EXPECT_THAT(again.Epochs(stretch.measure_hash), ElementsAre(kToday + 1));
  EXPECT_EQ(again.DroppedTo(stretch.measure_hash), kToday + 1);
  EXPECT_EQ(again.BeginningOf(stretch.measure_hash), (Beginning{kToday - 3, kToday - 9}));
  ASSERT_THAT(again.Guards(), ::testing::SizeIs(1));
  EXPECT_EQ(again.Guards()[0]->dropped_ms, 1234);
  EXPECT_EQ(again.Guards()[0]->stretch, stretch);
  ASSERT_THAT(again.Suspects(), ::testing::SizeIs(1));
  EXPECT_EQ(again.Suspects()[0].stripes, stripes);
  for (int i = 0; i < 400; ++i) {
    const std::string merchant = "m" + std::to_string(i);
    EXPECT_TRUE(Ask(&restored, "volume_30d", kToday, kNoon, merchant).reread) << merchant;
  }
  EXPECT_EQ(Checkpoint::ReadHeader(&store).value()->dropped_to,
            std::vector<MeasureCut>({{stretch.measure_hash, kToday + 1}}));
  EXPECT_TRUE(again.SameVector(kToday + 1, std::vector<eventlog::Offset>{400, 0}));
  EXPECT_FALSE(again.SameVector(kToday + 1, std::vector<eventlog::Offset>{399, 0}));

  drops.Suspect({HashOf(world, "max_7d"), kToday, kToday + 1}, {});
  drops.FinishForget(drops.Guards()[0]);
  world.Save(&store);
  SavedWorld later;
  ASSERT_THAT(later.Restore(&store), IsOk());
  EXPECT_THAT(EpochDrops(&later.live).Guards(), IsEmpty());
  EXPECT_THAT(EpochDrops(&later.live).Suspects(), IsEmpty());
  EXPECT_EQ(EpochDrops(&later.live).DroppedTo(stretch.measure_hash), kToday + 1);
}

TEST(EpochDrops, WhatACheckpointWithoutBeginningsHoldsIsComparedWithNothing) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 60);
  world.Save(&store);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  const EpochDrops drops(&restored.live);
  const uint64_t hash = HashOf(world, "volume_30d");
  EXPECT_EQ(drops.BeginningOf(hash).cut, drops.Epochs(hash).back() + 1);
}

// What a crash finds while some stripes are freed and others are not is the whole epoch.
TEST(EpochDrops, ACheckpointAmidADropHoldsTheWholeEpoch) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 60);
  world.Save(&store);
  const auto totals = world.live.ControlTotals();
  const Stretch stretch{HashOf(world, "count_7d"), kToday, kToday + 1};
  EpochDrops drops(&world.live);
  auto guard = std::make_shared<DroppedEpochs>();
  guard->stretch = stretch;
  for (uint32_t i = 0; i < kStripes / 2; ++i) drops.Free(stretch, i, guard);
  world.Save(&store);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  EXPECT_EQ(restored.live.ControlTotals(), totals);
  EXPECT_THAT(EpochDrops(&restored.live).Guards(), IsEmpty());
}

TEST(EpochDrops, NothingIsFreedThatNoCheckpointHasSeen) {
  SavedWorld world;
  FakeCheckpointStore store;
  world.Apply(EventOf(Payment("t1", kNoon, 5)));
  const Stretch stretch{HashOf(world, "volume_30d"), kToday, kToday + 1};
  EXPECT_FALSE(EpochDrops(&world.live).MayFree(stretch));
  world.Save(&store);
  EXPECT_TRUE(EpochDrops(&world.live).MayFree(stretch));
  LiveWorld without;
  without.Apply(EventOf(Payment("t1", kNoon, 5)));
  EXPECT_TRUE(EpochDrops(&without.live).MayFree(stretch)) << "no checkpoint is kept";
}

TEST(EpochDrops, AGuardWithAHoleIsRefused) {
  SavedWorld world;
  FakeCheckpointStore store;
  world.Apply(EventOf(Payment("t1", kNoon, 5)));
  world.Save(&store);
  Drop(&world.live, {HashOf(world, "volume_30d"), kToday, kToday + 1});
  world.Save(&store);
  const FakeCheckpointStore::Contents whole = store.contents();
  for (const auto& [key, value] : whole[static_cast<size_t>(CheckpointFamily::kMeta)]) {
    if (key.rfind("guard/", 0) != 0) continue;
    store.Erase(CheckpointFamily::kMeta, key);
  }
  SavedWorld restored;
  EXPECT_THAT(restored.Restore(&store),
              StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("guard")));
}

}  // namespace
}  // namespace verdict::counters
