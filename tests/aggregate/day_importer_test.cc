// Imports against what they were given: whole, in pieces, broken off anywhere, again, corrected,
// refused.
#include "aggregate/day_importer.h"

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/fold_plan.h"
#include "feature/compiled_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kMinuteMs = 60'000;
constexpr model::DayNumber kToday = 20'000;

// (key, day) -> (sum, count): what a store or a lake holds.
using Contents = std::map<std::pair<std::string, model::DayNumber>, std::pair<int64_t, int64_t>>;

class DayImporterTest : public ::testing::Test {
 protected:
  DayImporterTest() : hasher_({1, 2}), clock_(kToday * kDayMs + 15 * kMinuteMs) {
    compiled_ = feature::Compile(
        {{.name = "volume", .of = "txn.amount_minor", .where = "txn.currency == 'EUR'"},
         {.name = "count", .entity = "card", .aggregate = "count"},
         {.name = "highest", .entity = "card", .aggregate = "max", .of = "txn.amount_base_minor"},
         {.name = "spread", .entity = "card", .aggregate = "stddev", .of = "txn.amount_base_minor"},
         {.name = "newest", .entity = "card", .aggregate = "last", .of = "txn.amount_base_minor"},
         {.name = "first", .entity = "card", .aggregate = "first_seen"}});
    EXPECT_NE(compiled_.set, nullptr) << compiled_.Errors();
    schedule_.emplace(compiled_.set->calendar());
    measure_ = compiled_.feature("merchant.volume").measure;
  }

  uint64_t hash() const { return compiled_.set->measures()[measure_].hash; }
  Manifest manifest() { return store_.GetManifest(hash()).value(); }
  DayImportParts Parts() {
    return {.store = &store_,
            .base = base_.get(),
            .features = compiled_.set.get(),
            .schedule = &*schedule_,
            .clock = &clock_};
  }

  static ImportedDays Rows(const Contents& lake, const model::KeyHasher& hasher) {
    std::vector<ImportedDay> rows;
    for (const auto& [place, value] : lake) {
      ImportedDay row;
      row.entity = hasher.Entity("merchant", place.first);
      row.day = place.second;
      row.sum = value.first;
      row.count = value.second;
      rows.push_back(row);
    }
    std::reverse(rows.begin(), rows.end());  // any order will do
    return ImportedDays(std::move(rows));
  }
  struct Held {
    ImportedDays days;
    DayImporter importer;
  };
  std::unique_ptr<Held> Make(const Contents& lake, DayImportRequest request) {
    request.measure = measure_;
    auto held = std::unique_ptr<Held>(
        new Held{Rows(lake, hasher_), DayImporter(Parts(), request, nullptr, {})});
    held->importer = DayImporter(Parts(), request, &held->days, {.keys_per_step = 2});
    return held;
  }
  absl::Status Import(const Contents& lake, const DayImportRequest& request) {
    return Make(lake, request)->importer.Run(nullptr);
  }
  absl::Status ImportUpTo(model::DayNumber before, const Contents& lake) {
    model::DayNumber from = before;
    for (const auto& [place, value] : lake) from = std::min(from, place.second);
    return Import(lake, {.before = before, .from = from});
  }

  Contents Stored() {
    Contents contents;
    for (const std::string& name : names_) {
      const BlobKey key{hash(), hasher_.Entity("merchant", name)};
      const BlobResult found = store_.GetNow({&key, 1}).value().front();
      for (const feature::DayTile& day : found.blob.tiles) {
        contents[{name, day.day}] = {static_cast<int64_t>(day.tile.sum), day.tile.count};
      }
    }
    return contents;
  }
  feature::Blob BlobOf(const std::string& name) {
    const BlobKey key{hash(), hasher_.Entity("merchant", name)};
    return store_.GetNow({&key, 1}).value().front().blob;
  }
  Contents RandomLake(model::DayNumber from, model::DayNumber before) {
    Contents lake;
    for (const std::string& name : names_) {
      for (model::DayNumber day = from; day < before; ++day) {
        if (random_() % 3 == 0) {
          lake[{name, day}] = {static_cast<int64_t>(random_() % 1000) - 100,
                               static_cast<int64_t>(random_() % 9)};
        }
      }
    }
    return lake;
  }

