// What the store says meanwhile: away or emptied, it costs memory and says PARTIAL, never a total;
// and measures and partitions that come while others go on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "eventlog/dedup_window.h"
#include "ingest/dropper_world.h"

namespace verdict::ingest {
namespace {

using counters::EpochDrops;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DropperStoreTest : public DropperTest {
 protected:
  // Reasons of an answer of `merchant` that reaches back to `oldest`.
  uint16_t Reasons(const std::string& merchant, model::DayNumber oldest) {
    const std::vector<std::optional<model::EntityKey>> keys = {
        hasher_.Entity("merchant", merchant)};
    counters::LiveState::View view(live_, {live_.PaymentKey("asked"), keys, 0});
    std::vector<feature::LiveCell> cells;
    const uint16_t reasons = view.CollectLive(hash(), *keys[0], oldest, &cells);
    // A blob that no guard doubts.
    return reasons | view.FindDoubts(hash(), *keys[0], INT32_MAX, oldest).reasons;
  }
  // DAY mode: the measure is imported up to the day before `before`.
  void Import(model::DayNumber before) {
    aggregate::Manifest next = manifest();
    if (!next.day) next.day.emplace();
    next.day->published = aggregate::DayImport{.before = before};
    PutManifest(next);
  }
  void LookSoon() {
    clock_.Set(clock_.NowMs() + 2'000);
    while (dropper().Step().value()) {
    }
  }
  void Drop() {
    DayAndFold();
    PassGrace();
    Run();
    ASSERT_THAT(Kinds(), ElementsAre(Kind::kDropped));
  }
};

TEST_F(DropperStoreTest, DropsNothingWhileTheStoreIsAway) {
  DayAndFold();
  Run();
  PassGrace();
  store_.SetAway(true);
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(Trouble(), StatusIs(absl::StatusCode::kUnavailable));
  }
  EXPECT_THAT(Epochs(), ElementsAre(kFirst, kFirst + 1));
  EXPECT_THAT(Kinds(), IsEmpty());
  store_.SetAway(false);
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped));
}

TEST_F(DropperStoreTest, DropsNothingThatAnEmptiedStoreHasProvedBefore) {
  DayAndFold();
  Run();
  PassGrace();
  // Its manifest was read just now, and nobody asks it anew before the drop.
  Dropper::Options options;
  options.steady_ms = [] { return 0; };
  options.report = [this](const DropEvent& event) { events_.push_back(event); };
  Dropper still(Dropper::Parts{&live_, &store_, &clock_, &schedule_}, std::move(options));
  ASSERT_TRUE(*still.Step()) << "the look";
  while (still.Step().value() && still.busy()) {
  }
  store_.Flush();
  while (still.Step().value()) {
  }
  EXPECT_THAT(Kinds(), IsEmpty());
  EXPECT_THAT(Epochs(), ElementsAre(kFirst, kFirst + 1));
  EXPECT_EQ(live_.LackingOf(hash()), feature::kNoCut) << "memory has all of it still";
  EXPECT_EQ(Reasons("m1", kFirst - 29), 0);
}

TEST_F(DropperStoreTest, WhatTheStoreHasLostSinceIsSuspectUntilItIsBack) {
  Drop();
  const FakeAggregateStore::Contents whole = store_.Snapshot();
  store_.Flush();
  clock_.Set(clock_.NowMs() + 2'000);  // far less than between two looks
  while (dropper().Step().value()) {
  }
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kDropped, Kind::kStoreLacks));
  EXPECT_EQ(events_[1].to, kFirst + 1);
  EXPECT_EQ(live_.LackingOf(hash()), kFirst + 1);
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst - 20), model::kPartialSuspect);
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst + 2), model::kPartialSuspect);
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst + 3), 0) << "days that are in memory";
  Run();
  EXPECT_THAT(Kinds(), SizeIs(2)) << "once";

  const uint64_t version = live_.reasons_version();
  store_.Restore(whole);
  clock_.Set(clock_.NowMs() + 2'000);
  while (dropper().Step().value()) {
  }
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped, Kind::kStoreLacks, Kind::kStoreWhole));
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst - 20), 0);
  EXPECT_GT(live_.reasons_version(), version);
  // And it goes on letting go.
  DayAndFold();
  PassGrace();
  Run();
  EXPECT_EQ(Kinds().back(), Kind::kDropped);
}

TEST_F(DropperStoreTest, AStoreThatCameBackOlderIsSuspectAndNothingIsDropped) {
  DayAndFold();
  const FakeAggregateStore::Contents older = store_.Snapshot();
  DayAndFold();
  PassGrace();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kDropped, Kind::kDropped));
  store_.Restore(older);
  Run();
  EXPECT_EQ(Kinds().back(), Kind::kStoreLacks);
  EXPECT_EQ(live_.LackingOf(hash()), kFirst + 2);
}

