// The fold against a plain sum over the log: whole, in pieces, broken off anywhere, run by two,
// late by days.
#include "aggregate/folder.h"

#include <memory>
#include <string>

#include "aggregate/folder_world.h"
#include "aggregate/sweep.h"

namespace verdict::aggregate {
namespace {

TEST_F(FolderTest, IsNotDueBeforeTheGraceAfterTheCutIsOver) {
  clock_.Set((kFirstDay + 1) * kDayMs + 15 * kMinuteMs - 1);
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectPublished(kFirstDay);
  clock_.Set((kFirstDay + 1) * kDayMs + 15 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectPublished(kFirstDay + 1);
}

TEST_F(FolderTest, EqualsAPlainSumAfterEveryDay) {
  for (int day = 1; day <= 12; ++day) {
    FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    ASSERT_THAT(FoldAll(), IsOk());
    ExpectPublished(kFirstDay + day);
    ASSERT_EQ(Stored(), Reference(kFirstDay + day)) << "day " << day;
    EXPECT_FALSE(*MakeFolder()->Step());
  }
}

TEST_F(FolderTest, ProvesEachCutByWhatItAddedStripeByStripe) {
  for (int day = 1; day <= 11; ++day) {
    const auto before = store_.blobs();
    FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    ASSERT_THAT(FoldAll(), IsOk());
    for (const feature::Measure& measure : compiled_.set->measures()) {
      const Manifest manifest = store_.GetManifest(measure.hash).value();
      ASSERT_EQ(manifest.proofs.size(), std::min<size_t>(static_cast<size_t>(day), kProofsKept));
      const EpochProof& proof = manifest.proofs.back();
      EXPECT_EQ(proof.from, day == 1 ? feature::kNoCut : kFirstDay + day - 1);
      EXPECT_EQ(proof.to, kFirstDay + day);
      EXPECT_EQ(proof.oldest_day, kFirstDay + day - compiled_.set->kept_days());
      EXPECT_EQ(proof.published_ms, clock_.NowMs());
      EXPECT_EQ(proof.offsets, manifest.published_offsets);
      feature::StretchSummer summer(measure.hash);
      for (const auto& [key, blob] : store_.blobs()) {
        if (key.measure_hash != measure.hash || blob.cut != kFirstDay + day) continue;
        for (const feature::DayTile& tile : blob.increment) summer.Add(key.entity, tile);
        const auto old = before.find(key);
        EXPECT_EQ(blob.previous, old == before.end() ? feature::kNoCut : old->second.cut);
      }
      EXPECT_EQ(proof.digest, summer.Sum());
    }
  }
}

TEST_F(FolderTest, KnowsWhatAllValuesAddUpToHoweverOftenItIsBrokenOff) {
  for (int day = 1; day <= 9; ++day) {
    FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    for (int steps = 1 + day % 3;; steps += 2) {
      auto folder = MakeFolder();
      bool more = true;
      for (int i = 0; i < steps && more; ++i) more = folder->Step().value();
      if (!more) break;
    }
    for (const feature::Measure& measure : compiled_.set->measures()) {
      const Census kept = store_.GetManifest(measure.hash)->census;
      ASSERT_TRUE(kept.known);
      EXPECT_EQ(kept.oldest, kFirstDay + day - compiled_.set->kept_days());
      Census found{.known = true, .oldest = kept.oldest};
      for (const auto& [key, blob] : store_.blobs()) {
        if (key.measure_hash == measure.hash) found.AddStored(blob);
      }
      EXPECT_THAT(Differences(kept, found), ::testing::IsEmpty()) << "day " << day;
      EXPECT_EQ(kept.keys(), found.keys());
    }
  }
}

TEST_F(FolderTest, ReadsEverythingBackAgainAfterAFailOver) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  auto folder = MakeFolder();
  while (folder->progress().phase != FoldProgress::Phase::kProve) {
    ASSERT_THAT(folder->Step(), IsOk());
  }
  ASSERT_THAT(folder->Step(), IsOk());  // the first keys are read back
  const auto first = store_.blobs().begin()->first;
  store_.FailOver({first});  // and one of them is lost behind it
  ASSERT_THAT(folder->Run(nullptr), IsOk());
  ExpectPublished(kFirstDay + 1);
  EXPECT_EQ(Stored(), Reference(kFirstDay + 1));
  EXPECT_EQ(store_.GetManifest(first.measure_hash)->proofs.back().incarnation,
            *store_.Incarnation());
}

TEST_F(FolderTest, FoldsManyDaysAtOnceToTheSameTotals) {
  FillTo((kFirstDay + 12) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  EXPECT_EQ(Stored(), Reference(kFirstDay + 12));
}

TEST_F(FolderTest, GoesOnAfterBreakingOffAtAnyStep) {
  for (int day = 1; day <= 6; ++day) {
    FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    for (int steps = 1;; ++steps) {
      auto folder = MakeFolder();
      bool more = true;
      for (int i = 0; i < steps && more; ++i) {
        const auto step = folder->Step();
        ASSERT_THAT(step, IsOk());
        more = *step;
      }
      if (!more) break;
    }
    ExpectPublished(kFirstDay + day);
    ASSERT_EQ(Stored(), Reference(kFirstDay + day)) << "day " << day;
  }
}

TEST_F(FolderTest, FinishesAnAnnouncedCutBeforeItTakesANewerOne) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  auto folder = MakeFolder();
  for (int i = 0; i < 12; ++i) ASSERT_THAT(folder->Step(), IsOk());  // some keys are uploaded
  FillTo((kFirstDay + 4) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectPublished(kFirstDay + 4);
  EXPECT_EQ(Stored(), Reference(kFirstDay + 4));
}

TEST_F(FolderTest, GoesOnAfterAStoreThatBreaksOffOrLosesAcknowledgements) {
  for (int day = 1; day <= 6; ++day) {
    FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    store_.FailPutsAfter(static_cast<size_t>(day));
    EXPECT_THAT(FoldAll(), StatusIs(absl::StatusCode::kUnavailable));
    store_.Heal();
    store_.LoseNextAcknowledgement();
    EXPECT_THAT(FoldAll(), StatusIs(absl::StatusCode::kUnavailable));
    ASSERT_THAT(FoldAll(), IsOk());
    ASSERT_EQ(Stored(), Reference(kFirstDay + day)) << "day " << day;
  }
}

TEST_F(FolderTest, SealsTheLogBeforeItReadsWhereTheCutLies) {
  FillTo((kFirstDay + 1) * kDayMs + 3 * 60 * kMinuteMs);
  const int64_t cut_ms = (kFirstDay + 2) * kDayMs + 10 * kMinuteMs;
  clock_.Set(cut_ms + 6 * kMinuteMs);  // a Score has moved the clock; the log is behind it
  int64_t floor_ms = 0;
  readers_.push_back(std::make_unique<FakeLogReader>(log_));
  FolderParts parts = Parts(readers_.back().get());
  parts.seal = [&](int64_t time_ms) {
    if (floor_ms == 0)
      Append(cut_ms - 60 * kMinuteMs, cut_ms - 60 * kMinuteMs, 500);  // it was on its way
    floor_ms = std::max(floor_ms, time_ms);
    return absl::OkStatus();
  };
  Folder folder(parts, FolderOptions{});
  ASSERT_THAT(folder.Run(nullptr), IsOk());
  EXPECT_EQ(floor_ms, cut_ms);
  EXPECT_EQ(Stored(), Reference(kFirstDay + 2));
  Append(std::max(floor_ms, cut_ms - kMinuteMs), cut_ms - kMinuteMs,
         700);  // as a sealed log stamps it
  clock_.Set(cut_ms + kDayMs + 6 * kMinuteMs);
  ASSERT_THAT(folder.Run(nullptr), IsOk());
  EXPECT_EQ(Stored(), Reference(kFirstDay + 3));
}

// Before it expires.
TEST_F(FolderTest, SaysWhichDaysAreGoneWithValuesThatNoWindowReaches) {
  Append(clock_.NowMs() + 30 * kMinuteMs, clock_.NowMs() + 30 * kMinuteMs, 5);
  const int kept = compiled_.set->kept_days();
  const uint64_t hash = compiled_.set->measures()[0].hash;
  for (int day = 1; day <= kept + 3; ++day) {
    clock_.Set((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    ASSERT_THAT(FoldAll(), IsOk());
    // The one value bears the first cut after it: as old as that is what is missing with it.
    const bool reached = day <= kept + 1;
    EXPECT_EQ(store_.GetManifest(hash)->oldest_day, reached ? kNothingTrimmed : kFirstDay + 2)
        << "day " << day;
  }
}

TEST_F(FolderTest, GathersNoDayThatNoWindowCanReach) {
  FillTo((kFirstDay + 120) * kDayMs + 30 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  const model::DayNumber oldest = kFirstDay + 120 - compiled_.set->kept_days();
  size_t tiles = 0;
  for (const auto& [key, blob] : store_.blobs()) {
    for (const feature::DayTile& day : blob.increment) EXPECT_GE(day.day, oldest);
    for (const feature::DayTile& day : blob.tiles) EXPECT_GE(day.day, oldest);
    tiles += blob.tiles.size();
  }
  EXPECT_GT(tiles, 0u);
}

TEST_F(FolderTest, LetsOneOfTwoRunsWinAndHarmsNothing) {
  FillTo((kFirstDay + 3) * kDayMs + 20 * kMinuteMs);
  auto one = MakeFolder();
  auto other = MakeFolder();
  for (bool more = true; more;) {
    more = false;
    for (Folder* folder : {one.get(), other.get()}) {
      const auto step = folder->Step();  // the loser of a swap is told so, and begins anew
      EXPECT_TRUE(step.ok() || absl::IsAborted(step.status())) << step.status();
      more = more || !step.ok() || *step;
    }
  }
  ExpectPublished(kFirstDay + 3);
  EXPECT_EQ(Stored(), Reference(kFirstDay + 3));
}

TEST_F(FolderTest, RefusesALogThatHasLostWhatWasNeverFolded) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  FillTo((kFirstDay + 3) * kDayMs);
  for (eventlog::Partition p = 0; p < 3; ++p) log_.Retain(p, log_.End(p) - 1);
  EXPECT_THAT(FoldAll(), StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("lost")));
}

// One measure is declared no more for longer than the log keeps events, then again: what the log
// has lost is missing from it, no event is in it twice, and nothing is missing from the other.
class DeclaredAgainTest : public FolderTest {
 protected:
  DeclaredAgainTest()
      : volume_(HashOf("merchant.volume")),
        cards_(HashOf("card.count")),
        other_(feature::Compile(
            {{.name = "volume", .of = "txn.amount_minor", .where = "txn.currency == 'EUR'"}})) {}
  uint64_t HashOf(const std::string& feature) const {
    return compiled_.set->measures()[compiled_.feature(feature).measure].hash;
  }
  // Of both measures and the volume alone, the one that is not declared now.
  void Redeclare() { std::swap(compiled_, other_); }
  Manifest ManifestOf(uint64_t hash) { return store_.GetManifest(hash).value(); }
  // The fold of day 2 has written some of the cards' blobs.
  void BreakOff() {
    FillTo((kFirstDay + 2) * kDayMs + 20 * kMinuteMs);
    auto folder = MakeFolder();
    while (folder->progress().phase != FoldProgress::Phase::kUpload) {
      ASSERT_THAT(folder->Step(), IsOk());
    }
    for (int i = 0; i < 5; ++i) ASSERT_THAT(folder->Step(), IsOk());
    ASSERT_EQ(folder->progress().phase, FoldProgress::Phase::kUpload);
    ASSERT_EQ(ManifestOf(cards_).state, Manifest::State::kAnnounced);
  }
  // From the fold of day 1 to that of day 4 on, the card's measure is none; the log of all
  // partitions but one then begins within day 3.
  void FoldWithoutTheCards() {
    Redeclare();
    FillTo((kFirstDay + 4) * kDayMs + 20 * kMinuteMs);
    ASSERT_THAT(FoldAll(), IsOk());
    Redeclare();
    FillTo((kFirstDay + 5) * kDayMs + 20 * kMinuteMs);
    whole_ = Reference(kFirstDay + 5);
    int used = 0, cut_off = 0;
    for (eventlog::Partition p = 0; p < 3; ++p) used += log_.End(p) > 0 ? 1 : 0;
    for (eventlog::Partition p = 0; cut_off + 1 < used; ++p) {
      const auto low = log_.FirstAtOrAfter(p, (kFirstDay + 3) * kDayMs);
      if (!low) continue;
      log_.Retain(p, *low);
      ++cut_off;
    }
    ASSERT_GT(cut_off, 0);
  }
  void ExpectTheRestIsWhole() {
    ExpectPublished(kFirstDay + 5);
    EXPECT_EQ(ManifestOf(volume_).oldest_day, kNothingTrimmed);
    const model::DayNumber whole_from = kFirstDay + 4;
    EXPECT_EQ(ManifestOf(cards_).oldest_day, whole_from);
    const Totals stored = Stored();
    size_t lost = 0;
    for (const auto& [key, total] : whole_) {
      const auto& [measure, entity, day] = key;
      const auto found = stored.find(key);
      const int64_t count = found == stored.end() ? 0 : found->second.second;
      if (measure == compiled_.feature("merchant.volume").measure || day >= whole_from) {
        ASSERT_TRUE(found != stored.end());
        EXPECT_EQ(found->second, total);
      }
      EXPECT_LE(count, total.second) << "an event is counted twice";
      lost += count < total.second ? 1 : 0;
    }
    EXPECT_GT(lost, 0u);
    // No replica may compare its count with what was folded without a part of the log.
    EXPECT_EQ(ManifestOf(volume_).proofs.back().to, kFirstDay + 5);
    for (const EpochProof& proof : ManifestOf(cards_).proofs) EXPECT_LE(proof.to, kFirstDay + 1);
  }

  const uint64_t volume_, cards_;  // measures
  feature::CompiledSet other_;
  Totals whole_;
};

TEST_F(DeclaredAgainTest, SaysFromWhichDayItIsWholeAndTheOthersGoOn) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  FoldWithoutTheCards();
  auto folder = MakeFolder();
  ASSERT_THAT(folder->Step(), IsOk());
  EXPECT_EQ(ManifestOf(cards_).oldest_day, kFirstDay + 4) << "before anything is written";
  ASSERT_THAT(folder->Run(nullptr), IsOk());
  ExpectTheRestIsWhole();
  const auto swept = SweepStore(&store_, std::vector<uint64_t>{cards_}, nullptr);
  ASSERT_THAT(swept, IsOk());
  EXPECT_TRUE(swept->front().compared);
  EXPECT_TRUE(swept->front().differences.empty());
}

TEST_F(DeclaredAgainTest, AlsoWhereItsLastFoldWasBrokenOff) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  BreakOff();
  FoldWithoutTheCards();
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectTheRestIsWhole();
  EXPECT_FALSE(ManifestOf(cards_).census.known) << "some of its keys stand in the log no more";
}

TEST_F(DeclaredAgainTest, AlsoWhereItsFirstFoldWasBrokenOff) {
  Redeclare();
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  Redeclare();
  BreakOff();
  FoldWithoutTheCards();
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectTheRestIsWhole();
  EXPECT_FALSE(ManifestOf(cards_).census.known);
}

TEST_F(FolderTest, TheFirstFoldOfALogWithoutItsHeadSaysFromWhichDayItIsWhole) {
  FillTo((kFirstDay + 3) * kDayMs + 20 * kMinuteMs);
  const uint64_t hash = compiled_.set->measures().front().hash;
  eventlog::Partition removed = 0;
  std::optional<eventlog::Offset> low;
  for (; removed < 3 && !low; ++removed) {
    low = log_.FirstAtOrAfter(removed, (kFirstDay + 2) * kDayMs);
    if (low) log_.Retain(removed, *low);
  }
  ASSERT_TRUE(low.has_value());
  const auto begin = log_.At(removed - 1, *low);
  ASSERT_TRUE(begin.has_value());
  ASSERT_THAT(FoldAll(), IsOk());
  EXPECT_EQ(store_.GetManifest(hash)->oldest_day, begin->record_time_ms / kDayMs + 1);
}

TEST_F(FolderTest, PublishesNothingThatDoesNotReadBack) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  FillTo((kFirstDay + 2) * kDayMs + 20 * kMinuteMs);
  auto folder = MakeFolder();
  while (folder->progress().phase != FoldProgress::Phase::kProve) {
    ASSERT_THAT(folder->Step(), IsOk());
  }
  // Somebody else's value under a written key.
  const uint64_t hash = compiled_.set->measures().front().hash;
  BlobWrite write;
  ASSERT_THAT(store_.Scan(hash,
                          [&](const model::EntityKey& key, const feature::Blob& blob) {
                            write = {{hash, key}, blob};
                            return absl::OkStatus();
                          }),
              IsOk());
  write.blob.rev += 1;
  write.blob.increment.front().tile.sum += 1;
  ASSERT_THAT(store_.PutIfNewer({&write, 1}), IsOk());
  absl::Status status;
  while (status.ok() && folder->progress().phase == FoldProgress::Phase::kProve) {
    status = folder->Step().status();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(store_.GetManifest(hash)->published, kFirstDay + 1);
}

}  // namespace
}  // namespace verdict::aggregate
