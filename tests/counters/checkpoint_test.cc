// What is restored is what was; what cannot be believed is refused.
#include "counters/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/status.h"
#include "counters/live_world.h"
#include "support/fake_checkpoint_store.h"
#include "support/status_matchers.h"

namespace verdict::counters {
namespace {

using eventlog::EventClass;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using namespace verdict::testing;  // NOLINT: the test's own words

// A world and the checkpoint that follows it.
struct SavedWorld : LiveWorld {
  explicit SavedWorld(std::shared_ptr<const feature::FeatureSet> set = nullptr,
                      LiveOptions options = {})
      : LiveWorld(2, options, std::move(set)), checkpoint(&live) {}

  void Save(FakeCheckpointStore* store) {
    std::vector<eventlog::LogIdentity> identities(2);
    for (int p = 0; p < 2; ++p) {
      identities[p] = {"log", p, live.NextOffsets()[p] - 1, kNoon, 9};
    }
    const CheckpointBatch batch = checkpoint.Collect(identities);
    EXPECT_THAT(store->Write([&](CheckpointStore::Put put) { Checkpoint::Encode(batch, put); }),
                IsOk());
  }
  absl::StatusOr<RestoreReport> Restore(FakeCheckpointStore* store) {
    ASSIGN_OR_RETURN(const std::optional<CheckpointHeader> header, Checkpoint::ReadHeader(store));
    if (!header) return absl::NotFoundError("empty");
    return checkpoint.Restore(*header, store);
  }
  Checkpoint checkpoint;
};

void Fill(SavedWorld* world, int from, int to) {
  for (int i = from; i < to; ++i) {
    const std::string n = std::to_string(i);
    const int64_t time = kNoon + i * kHourMs;
    world->Apply(EventOf(Payment("t" + n, time, 100 + i, "m" + std::to_string(i % 3), "c" + n)),
                 i % 2);
  }
}

TEST(Checkpoint, RestoresWhatWasThereRoundByRound) {
  SavedWorld world;
  FakeCheckpointStore store;
  for (int round = 0; round < 6; ++round) {
    Fill(&world, 10 * round, 10 * round + 10);
    world.Save(&store);
    SavedWorld restored;
    const absl::StatusOr<RestoreReport> report = restored.Restore(&store);
    ASSERT_THAT(report, IsOk());
    EXPECT_EQ(restored.live.ControlTotals(), world.live.ControlTotals());
    EXPECT_EQ(restored.live.NextOffsets(), world.live.NextOffsets());
    EXPECT_EQ(restored.live.as_of().newest_epoch, world.live.as_of().newest_epoch);
    EXPECT_EQ(restored.live.sizes().dedup_ids, world.live.sizes().dedup_ids);
    const int64_t now = kNoon + (10 * round + 9) * kHourMs;
    for (const char* merchant : {"m0", "m1", "m2"}) {
      EXPECT_EQ(restored.Ask("volume_30d", now, merchant), world.Ask("volume_30d", now, merchant));
      EXPECT_EQ(restored.Ask("max_7d", now, merchant), world.Ask("max_7d", now, merchant));
    }
    // Both go on alike: what was seen is a duplicate there too.
    const std::string last = "t" + std::to_string(10 * round + 9);
    EXPECT_EQ(restored.Apply(EventOf(Payment(last, now, 1)), 1), EventClass::kDuplicate);
  }
}

TEST(Checkpoint, ARoundWritesOnlyWhatChanged) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 50);
  world.Save(&store);
  const CheckpointBatch idle = world.checkpoint.Collect(std::vector<eventlog::LogIdentity>(2));
  EXPECT_THAT(idle.cells, SizeIs(0));
  EXPECT_THAT(idle.ids, SizeIs(0));
  Fill(&world, 50, 51);
  const CheckpointBatch one = world.checkpoint.Collect(std::vector<eventlog::LogIdentity>(2));
  EXPECT_EQ(one.cell_count(), world.features->measures().size());
}

TEST(Checkpoint, RestoresSumsBeyondInt64AndUnknownAmounts) {
  SavedWorld world;
  FakeCheckpointStore store;
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  world.Apply(EventOf(Payment("t1", kNoon, kMax)));
  world.Apply(EventOf(Payment("t2", kNoon, kMax)));
  model::Transaction dollars = Payment("t3", kNoon, 5);
  dollars.currency = "USD";
  world.Apply(EventOf(dollars));
  world.Save(&store);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  const feature::Tile tile = restored.Ask("volume_30d", kNoon);
  EXPECT_TRUE(tile.sum == feature::Int128{kMax} * 2);
  EXPECT_EQ(tile.marks, feature::kMarkFx);
}