  std::mt19937_64 random_{42};
  const std::vector<std::string> names_ = {"m0", "m1", "m2", "m3", "m4", "m5", "m6"};
  model::KeyHasher hasher_;
  base::ManualClock clock_;
  feature::CompiledSet compiled_;
  std::optional<eventlog::CutSchedule> schedule_;
  FakeAggregateStore store_;
  std::unique_ptr<FakeAggregateStore> base_;  // where a test has one
  uint16_t measure_ = 0;
};

TEST_F(DayImporterTest, StoresEveryRowAndPublishesLast) {
  const model::DayNumber b = kToday - 2;
  const Contents lake = RandomLake(b - 5, b);
  const auto held = Make(lake, {.before = b, .from = b - 5, .log_from = b - 1});
  while (held->importer.progress().phase != DayImportProgress::Phase::kPublish) {
    ASSERT_THAT(held->importer.Step(), IsOk());
    EXPECT_FALSE(manifest().day->published.has_value());
    EXPECT_TRUE(manifest().day->announced.has_value());
  }
  EXPECT_EQ(Stored(), lake);
  ASSERT_THAT(held->importer.Step(), IsOk());
  EXPECT_EQ(manifest().day->published->before, b);
  EXPECT_FALSE(manifest().day->announced.has_value());
  EXPECT_EQ(manifest().day->since_ms, clock_.NowMs() + 1);
  EXPECT_EQ(manifest().day->log_from, b - 1);
  EXPECT_EQ(manifest().state, Manifest::State::kNone) << "it is not folded";
  const feature::Blob blob = BlobOf("m1");
  EXPECT_EQ(blob.cut, b);
  EXPECT_EQ(blob.day, (feature::DayShare{.late_days = 2, .first_day = b - 5}));
  EXPECT_FALSE(held->importer.Step().value());
}

TEST_F(DayImporterTest, TheSameRowsAgainChangeNothing) {
  const Contents lake = RandomLake(kToday - 9, kToday - 2);
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  const auto blobs = store_.blobs();
  const Manifest before = manifest();
  clock_.Set(clock_.NowMs() + kDayMs);
  EXPECT_FALSE(Make(lake, {.before = kToday - 2, .from = kToday - 9})->importer.Due().value());
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  EXPECT_EQ(store_.blobs(), blobs);
  EXPECT_EQ(manifest(), before);
}

TEST_F(DayImporterTest, ACorrectedFileReplacesTheFormerOne) {
  Contents lake = RandomLake(kToday - 9, kToday - 2);
  lake[{"m0", kToday - 9}] = {1, 1};
  lake[{"m1", kToday - 5}] = {1, 1};
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  lake[{"m1", kToday - 5}] = {777, 7};
  std::erase_if(lake, [](const auto& row) { return row.first.first == "m3"; });
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  EXPECT_EQ(Stored(), lake);
  EXPECT_EQ(BlobOf("m1").rev, 1);
  EXPECT_EQ(BlobOf("m3").rev, 1) << "a key that is gone from the file has nothing any more";
  EXPECT_EQ(manifest().day->published->rev, 1);
}

TEST_F(DayImporterTest, NewerDaysAreAddedToThoseThatWereImported) {
  const Contents first = RandomLake(kToday - 9, kToday - 4);
  ASSERT_THAT(ImportUpTo(kToday - 4, first), IsOk());
  Contents second;
  second[{"m1", kToday - 4}] = {5, 1};
  second[{"m9", kToday - 3}] = {6, 1};
  ASSERT_THAT(ImportUpTo(kToday - 2, second), IsOk());
  Contents all = first;
  all[{"m1", kToday - 4}] = {5, 1};
  EXPECT_EQ(Stored(), all);
  for (const std::string& name : names_) {
    if (BlobOf(name).tiles.empty()) continue;
    EXPECT_EQ(BlobOf(name).cut, kToday - 2) << "every key's b moves on: " << name;
    EXPECT_EQ(BlobOf(name).day->first_day, kToday - 9);
  }
}