TEST_F(DropperStoreTest, AStateThatBeganBehindACutNeedsItInTheStore) {
  base_ = kFirst + 1;
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kStoreLacks));
  live_.AddReasons(hash(), model::kPartialBefore, kFirst);
  Run();
  EXPECT_EQ(live_.LackingOf(hash()), feature::kNoCut) << "it says PARTIAL(before) by itself";
}

TEST_F(DropperStoreTest, AMeasureThatNobodyHadFoldedIsWholeOnceItsCutIsPublished) {
  live_.AddReasons(hash(), model::kPartialBefore, kFirst + 1);
  Day();
  Apply();
  Run();
  EXPECT_EQ(live_.ReasonsOf(hash()), model::kPartialBefore);
  Fold();
  clock_.Set(clock_.NowMs() + 2'000);
  while (dropper().Step().value()) {
  }
  EXPECT_EQ(live_.ReasonsOf(hash()), 0);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kNewWhole));
}

TEST_F(DropperStoreTest, AMeasureThatWasDeclaredAgainIsWholeOnceACutReachesWhereItsCountingBegan) {
  DayAndFold();
  EpochDrops(&live_).SetBeginning(hash(), {.cut = kFirst + 2});
  live_.AddReasons(hash(), model::kPartialBefore, kFirst + 2);
  Run();
  EXPECT_EQ(live_.ReasonsOf(hash()), model::kPartialBefore)
      << "that cut is from before it was none";
  DayAndFold();
  LookSoon();
  EXPECT_EQ(live_.ReasonsOf(hash()), 0);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kNewWhole));
}

TEST_F(DropperStoreTest, TellsOnceWhichDaysTheBlobsLack) {
  DayAndFold();
  aggregate::Manifest shorter = manifest();
  shorter.oldest_day = kFirst - 3;
  PutManifest(shorter);
  Run();
  Run();
  EXPECT_EQ(Reasons("m1", kFirst - 4), model::kPartialTooOld);
  EXPECT_EQ(Reasons("m1", kFirst - 3), 0);
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kDaysMissing));
  EXPECT_EQ(events_[0].to, kFirst - 3);
}

// R5: of an imported measure nothing is folded and nothing proved.
TEST_F(DropperStoreTest, AnEpochGoesADayAfterAnImportOfAllItsDaysWasSeen) {
  for (int day = 0; day < 3; ++day) {
    Day();
    Apply();
  }
  live_.NoteComplete(clock_.NowMs(), schedule_.EpochOf(clock_.NowMs()));
  Import(kFirst + 2);
  Run();
  ASSERT_NE(live_.DayModeOf(hash()), nullptr);
  EXPECT_THAT(Kinds(), IsEmpty()) << "an older answer of the store may still be remembered";
  PassGrace();
  Run();
  ASSERT_THAT(Kinds(), ElementsAre(Kind::kImported));
  EXPECT_EQ(events_[0].to, kFirst + 1);
  EXPECT_THAT(Epochs(), ElementsAre(kFirst + 1, kFirst + 2, kFirst + 3)) << "they hold later days";
  EXPECT_THAT(EpochDrops(&live_).Guards(), IsEmpty()) << "a blob says which days it holds";
  EXPECT_EQ(EpochDrops(&live_).DroppedTo(hash()), kFirst + 1);
}

TEST_F(DropperStoreTest, AnEpochStaysWhileTheLogIsNotReadPastIt) {
  Day();
  Apply();
  Import(kFirst + 2);
  Run();
  PassGrace();
  Run();
  EXPECT_THAT(Kinds(), IsEmpty());
  live_.NoteComplete(clock_.NowMs(), kFirst + 1);
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kImported));
}

TEST_F(DropperStoreTest, ImportsThatTheStoreHasLostAreSuspectWhateverWasKept) {
  Day();
  Apply();
  Import(kFirst);
  ASSERT_THAT(imports_.Begin(), IsOk());  // as at a start
  Run();
  EXPECT_EQ(live_.LackingOf(hash()), feature::kNoCut);
  const FakeAggregateStore::Contents whole = store_.Snapshot();
  store_.Flush();
  LookSoon();
  EXPECT_EQ(live_.LackingOf(hash()), kFirst - 1);
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst - 20), model::kPartialSuspect);
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst + 1), 0) << "days that are in memory";
  store_.Restore(whole);
  LookSoon();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kStoreLacks, Kind::kStoreWhole));
  EXPECT_EQ(Reasons("of whom nobody knows", kFirst - 20), 0);
}

TEST_F(DropperStoreTest, AnImportedMeasureIsWholeOnceImportsHoldWhatIsMissing) {
  live_.AddReasons(hash(), model::kPartialBefore, kFirst);
  Import(kFirst);
  ASSERT_THAT(imports_.Begin(), IsOk());
  Run();
  EXPECT_EQ(live_.ReasonsOf(hash()), model::kPartialBefore);
  Import(kFirst + 1);
  Run();
  EXPECT_EQ(live_.ReasonsOf(hash()), model::kPartialBefore) << "not yet for all keys";
  clock_.Set(clock_.NowMs() + 2 * kHourMs);
  Run();
  EXPECT_EQ(live_.ReasonsOf(hash()), 0);
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kNewWhole));
}