TEST(Checkpoint, RestoresEveryKindOfTile) {
  const auto set = CompileFeatures({Declare("spread", "merchant", "variance", "", "30d"),
                                    Declare("newest", "merchant", "last", "", "30d"),
                                    Declare("seen", "merchant", "last_seen", "", "30d"),
                                    Declare("total", "merchant", "sum", "", "30d")});
  SavedWorld world(set);
  FakeCheckpointStore store;
  for (int round = 0; round < 3; ++round) {
    Fill(&world, 20 * round, 20 * round + 20);
    world.Save(&store);
    SavedWorld restored(set);
    ASSERT_THAT(restored.Restore(&store), IsOk());
    const int64_t now = kNoon + (20 * round + 19) * kHourMs;
    for (const char* merchant : {"m0", "m1", "m2"}) {
      for (const char* name : {"spread", "newest", "seen", "total"}) {
        const feature::Tile before = world.Ask(name, now, merchant);
        EXPECT_EQ(restored.Ask(name, now, merchant), before) << name;
        EXPECT_GT(before.count, 0);
      }
    }
  }
  const feature::Tile newest = world.Ask("newest", kNoon + 59 * kHourMs, "m2");
  EXPECT_EQ(newest.last_value(), 159) << "the 60th payment";
  const feature::Tile spread = world.Ask("spread", kNoon + 2 * kHourMs, "m2");
  EXPECT_EQ(spread.kind, feature::TileKind::kSquares);
}

TEST(Checkpoint, RestoresDecisionsThatStillCount) {
  SavedWorld world;
  FakeCheckpointStore store;
  const auto scored = world.Score(Payment("t1", kNoon, 500));
  std::vector<Waiter> waiters;
  {
    LiveState::View view(world.live, scored->touched);
    model::Decision none;
    ASSERT_EQ(view.FindOrOpen({7, 1}, &none), SlotState::kOpened);
    view.Answer(DecisionFor(scored->txn), &waiters);
  }
  world.Save(&store);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  ASSERT_THAT(restored.live.FindDecision("t1"), IsOk());
  EXPECT_EQ(*restored.live.FindDecision("t1"), DecisionFor(scored->txn));
  world.clock.Set(kNoon + 3 * kHourMs);
  world.Save(&store);
  EXPECT_TRUE(store.contents()[static_cast<size_t>(CheckpointFamily::kDecisions)].empty());
}

TEST(Checkpoint, WhatNobodyTakesIsNoMoreThanTheTableHolds) {
  constexpr size_t kBytes = 4096;  // a stripe's
  SavedWorld world(nullptr, {.decisions_bytes_max = kBytes * kStripes});
  FakeCheckpointStore store;
  std::vector<std::string> ids;
  for (int i = 0; i < 60'000; ++i) {
    const std::string id = "t" + std::to_string(i);
    // Many decisions of one stripe, as if no checkpoint were written for long.
    if (world.live.PaymentKey(id).stripe() != 7) continue;
    ids.push_back(id);
    const auto scored = world.Score(Payment(id, kNoon, 500));
    std::vector<Waiter> waiters;
    LiveState::View view(world.live, scored->touched);
    model::Decision none;
    ASSERT_EQ(view.FindOrOpen({7, 1}, &none), SlotState::kOpened);
    view.Answer(DecisionFor(scored->txn), &waiters);
  }
  ASSERT_GT(ids.size(), 40u);
  ASSERT_LT(world.live.sizes().decisions, ids.size()) << "the oldest were forgotten";
  world.Save(&store);
  size_t saved_bytes = 0;
  const FakeCheckpointStore::Contents contents = store.contents();
  for (const auto& [key, value] : contents[static_cast<size_t>(CheckpointFamily::kDecisions)]) {
    saved_bytes += value.size();
  }
  EXPECT_LE(saved_bytes, kBytes);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  for (const std::string& id : ids) {
    EXPECT_TRUE(!world.live.FindDecision(id).ok() || restored.live.FindDecision(id).ok()) << id;
  }
}

TEST(Checkpoint, OldIdsLeaveTheStore) {
  SavedWorld world;
  FakeCheckpointStore store;
  world.Apply(EventOf(Payment("t1", kNoon, 1)));
  world.Save(&store);
  world.Apply(EventOf(Payment("t2", kNoon + kDayMs, 1)));
  world.Save(&store);
  EXPECT_THAT(store.contents()[static_cast<size_t>(CheckpointFamily::kDedup)], SizeIs(1));
}

TEST(Checkpoint, ADroppedEpochLeavesTheStore) {
  SavedWorld world;
  FakeCheckpointStore store;
  world.Apply(EventOf(Payment("t1", kNoon, 1)));
  world.Apply(EventOf(Payment("t2", kNoon + kDayMs, 1)));
  world.Save(&store);
  world.live.DropEpoch(world.live.LiveEpochs()[0]);
  world.Save(&store);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  EXPECT_EQ(restored.live.ControlTotals(), world.live.ControlTotals());
  EXPECT_THAT(restored.live.LiveEpochs(), SizeIs(1));
}