TEST_F(DayImporterTest, DaysThatAFileSpeaksOfAreWhatTheFileSays) {
  Contents lake = RandomLake(kToday - 9, kToday - 2);
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  Contents newer;
  newer[{"m2", kToday - 5}] = {9, 9};
  ASSERT_THAT(ImportUpTo(kToday - 2, newer), IsOk());
  std::erase_if(lake, [](const auto& row) { return row.first.second >= kToday - 5; });
  lake[{"m2", kToday - 5}] = {9, 9};
  EXPECT_EQ(Stored(), lake);
}

TEST_F(DayImporterTest, DaysThatNoWindowReachesAnyMoreGo) {
  const int kept = compiled_.set->kept_days();
  ASSERT_THAT(
      ImportUpTo(kToday - 2, {{{"m0", kToday - 2 - kept}, {1, 1}}, {{"m0", kToday - 3}, {2, 1}}}),
      IsOk());
  EXPECT_EQ(BlobOf("m0").tiles.size(), 2u);
  clock_.Set(clock_.NowMs() + kDayMs);
  ASSERT_THAT(ImportUpTo(kToday - 1, {{{"m0", kToday - 2}, {3, 1}}}), IsOk());
  EXPECT_EQ(BlobOf("m0").tiles.size(), 2u);
  EXPECT_EQ(BlobOf("m0").tiles.front().day, kToday - 3);
  EXPECT_EQ(BlobOf("m0").day->first_day, kToday - 1 - kept);
}

TEST_F(DayImporterTest, GoesOnAfterBreakingOffAtAnyStep) {
  const Contents first = RandomLake(kToday - 9, kToday - 3);
  ASSERT_THAT(ImportUpTo(kToday - 3, first), IsOk());
  const Contents second = RandomLake(kToday - 9, kToday - 2);
  for (int steps = 1; manifest().day->published->before != kToday - 2; ++steps) {
    ASSERT_LT(steps, 100);
    const auto held = Make(second, {.before = kToday - 2, .from = kToday - 9});
    for (int i = 0; i < steps; ++i) ASSERT_THAT(held->importer.Step(), IsOk());
    EXPECT_EQ(held->importer.import().rev, 0) << "the same import goes on";
  }
  EXPECT_EQ(Stored(), second);
}

TEST_F(DayImporterTest, GoesOnAfterAStoreThatBreaksOffOrLosesAcknowledgements) {
  const Contents lake = RandomLake(kToday - 9, kToday - 2);
  for (size_t puts = 0; puts < 4; ++puts) {  // six of seven keys, all in all
    store_.FailPutsAfter(puts);
    EXPECT_THAT(ImportUpTo(kToday - 2, lake), StatusIs(absl::StatusCode::kUnavailable));
    store_.Heal();
  }
  store_.LoseNextAcknowledgement();
  EXPECT_THAT(ImportUpTo(kToday - 2, lake), StatusIs(absl::StatusCode::kUnavailable));
  store_.LoseNextSwapAcknowledgement();
  EXPECT_THAT(ImportUpTo(kToday - 2, lake), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  EXPECT_EQ(Stored(), lake);
}

TEST_F(DayImporterTest, ACorrectionOfABrokenImportReplacesWhatItHadWritten) {
  Contents lake = RandomLake(kToday - 9, kToday - 2);
  lake[{"m0", kToday - 9}] = {1, 1};
  store_.FailPutsAfter(4);
  EXPECT_THAT(ImportUpTo(kToday - 2, lake), StatusIs(absl::StatusCode::kUnavailable));
  store_.Heal();
  for (auto& [place, value] : lake) value.first += 1000;
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  EXPECT_EQ(Stored(), lake);
  EXPECT_EQ(manifest().day->published->rev, 1);
}

TEST_F(DayImporterTest, ValuesThatTheStoreLosesAreWrittenAgainOrTold) {
  const Contents lake = RandomLake(kToday - 9, kToday - 2);
  auto held = Make(lake, {.before = kToday - 2, .from = kToday - 9});
  while (held->importer.progress().phase != DayImportProgress::Phase::kProve) {
    ASSERT_THAT(held->importer.Step(), IsOk());
  }
  // Somebody else's value under a written key.
  BlobWrite write{{hash(), hasher_.Entity("merchant", "m1")}, BlobOf("m1")};
  write.blob.rev = 9;
  ASSERT_THAT(store_.PutIfNewer({&write, 1}), IsOk());
  absl::Status status;
  while (status.ok() && held->importer.progress().phase == DayImportProgress::Phase::kProve) {
    status = held->importer.Step().status();
  }
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDataLoss, HasSubstr("another import")));
  EXPECT_FALSE(manifest().day->published.has_value());
}