// R15: what is counted apart is not whole, whatever the others have reached.
TEST_F(DropperStoreTest, AMeasureThatIsCountedApartIsNeitherJudgedNorFreedUntilItHasJoined) {
  const std::vector<uint64_t> apart = {hash()};
  live_.CountApart(apart);
  DayAndFold();  // the main stream is past the cut
  PassGrace();
  std::vector<eventlog::DedupWindow> windows;
  for (int p = 0; p < 2; ++p) windows.emplace_back(1000);
  std::vector<eventlog::LogRecord> records;
  FakeLogReader beside(log_);
  for (int p = 0; p < 2; ++p) ASSERT_THAT(beside.Assign(p, 0), IsOk());
  ASSERT_THAT(beside.Poll(&records, 1000, std::chrono::milliseconds(0)), IsOk());
  ASSERT_GT(records.size(), 20u);
  const auto count = [&](size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      live_.ApplyApart(records[i], &windows[static_cast<size_t>(records[i].partition)]);
    }
  };
  count(0, 20);
  Run();
  EXPECT_THAT(Kinds(), IsEmpty()) << "half of it is not there yet";
  EXPECT_EQ(Mismatches(), 0u);
  clock_.Set(clock_.NowMs() + (features_->kept_days() + 5) * kDayMs);
  Run();
  EXPECT_THAT(Kinds(), IsEmpty()) << "no window reaches it, but it is still being filled";
  clock_.Set(clock_.NowMs() - (features_->kept_days() + 5) * kDayMs);
  count(20, records.size());
  live_.Join();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped));
}

// Its first fold begins at the log's first record, its state here at the cut of the others.
TEST_F(DropperStoreTest, AMeasureThatJoinedIsComparedOnlyFromTheFirstFoldAfterItsOwn) {
  EpochDrops(&live_).SetBeginning(hash(), {.cut = kFirst + 1});
  Day();
  Fold();
  for (int p = 0; p < 2; ++p) {
    const eventlog::Offset from = manifest().published_offsets[static_cast<size_t>(p)];
    live_.StartAt(p, from, INT64_MIN);
    ASSERT_THAT(reader_.Assign(p, from), IsOk());
  }
  PutManifest({});  // that was the others' fold; its own begins with the log
  DayAndFold();
  ASSERT_EQ(manifest().proofs.size(), 1u);
  ASSERT_EQ(manifest().proofs[0].from, feature::kNoCut);
  PassGrace();
  Run();
  EXPECT_THAT(Kinds(), IsEmpty()) << "they hold different stretches of the log";
  EXPECT_THAT(Epochs(), ElementsAre(kFirst + 1, kFirst + 2));
  EXPECT_EQ(Mismatches(), 0u);
  DayAndFold();
  PassGrace();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped));
  EXPECT_EQ(events_[0].from, kFirst + 2);
  EXPECT_THAT(Epochs(), ElementsAre(kFirst + 1, kFirst + 4));
}

TEST_F(DropperStoreTest, APartitionThatIsNotFollowedYetLeavesACutOpen) {
  const EpochDrops drops(&live_);
  EXPECT_TRUE(drops.Closed(kFirst, std::vector<eventlog::Offset>{0, 0}));
  EXPECT_TRUE(drops.Closed(kFirst, std::vector<eventlog::Offset>{0, 0, 0}));
  live_.NoteComplete(clock_.NowMs(), kFirst + 5);
  EXPECT_FALSE(drops.Closed(kFirst, std::vector<eventlog::Offset>{0, 0, 1}));
  live_.Grow(3);
  EXPECT_TRUE(drops.Closed(kFirst, std::vector<eventlog::Offset>{0, 0, 1}))
      << "read past the cut's time, with all the partitions that it has";
  EXPECT_TRUE(drops.SameVector(kFirst, std::vector<eventlog::Offset>{0, 0}));
}

TEST_F(DropperStoreTest, APartitionThatWasAddedIsComparedWithTheOthers) {
  DayAndFold();
  log_.Grow(3);
  live_.Grow(3);
  ASSERT_THAT(reader_.Assign(2, 0), IsOk());
  const int64_t at_ms = clock_.NowMs() + kHourMs;
  log_.Append(2, at_ms, EventOf(Payment("grown", at_ms, 7, "m1")));
  DayAndFold();
  PassGrace();
  Run();
  EXPECT_THAT(Kinds(), ElementsAre(Kind::kDropped, Kind::kDropped));
  EXPECT_EQ(Mismatches(), 0u);
}

}  // namespace
}  // namespace verdict::ingest