TEST(Checkpoint, AnyCellThatChangedLacksOrWasAddedIsRefused) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 20);
  world.Save(&store);
  const FakeCheckpointStore::Contents whole = store.contents();
  const auto& cells = whole[static_cast<size_t>(CheckpointFamily::kCells)];
  const auto refused = [](FakeCheckpointStore* damaged) {
    SavedWorld restored;
    EXPECT_THAT(restored.Restore(damaged),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("control total")));
    EXPECT_EQ(restored.live.NextOffsets()[0], 0) << "the state must stay as it was";
  };
  for (const auto& [key, value] : cells) {
    FakeCheckpointStore lacking(whole);
    lacking.Erase(CheckpointFamily::kCells, key);
    refused(&lacking);
    FakeCheckpointStore changed(whole);
    std::string other = value;
    other[2] = static_cast<char>(other[2] + 1);  // the lowest byte of the sum
    changed.Put(CheckpointFamily::kCells, key, other);
    refused(&changed);
  }
  FakeCheckpointStore added(whole);
  std::string key = cells.begin()->first;
  key.back() = static_cast<char>(key.back() + 1);
  added.Put(CheckpointFamily::kCells, key, cells.begin()->second);
  refused(&added);
}

TEST(Checkpoint, DamagedBytesAreRefusedWhereverTheyLie) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 20);
  world.Save(&store);
  for (const CheckpointFamily family :
       {CheckpointFamily::kMeta, CheckpointFamily::kCells, CheckpointFamily::kDedup}) {
    FakeCheckpointStore damaged(store.contents());
    const auto first = *store.contents()[static_cast<size_t>(family)].begin();
    damaged.Put(family, first.first, first.second.substr(0, first.second.size() - 1));
    SavedWorld restored;
    EXPECT_THAT(restored.Restore(&damaged), StatusIs(absl::StatusCode::kDataLoss))
        << static_cast<int>(family);
  }
  FakeCheckpointStore headless(store.contents());
  headless.Erase(CheckpointFamily::kMeta, "header");
  SavedWorld restored;
  EXPECT_THAT(restored.Restore(&headless),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("header")));
}

TEST(Checkpoint, MeasuresComeAndGo) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 20);
  world.Save(&store);
  std::vector<feature::FeatureDeclaration> fewer = SmallDeclarations();
  fewer.pop_back();
  SavedWorld without(CompileFeatures(fewer));
  absl::StatusOr<RestoreReport> report = without.Restore(&store);
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->undeclared_measures, SizeIs(1));
  EXPECT_THAT(report->missing_measures, SizeIs(0));
  EXPECT_EQ(without.Ask("volume_30d", kNoon + kDayMs), world.Ask("volume_30d", kNoon + kDayMs));
  const size_t cells_before =
      store.contents()[static_cast<size_t>(CheckpointFamily::kCells)].size();
  without.Save(&store);
  EXPECT_LT(store.contents()[static_cast<size_t>(CheckpointFamily::kCells)].size(), cells_before);

  SavedWorld with_all;
  report = with_all.Restore(&store);
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->missing_measures, SizeIs(1));
}

TEST(Checkpoint, DaysOrCutsTakenOtherwiseAreRefused) {
  SavedWorld world;
  FakeCheckpointStore store;
  Fill(&world, 0, 20);
  world.Save(&store);
  SavedWorld paris(CompileFeatures(SmallDeclarations(), {.zone_name = "Europe/Paris"}));
  EXPECT_THAT(paris.Restore(&store),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("zone")));

  const eventlog::CutSchedule later(world.features->calendar(), 60);
  LiveState live({.features = world.features,
                  .schedule = &later,
                  .hasher = &world.hasher,
                  .clock = &world.clock,
                  .partitions = 2},
                 {});
  Checkpoint checkpoint(&live);
  EXPECT_THAT(checkpoint.Restore(**Checkpoint::ReadHeader(&store), &store),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cuts")));
}

TEST(Checkpoint, ReasonsAndMemoryMarksOutliveARestart) {
  SavedWorld world(nullptr, {.cells_bytes_max = 2000});
  FakeCheckpointStore store;
  for (int i = 0; i < 200; ++i) {
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon, 1, "m" + std::to_string(i))));
  }
  const uint64_t hash = world.features->measures()[world.FeatureNamed("count_7d").measure].hash;
  world.live.SetReasons(hash, model::kPartialLogGone);
  world.Save(&store);
  SavedWorld restored;
  ASSERT_THAT(restored.Restore(&store), IsOk());
  uint16_t reasons = 0;
  restored.Ask("volume_30d", kNoon, "m199", "c1", &reasons);
  EXPECT_EQ(reasons, model::kPartialLimit);
  restored.Ask("count_7d", kNoon, "m1", "c1", &reasons);
  EXPECT_EQ(reasons & model::kPartialLogGone, model::kPartialLogGone);
}

}  // namespace
}  // namespace verdict::counters