// With the fold's grace: a replica whose clock is behind has not seen the cut yet.
TEST_F(DayImporterTest, ADayIsTakenOnceTheCutBehindItsLimitIsTaken) {
  const Contents lake = {{{"m0", kToday - 3}, {1, 1}}};
  clock_.Set(kToday * kDayMs + 15 * kMinuteMs - 1);
  EXPECT_THAT(ImportUpTo(kToday - 2, lake),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr(model::FormatTimeMs(kToday * kDayMs + 15 * kMinuteMs))));
  clock_.Set(kToday * kDayMs + 15 * kMinuteMs);
  EXPECT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  EXPECT_THAT(Import(lake, {.before = kToday - 1, .from = kToday - 3, .late_days = 2}),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(DayImporterTest, SealsTheLogWhereItTakesTheDay) {
  int64_t sealed_ms = 0;
  DayImportParts parts = Parts();
  parts.seal = [&](int64_t time_ms) {
    sealed_ms = time_ms;
    return absl::OkStatus();
  };
  const ImportedDays days = Rows({{{"m0", kToday - 4}, {1, 1}}}, hasher_);
  DayImporter importer(parts, {.measure = measure_, .before = kToday - 3, .from = kToday - 4},
                       &days, {});
  ASSERT_THAT(importer.Run(nullptr), IsOk());
  EXPECT_EQ(sealed_ms, (kToday - 1) * kDayMs + 10 * kMinuteMs);
}

TEST_F(DayImporterTest, RefusesWhatWouldLeaveADayToNobody) {
  ASSERT_THAT(ImportUpTo(kToday - 4, {{{"m0", kToday - 5}, {1, 1}}}), IsOk());
  const auto refused = [](const char* why) {
    return StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(why));
  };
  EXPECT_THAT(ImportUpTo(kToday - 2, {{{"m0", kToday - 3}, {1, 1}}}), refused("nobody's"));
  EXPECT_THAT(ImportUpTo(kToday - 5, {{{"m0", kToday - 6}, {1, 1}}}), refused("imported already"));
  EXPECT_THAT(Import({{{"m0", kToday - 4}, {1, 1}}},
                     {.before = kToday - 3, .from = kToday - 4, .late_days = 1}),
              refused("--late 2d"));
  EXPECT_THAT(Import({}, {.before = kToday - 3, .from = kToday - 3}), refused("no day"));
}

TEST_F(DayImporterTest, RefusesAnotherImportWhileOneIsHalfDone) {
  const Contents lake = RandomLake(kToday - 9, kToday - 2);
  store_.FailPutsAfter(2);
  EXPECT_THAT(Import(lake, {.before = kToday - 2, .from = kToday - 9}),
              StatusIs(absl::StatusCode::kUnavailable));
  store_.Heal();
  const auto refused = StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("not finished"));
  EXPECT_THAT(Import(lake, {.before = kToday - 3, .from = kToday - 9}), refused);
  EXPECT_THAT(Import(lake, {.before = kToday - 2, .from = kToday - 8}), refused);
  EXPECT_THAT(Import(lake, {.before = kToday - 2, .from = kToday - 9}), IsOk());
}

