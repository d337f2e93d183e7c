// A measure that is new to a state that goes on: counted beside the others, which stay as they are.
#include "ingest/side_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>

#include "ingest/life.h"

namespace verdict::ingest {
namespace {

using counters::ControlTotal;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// All of SmallDeclarations but the maximum.
std::shared_ptr<const feature::FeatureSet> FewerFeatures() {
  std::vector<feature::FeatureDeclaration> declarations = SmallDeclarations();
  std::erase_if(declarations, [](const auto& one) { return one.name == "max_7d"; });
  return CompileFeatures(declarations);
}

std::shared_ptr<const feature::FeatureSet> AllFeatures() {
  return CompileFeatures(SmallDeclarations());
}

uint64_t NewMeasure() {
  const auto all = AllFeatures();
  const auto fewer = FewerFeatures();
  for (const feature::Measure& measure : all->measures()) {
    const bool known =
        std::any_of(fewer->measures().begin(), fewer->measures().end(),
                    [&](const feature::Measure& other) { return other.hash == measure.hash; });
    if (!known) return measure.hash;
  }
  ADD_FAILURE() << "no measure is new";
  return 0;
}

std::vector<ControlTotal> Of(const std::vector<ControlTotal>& totals, bool is_new) {
  std::vector<ControlTotal> kept;
  for (const ControlTotal& total : totals) {
    if ((total.measure_hash == NewMeasure()) == is_new) kept.push_back(total);
  }
  return kept;
}

std::vector<ControlTotal> FromNothing(FakeLog* log) {
  FakeCheckpointStore store;
  Life life(log, &store);
  EXPECT_THAT(life.pump->CatchUp(), IsOk());
  return life.live.ControlTotals();
}

// A state without the new measure, saved where the log ends now.
std::vector<ControlTotal> SaveWithout(FakeLog* log, FakeCheckpointStore* store) {
  Life life(log, store, {}, FewerFeatures());
  EXPECT_THAT(life.pump->CatchUp(), IsOk());
  EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
  return life.live.ControlTotals();
}

void StepUntilJoined(Life* life) {
  for (int i = 0; i < 10'000 && !life->joined; ++i) ASSERT_THAT(life->pump->Step(), IsOk());
  ASSERT_TRUE(life->joined);
}

TEST(SideReplay, ANewMeasureEndsAsIfItHadAlwaysBeenAndTheOthersStayAsTheyWere) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    FakeLog log(kPartitions);
    Write(&log, seed, 150);
    FakeCheckpointStore store;
    const std::vector<ControlTotal> before = SaveWithout(&log, &store);

    Life life(&log, &store, {}, AllFeatures());
    EXPECT_EQ(life.report->from, StartUpReport::From::kCheckpoint);
    EXPECT_THAT(life.report->side.measures, ElementsAre(NewMeasure()));
    EXPECT_EQ(life.live.ControlTotals(), before);
    EXPECT_EQ(life.live.ReasonsOf(NewMeasure()), model::kPartialRebuilding);
    // The log goes on meanwhile.
    int64_t from_ms = kNoon + 20 * kDayMs;
    for (int i = 0; i < 10'000 && !life.joined; ++i) {
      if (i < 30) Write(&log, 1000 * seed + static_cast<uint64_t>(i), 5, from_ms += kHourMs);
      ASSERT_THAT(life.pump->Step(), IsOk());
    }
    ASSERT_TRUE(life.joined);
    EXPECT_EQ(life.live.ReasonsOf(NewMeasure()), 0);
    Write(&log, 77, 40, from_ms + kDayMs);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    EXPECT_EQ(life.live.ControlTotals(), FromNothing(&log)) << "seed " << seed;
  }
}

TEST(SideReplay, ACheckpointHasTheMeasureOnlyOnceItHasJoined) {
  FakeLog log(kPartitions);
  Write(&log, 3, 200);
  FakeCheckpointStore store;
  SaveWithout(&log, &store);
  {
    Life life(&log, &store, {}, AllFeatures());
    ASSERT_THAT(life.pump->Step(), IsOk());
    ASSERT_FALSE(life.joined);
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }  // a crash
  {
    Life life(&log, &store, {}, AllFeatures());
    EXPECT_THAT(life.report->side.measures, ElementsAre(NewMeasure()));
    EXPECT_THAT(Of(life.live.ControlTotals(), /*is_new=*/true), IsEmpty());
    StepUntilJoined(&life);
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  Life life(&log, &store, {}, AllFeatures());
  EXPECT_THAT(life.report->side.measures, IsEmpty());
  EXPECT_EQ(life.report->from, StartUpReport::From::kCheckpoint);
  EXPECT_EQ(life.live.ControlTotals(), FromNothing(&log));
}

TEST(SideReplay, ARemovedMeasureLeavesTheOthersAndComesBackWhole) {
  FakeLog log(kPartitions);
  Write(&log, 4, 150);
  FakeCheckpointStore store;
  {
    Life life(&log, &store, {}, AllFeatures());
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  const std::vector<ControlTotal> all = FromNothing(&log);
  {
    Life life(&log, &store, {}, FewerFeatures());
    EXPECT_EQ(life.report->from, StartUpReport::From::kCheckpoint);
    EXPECT_EQ(life.live.ControlTotals(), Of(all, /*is_new=*/false));
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  Life life(&log, &store, {}, AllFeatures());
  EXPECT_THAT(life.report->side.measures, ElementsAre(NewMeasure()));
  StepUntilJoined(&life);
  EXPECT_EQ(life.live.ControlTotals(), all);
}

TEST(SideReplay, BehindACutItSaysBeforeUntilItsOwnFoldIsPublished) {
  FakeLog log(kPartitions);
  // A payment before the cut, its repeat behind it, and one of the cut's own day.
  log.Append(0, kNoon, EventOf(Payment("p1", kNoon, 500)));
  const int64_t cut_ms = kNoon + 12 * kHourMs + 10 * kMinuteMs;
  log.Append(0, cut_ms - kMinuteMs, EventOf(Payment("p2", cut_ms - kMinuteMs, 700)));
  log.Append(0, cut_ms + kMinuteMs, EventOf(Payment("p2", cut_ms - kMinuteMs, 700)));
  log.Append(0, cut_ms + kHourMs, EventOf(Payment("p3", cut_ms + kHourMs, 300)));
  FakeCheckpointStore store;
  SaveWithout(&log, &store);
  const eventlog::CutSchedule schedule(AllFeatures()->calendar());
  const PublishedCut cut{.cut = schedule.EpochOf(cut_ms), .time_ms = cut_ms, .offsets = {2, 0}};

  Life life(&log, &store, cut, AllFeatures(), {NewMeasure()});
  EXPECT_THAT(life.report->side.count_from, ElementsAre(2, 0));
  EXPECT_THAT(life.report->side.read_from, ElementsAre(1, 0));
  StepUntilJoined(&life);
  const std::vector<ControlTotal> totals = Of(life.live.ControlTotals(), /*is_new=*/true);
  ASSERT_EQ(totals.size(), 1u) << "the repeat is told by an id from before the cut";
  EXPECT_EQ(totals[0].sum, 300);
  EXPECT_EQ(life.live.ReasonsOf(NewMeasure()), model::kPartialBefore);
  EXPECT_EQ(life.live.ReasonsOf(AllFeatures()->measures()[0].hash), 0);

  const uint64_t version = life.live.reasons_version();
  life.live.ClearReasons(NewMeasure(), model::kPartialBefore);
  EXPECT_EQ(life.live.ReasonsOf(NewMeasure()), 0);
  EXPECT_GT(life.live.reasons_version(), version);
}

TEST(SideReplay, FollowsPartitionsThatAreAddedMeanwhile) {
  FakeLog log(kPartitions);
  Write(&log, 6, 150);
  FakeCheckpointStore store;
  SaveWithout(&log, &store);
  Life life(&log, &store, {}, AllFeatures());
  ASSERT_THAT(life.pump->Step(), IsOk());
  ASSERT_FALSE(life.joined);
  log.Grow(kPartitions + 1);
  const int64_t now = kNoon + 30 * kDayMs;
  log.Append(kPartitions, now, EventOf(Payment("new1", now, 100, "m9")));
  StepUntilJoined(&life);
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  EXPECT_EQ(life.live.ControlTotals(), FromNothing(&log));
}

TEST(SideReplay, AFailedReadLosesNothing) {
  FakeLog log(kPartitions);
  Write(&log, 5, 150);
  FakeCheckpointStore store;
  SaveWithout(&log, &store);
  Life life(&log, &store, {}, AllFeatures());
  life.reader.FailPolls(1, absl::UnavailableError("the disk is away"));
  EXPECT_FALSE(life.pump->Step().ok());
  StepUntilJoined(&life);
  EXPECT_EQ(life.live.ControlTotals(), FromNothing(&log));
}

}  // namespace
}  // namespace verdict::ingest
