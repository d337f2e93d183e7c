// The fold against a plain sum over the log: whole, in pieces, broken off anywhere, run by two,
// late by days.
#include "aggregate/folder.h"

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "feature/compiled_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::FakeLog;
using ::verdict::testing::FakeLogReader;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMinuteMs = 60'000;
constexpr model::DayNumber kFirstDay = 20'000;

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() : log_(3), hasher_({1, 2}), clock_(kFirstDay * kDayMs) {
    compiled_ = feature::Compile(
        {{.name = "volume", .of = "txn.amount_minor", .where = "txn.currency == 'EUR'"},
         {.name = "count", .entity = "card", .aggregate = "count"}});
    EXPECT_NE(compiled_.set, nullptr) << compiled_.Errors();
    schedule_.emplace(compiled_.set->calendar());
  }

  FolderParts Parts(FakeLogReader* reader) {
    return {reader, &store_, compiled_.set, &*schedule_, &hasher_, &clock_, "log"};
  }
  // Small steps, so that there are many places to break off.
  std::unique_ptr<Folder> MakeFolder() {
    readers_.push_back(std::make_unique<FakeLogReader>(log_));
    return std::make_unique<Folder>(Parts(readers_.back().get()),
                                    FolderOptions{.records_per_step = 7, .keys_per_step = 2});
  }
  absl::Status FoldAll() { return MakeFolder()->Run(nullptr); }

  void Append(int64_t record_ms, int64_t event_ms, int64_t amount) {
    model::Event event;
    event.txn.id = "t" + std::to_string(random_() % 400);  // some stand twice
    event.txn.event_time_ms = event_ms;
    event.txn.amount_minor = amount;
    event.txn.currency = "EUR";
    event.txn.merchant_id = "m" + std::to_string(random_() % 5);
    event.txn.card_id = "c" + std::to_string(random_() % 9);
    log_.Append(eventlog::PartitionOf(event.txn.merchant_id, 3), record_ms, event);
  }
  // Events up to `until`, some of them late by days, some dated ahead.
  void FillTo(int64_t until_ms) {
    while (clock_.NowMs() < until_ms) {
      clock_.Set(clock_.NowMs() + static_cast<int64_t>(random_() % (40 * kMinuteMs)));
      int64_t event_ms = clock_.NowMs();
      if (random_() % 5 == 0) event_ms -= static_cast<int64_t>(random_() % (10 * kDayMs));
      if (random_() % 31 == 0) event_ms += static_cast<int64_t>(random_() % (20 * kMinuteMs));
      Append(clock_.NowMs(), event_ms, static_cast<int64_t>(random_() % 1000));
    }
  }

  using Totals =
      std::map<std::tuple<size_t, model::EntityKey, model::DayNumber>, std::pair<int64_t, int64_t>>;
  // By the words of the rules alone: first of an id, not too late, not too early, recorded before
  // the cut.
  Totals Reference(feature::CutId cut) {
    Totals totals;
    for (eventlog::Partition p = 0; p < 3; ++p) {
      std::map<std::string, int64_t> bucket_of;
      for (eventlog::Offset o = 0; o < log_.End(p); ++o) {
        const auto record = log_.At(p, o);
        const model::Transaction& txn = record->event.txn;
        if (record->record_time_ms >= cut * kDayMs + 10 * kMinuteMs) continue;
        const int64_t bucket = record->record_time_ms / (15 * kMinuteMs);
        const auto seen = bucket_of.find(txn.id);
        const bool duplicate = seen != bucket_of.end() && bucket - seen->second <= 8;
        bucket_of[txn.id] = bucket;  // a duplicate stands in the log, too
        if (duplicate) continue;
        if (txn.event_time_ms > record->record_time_ms + 5 * kMinuteMs) continue;
        const auto day = static_cast<model::DayNumber>(txn.event_time_ms / kDayMs);
        if (day < record->record_time_ms / kDayMs - 7) continue;
        const auto add = [&](size_t measure, const model::EntityKey& key, int64_t amount) {
          auto& total = totals[{measure, key, day}];
          total.first += amount;
          ++total.second;
        };
        add(compiled_.feature("merchant.volume").measure,
            hasher_.Entity("merchant", txn.merchant_id), txn.amount_minor);
        add(compiled_.feature("card.count").measure, hasher_.Entity("card", txn.card_id), 0);
      }
    }
    return totals;
  }
  Totals Stored() {
    Totals totals;
    for (size_t m = 0; m < compiled_.set->measures().size(); ++m) {
      EXPECT_THAT(
          store_.Scan(
              compiled_.set->measures()[m].hash,
              [&](const model::EntityKey& key, const feature::Blob& blob) {
                for (const feature::DayTile& day : blob.tiles) {
                  totals[{m, key, day.day}] = {static_cast<int64_t>(day.tile.sum), day.tile.count};
                }
                return absl::OkStatus();
              }),
          IsOk());
    }
    return totals;
  }
  void ExpectPublished(feature::CutId cut) {
    for (const feature::Measure& measure : compiled_.set->measures()) {
      const auto manifest = store_.GetManifest(measure.hash);
      ASSERT_THAT(manifest, IsOk());
      EXPECT_EQ(manifest->state, Manifest::State::kPublished);
      EXPECT_EQ(manifest->published, cut);
    }
  }

  std::mt19937_64 random_{42};
  FakeLog log_;
  model::KeyHasher hasher_;
  base::ManualClock clock_;
  feature::CompiledSet compiled_;
  std::optional<eventlog::CutSchedule> schedule_;
  FakeAggregateStore store_;
  std::vector<std::unique_ptr<FakeLogReader>> readers_;
};

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
}

TEST_F(DeclaredAgainTest, AlsoWhereItsLastFoldWasBrokenOff) {
  FillTo((kFirstDay + 1) * kDayMs + 20 * kMinuteMs);
  ASSERT_THAT(FoldAll(), IsOk());
  BreakOff();
  FoldWithoutTheCards();
  ASSERT_THAT(FoldAll(), IsOk());
  ExpectTheRestIsWhole();
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