TEST_F(DayImporterTest, DaysThatNoWindowReachesAnyMoreMayBeNobodys) {
  const model::DayNumber old = kToday - 2 * compiled_.set->kept_days();
  ASSERT_THAT(ImportUpTo(old, {{{"m0", old - 1}, {1, 1}}}), IsOk());
  store_.FailPutsAfter(0);
  EXPECT_THAT(ImportUpTo(old + 1, {{{"m0", old - 1}, {1, 1}}}),
              StatusIs(absl::StatusCode::kUnavailable));
  store_.Heal();
  const model::DayNumber oldest = OldestImportedDay(*compiled_.set, kToday - 2);
  ASSERT_THAT(ImportUpTo(kToday - 2, {{{"m1", oldest}, {2, 1}}}), IsOk());
  EXPECT_EQ(BlobOf("m0").cut, kToday - 2);
  EXPECT_TRUE(BlobOf("m0").tiles.empty());
  EXPECT_EQ(BlobOf("m1").day->first_day, oldest);
}

TEST_F(DayImporterTest, OfTwoRunsOneWins) {
  const Contents lake = RandomLake(kToday - 9, kToday - 2);
  const auto one = Make(lake, {.before = kToday - 2, .from = kToday - 9});
  const auto other = Make(lake, {.before = kToday - 2, .from = kToday - 9});
  for (bool more = true; more;) {
    more = false;
    for (Held* held : {one.get(), other.get()}) {
      const auto step = held->importer.Step();  // the loser of a swap is told so, and begins anew
      EXPECT_TRUE(step.ok() || absl::IsAborted(step.status())) << step.status();
      more = more || !step.ok() || *step;
    }
  }
  EXPECT_EQ(Stored(), lake);
  EXPECT_EQ(manifest().day->published->rev, 0);
}

TEST_F(DayImporterTest, AFoldedMeasureIsRefusedAndAnImportedOneIsNotFolded) {
  testing::FakeLog log(1);
  testing::FakeLogReader reader(log);
  const FolderParts parts = {&reader,  &store_, compiled_.set, &*schedule_,
                             &hasher_, &clock_, "log"};
  const Contents lake = {{{"m0", kToday - 5}, {1, 1}}};
  ASSERT_THAT(ImportUpTo(kToday - 4, lake), IsOk());
  clock_.Set(clock_.NowMs() + 10 * kMinuteMs);
  ASSERT_THAT(Folder(parts, {}).Run(nullptr), IsOk());
  EXPECT_EQ(manifest().published, feature::kNoCut);
  EXPECT_EQ(Stored(), lake);
  const uint16_t folded = compiled_.feature("card.count").measure;
  const uint64_t folded_hash = compiled_.set->measures()[folded].hash;
  EXPECT_EQ(store_.GetManifest(folded_hash)->published, kToday);
  measure_ = folded;
  EXPECT_THAT(ImportUpTo(kToday - 4, lake),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("CUT mode")));
  EXPECT_FALSE(manifest().day.has_value());
}

