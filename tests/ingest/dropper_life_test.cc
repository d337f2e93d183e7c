// What a store that dies and comes back, a clock that jumps, and a measure that joined late leave
// an answer to rely on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "aggregate/blob_cache.h"
#include "ingest/dropper_world.h"

namespace verdict::ingest {
namespace {

using counters::EpochDrops;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class DropperLifeTest : public DropperTest {
 protected:
  void LookSoon() {
    clock_.Set(clock_.NowMs() + 2'000);
    while (dropper().Step().value()) {
    }
  }
};

// It was never in memory from the beginning, and so none of it was ever dropped.
TEST_F(DropperLifeTest, AMeasureThatJoinedNeedsTheCutThatItBeganBehind) {
  EpochDrops(&live_).SetBeginning(hash(), {.cut = kFirst + 1, .blobs_to = kFirst + 1});
  DayAndFold();
  LookSoon();
  EXPECT_EQ(live_.LackingOf(hash()), feature::kNoCut);
  store_.Flush();
  LookSoon();
  EXPECT_EQ(live_.LackingOf(hash()), kFirst + 1);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kStoreLacks));
}

TEST_F(DropperLifeTest, UntilItsFirstFoldItIsPartialAndNothingIsMissing) {
  EpochDrops(&live_).SetBeginning(hash(), {.cut = kFirst + 1, .blobs_to = kFirst + 1});
  live_.AddReasons(hash(), model::kPartialBefore, kFirst + 1);
  LookSoon();
  EXPECT_EQ(live_.LackingOf(hash()), feature::kNoCut);
  EXPECT_THAT(Kinds(), IsEmpty());
}

// No record came meanwhile: it is the clock that is wrong.
TEST_F(DropperLifeTest, AClockThatRunsAheadLetsNothingGo) {
  Day();
  Apply();
  const int64_t now_ms = clock_.NowMs();
  clock_.Set(now_ms + 60 * kDayMs);
  Run();
  clock_.Set(now_ms);
  Run();
  EXPECT_THAT(Kinds(), IsEmpty());
  EXPECT_THAT(Epochs(), ElementsAre(kFirst, kFirst + 1));
}

// It was emptied and filled between two looks: a Score may have been told that there is nothing.
TEST_F(DropperLifeTest, WhatAnotherLifeSaidIsForgotten) {
  DayAndFold();
  LookSoon();
  const uint64_t version = live_.reasons_version();
  const FakeAggregateStore::Contents whole = store_.Snapshot();
  store_.Flush();
  store_.Restore(whole);
  LookSoon();
  EXPECT_GT(live_.reasons_version(), version);
  EXPECT_EQ(live_.LackingOf(hash()), feature::kNoCut);
}

TEST_F(DropperLifeTest, AnEmptiedStoreIsNoticedAmidAPieceOfWork) {
  DayAndFold();
  PassGrace();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kDropped));
  DayAndFold();
  clock_.Set(clock_.NowMs() + 31'000);
  while (!dropper().busy()) ASSERT_THAT(dropper().Step(), IsOk());
  store_.Flush();
  clock_.Set(clock_.NowMs() + 2'000);
  for (int i = 0; i < 2; ++i) ASSERT_THAT(dropper().Step(), IsOk());
  EXPECT_EQ(live_.LackingOf(hash()), kFirst + 1);
  EXPECT_FALSE(dropper().busy());
}

// Whatever was read of the cut before.
TEST_F(DropperLifeTest, ARecomputeOfThePublishedCutForgetsWhatWasRead) {
  DayAndFold();
  LookSoon();
  const uint64_t version = live_.reasons_version();
  aggregate::Manifest healed = manifest();
  ++healed.rev;
  PutManifest(healed);
  Run();
  EXPECT_GT(live_.reasons_version(), version);
}

}  // namespace
}  // namespace verdict::ingest