TEST_F(DayImporterTest, OnlySumsCountsAndExtremesAreImported) {
  const Contents lake = {{{"m0", kToday - 5}, {1, 1}}};
  measure_ = compiled_.feature("card.highest").measure;
  EXPECT_THAT(ImportUpTo(kToday - 4, lake), IsOk());
  for (const char* name : {"card.spread", "card.newest", "card.first"}) {
    measure_ = compiled_.feature(name).measure;
    EXPECT_THAT(ImportUpTo(kToday - 4, lake),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no import brings")))
        << name;
    EXPECT_FALSE(manifest().day.has_value()) << name;
  }
}

TEST_F(DayImporterTest, EarlierDaysComeFromTheBaseWhereTheStoreHasLostThem) {
  base_ = std::make_unique<FakeAggregateStore>();
  ASSERT_THAT(ImportUpTo(kToday - 4, {{{"m0", kToday - 5}, {1, 1}}, {{"m1", kToday - 5}, {2, 1}}}),
              IsOk());
  EXPECT_EQ(base_->blobs(), store_.blobs());
  FakeAggregateStore emptied;  // of values; its manifest is there
  ASSERT_THAT(emptied.CompareAndSwapManifest(hash(), Manifest(), manifest()), IsOk());
  const DayImportParts parts = {.store = &emptied,
                                .base = base_.get(),
                                .features = compiled_.set.get(),
                                .schedule = &*schedule_,
                                .clock = &clock_};
  const ImportedDays days = Rows({{{"m1", kToday - 4}, {5, 1}}}, hasher_);
  DayImporter importer(parts, {.measure = measure_, .before = kToday - 3, .from = kToday - 4},
                       &days, {});
  ASSERT_THAT(importer.Run(nullptr), IsOk());
  EXPECT_EQ(emptied.blobs(), base_->blobs());
  EXPECT_EQ(emptied.blobs().size(), 2u);
}

TEST_F(DayImporterTest, AnImportBetweenBaseAndStoreGoesOnWhereverItBroke) {
  const Contents lake = RandomLake(kToday - 9, kToday - 2);
  base_ = std::make_unique<FakeAggregateStore>();
  const auto breaks = [&](const char* where) {
    EXPECT_THAT(ImportUpTo(kToday - 2, lake), StatusIs(absl::StatusCode::kUnavailable)) << where;
    store_.Heal();
    base_->Heal();
  };
  store_.LoseNextSwapAcknowledgement();
  breaks("announced in the store, and in the base not");
  base_->LoseNextSwapAcknowledgement();
  breaks("the base is told, and nobody knows");
  store_.FailPutsAfter(1);
  breaks("in the base, and not in the store");
  base_->FailPutsAfter(0);
  breaks("in neither");
  base_->LoseNextSwapAcknowledgement();
  breaks("published in the base, and in the store not");
  ASSERT_THAT(ImportUpTo(kToday - 2, lake), IsOk());
  EXPECT_EQ(Stored(), lake);
  EXPECT_EQ(base_->blobs(), store_.blobs());
  EXPECT_EQ(base_->GetManifest(hash()).value(), manifest());
}

TEST_F(DayImporterTest, AStoreThatHasLostAPublishedImportIsRefused) {
  base_ = std::make_unique<FakeAggregateStore>();
  const Contents lake = {{{"m0", kToday - 5}, {1, 1}}};
  ASSERT_THAT(ImportUpTo(kToday - 4, lake), IsOk());
  FakeAggregateStore lost;
  BatchStores stores(base_.get(), &lost);
  EXPECT_THAT(stores.Settle(hash()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("upload the base")));
  FakeAggregateStore behind;
  BatchStores reversed(&behind, &store_);
  EXPECT_THAT(reversed.Settle(hash()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("the base is behind")));
}

TEST_F(DayImporterTest, CountingBeginsWhereEveryEventIsOfAnImportedDay) {
  testing::FakeLog log(1);
  testing::FakeLogReader reader(log);
  const FolderParts parts = {&reader,  &store_, compiled_.set, &*schedule_,
                             &hasher_, &clock_, "log"};
  EXPECT_EQ(CountFrom(*compiled_.set, *schedule_, manifest()), feature::kNoCut);
  ASSERT_THAT(ImportUpTo(kToday - 4, {{{"m0", kToday - 5}, {1, 1}}}), IsOk());
  EXPECT_EQ(CountFrom(*compiled_.set, *schedule_, manifest()), kToday - 5);
  EXPECT_THAT(CheckManifest(parts, manifest()), IsOk());
  // Cuts late in the day, and events dated far ahead: a day earlier.
  const eventlog::CutSchedule late(compiled_.set->calendar(), 1439);
  EXPECT_EQ(CountFrom(*compiled_.set, late, manifest()), kToday - 6);
}

}  // namespace
}  // namespace verdict::aggregate
