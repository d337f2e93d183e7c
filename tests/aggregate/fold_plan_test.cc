// What a fold may be added to, and which days it says it has left out.
#include "aggregate/fold_plan.h"

#include <memory>
#include <string>

#include "feature/compiled_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/some_blob.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::FakeLog;
using ::verdict::testing::FakeLogReader;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kHourMs = 3'600'000;
constexpr model::DayNumber kFirstDay = 20'000;

class FoldPlanTest : public ::testing::Test {
 protected:
  FoldPlanTest() : log_(1), reader_(log_), hasher_({1, 2}), clock_(kFirstDay * kDayMs) {
    compiled_ = Compile(1);
    schedule_.emplace(compiled_.set->calendar());
    parts_ = {&reader_, &store_, compiled_.set, &*schedule_, &hasher_, &clock_, "log"};
  }

  // The same measure whatever the window is.
  static feature::CompiledSet Compile(int window_days) {
    auto compiled = feature::Compile({{.name = "count",
                                       .entity = "card",
                                       .aggregate = "count",
                                       .window = std::to_string(window_days) + "d"}});
    EXPECT_NE(compiled.set, nullptr) << compiled.Errors();
    return compiled;
  }
  // One payment of one card at 12:00 of the day; the clock stands after the cut that follows.
  void PayInTime(model::DayNumber day, const std::string& card = "c") {
    model::Event event;
    event.txn.id = "t" + std::to_string(day);
    event.txn.event_time_ms = day * kDayMs + 12 * kHourMs;
    event.txn.amount_minor = 1;
    event.txn.currency = "EUR";
    event.txn.merchant_id = "m";
    event.txn.card_id = card;
    log_.Append(0, event.txn.event_time_ms, event);
    clock_.Set((day + 1) * kDayMs + kHourMs);
  }
  void PayAndFold(model::DayNumber day, const std::string& card = "c") {
    PayInTime(day, card);
    ASSERT_THAT(Fold(), IsOk());
  }
  absl::Status Fold() { return Folder(parts_, FolderOptions{}).Run(nullptr); }
  uint64_t hash() const { return compiled_.set->measures().front().hash; }
  Manifest manifest() { return store_.GetManifest(hash()).value(); }
  absl::Status Check() { return CheckManifest(parts_, manifest()); }

  FakeLog log_;
  FakeLogReader reader_;
  model::KeyHasher hasher_;
  base::ManualClock clock_;
  feature::CompiledSet compiled_;
  std::optional<eventlog::CutSchedule> schedule_;
  FakeAggregateStore store_;
  FolderParts parts_;
};

TEST_F(FoldPlanTest, TakesWhatItMadeItself) {
  EXPECT_THAT(CheckManifest(parts_, Manifest{}), IsOk());
  PayAndFold(kFirstDay);
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(FoldPlanTest, RefusesAggregatesCutAtAnotherMinute) {
  PayAndFold(kFirstDay);
  const eventlog::CutSchedule later(compiled_.set->calendar(), 45);
  parts_.schedule = &later;
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("cut minutes")));
  clock_.Set((kFirstDay + 2) * kDayMs + kHourMs);
  EXPECT_THAT(Fold(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("aggregates aside")));
}

TEST_F(FoldPlanTest, RefusesAggregatesOfAnotherLog) {
  PayAndFold(kFirstDay);
  parts_.log_id = "other";
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another log")));
}

TEST_F(FoldPlanTest, RefusesALogThatEndsBeforeWhatWasFolded) {
  PayAndFold(kFirstDay);
  log_.Truncate(0, 0);
  EXPECT_THAT(Check(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("tail was lost")));
}

TEST_F(FoldPlanTest, RefusesAZoneWhosePastChanged) {
  PayAndFold(kFirstDay);
  Manifest other = manifest();
  other.zone_digest += 1;
  EXPECT_THAT(CheckManifest(parts_, other),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("zone")));
}

TEST_F(FoldPlanTest, ComparesTheZoneOverTheDaysThatWereKeptThen) {
  PayAndFold(kFirstDay);
  const auto longer = Compile(30);
  parts_.features = longer.set;
  ASSERT_EQ(longer.set->measures().front().hash, hash());
  EXPECT_EQ(manifest().zone_first, kFirstDay + 1 - compiled_.set->kept_days());
  EXPECT_THAT(Check(), IsOk());
}

TEST_F(FoldPlanTest, SaysThatDaysAreMissingOnlyOnceSomeWereLeftOut) {
  const int kept = compiled_.set->kept_days();
  for (int day = 0; day < kept; ++day) {
    PayAndFold(kFirstDay + day);
    ASSERT_EQ(manifest().oldest_day, kNothingTrimmed) << day;
  }
  PayAndFold(kFirstDay + kept);  // drops the first day of the card
  EXPECT_EQ(manifest().oldest_day, kFirstDay + 1);
  PayAndFold(kFirstDay + kept + 1, "another card");  // drops nothing
  EXPECT_EQ(manifest().oldest_day, kFirstDay + 1);
  const auto longer = Compile(30);
  parts_.features = longer.set;
  PayAndFold(kFirstDay + kept + 2);
  EXPECT_EQ(manifest().oldest_day, kFirstDay + 1);  // what is gone stays gone, and no more goes
}

// A store that lets values go after the days that were kept when they were written.
TEST_F(FoldPlanTest, WritesTheBaseAgainWhereWindowsGotLonger) {
  FakeAggregateStore base;
  parts_.base = &base;
  PayAndFold(kFirstDay);
  PayAndFold(kFirstDay + 1, "another card");
  ASSERT_EQ(store_.blobs().size(), 2u);
  const auto expire = [&] { store_.LoseBlobs([](const auto&) { return true; }); };
  expire();
  PayAndFold(kFirstDay + 2, "another card");
  EXPECT_EQ(store_.blobs().size(), 1u) << "what no window reaches is not written again";
  const auto longer = Compile(30);
  parts_.features = longer.set;
  expire();
  store_.FailPutsAfter(0);
  EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kUnavailable));
  store_.Heal();
  ASSERT_THAT(Fold(), IsOk()) << "nothing is due, and yet";
  EXPECT_EQ(store_.blobs(), base.blobs());
  PayAndFold(kFirstDay + 3);
  expire();
  PayAndFold(kFirstDay + 4);
  EXPECT_EQ(store_.blobs().size(), 1u) << "once published, it is done";
}

// The log counts from `before` on: what retention took of those days is nobody's.
TEST_F(FoldPlanTest, AnImportIsOvertakenWhereTheLogHasLostWhatFollowsIt) {
  for (int day = 0; day < 8; ++day) PayInTime(kFirstDay + day);
  Manifest imported;
  imported.day.emplace();
  EXPECT_EQ(*IsOvertaken(parts_, imported), false) << "nothing is imported yet";
  imported.day->published.emplace();
  imported.day->published->before = kFirstDay + 5;
  EXPECT_EQ(*IsOvertaken(parts_, imported), false);
  log_.Retain(0, 4);
  EXPECT_EQ(*IsOvertaken(parts_, imported), false) << "the day before is cut, not the first after";
  log_.Retain(0, 6);
  EXPECT_EQ(*IsOvertaken(parts_, imported), true);
  EXPECT_EQ(*FirstWholeDay(parts_), kFirstDay + 7);
}

// At 12:00 of the 7th day the log begins; ids are known for 2 h 15 min, cuts lie at 00:10.
TEST_F(FoldPlanTest, KnowsWhichEpochsTheLogCanStillCount) {
  for (int day = 0; day < 8; ++day) PayInTime(kFirstDay + day);
  const auto holds = [this](feature::CutId from, model::DayNumber oldest_day) {
    return *HoldsStretch(parts_, from, oldest_day);
  };
  EXPECT_TRUE(holds(feature::kNoCut, 0)) << "nothing is gone";
  log_.Retain(0, 6);
  EXPECT_FALSE(holds(feature::kNoCut, kFirstDay));
  EXPECT_FALSE(holds(kFirstDay + 6, kFirstDay));
  EXPECT_TRUE(holds(kFirstDay + 7, kFirstDay)) << "late days of the epoch as well";
  EXPECT_TRUE(holds(feature::kNoCut, kFirstDay + 7)) << "of what was recorded before, nothing";
  EXPECT_FALSE(holds(feature::kNoCut, kFirstDay + 6));
}

TEST_F(FoldPlanTest, AnEpochIsCountedWithTheIdsThatCameBeforeIt) {
  PayInTime(kFirstDay);
  PayInTime(kFirstDay + 1);
  model::Event event;
  event.txn.id = "just before the cut";
  event.txn.merchant_id = "m";
  event.txn.card_id = "c";
  event.txn.event_time_ms = (kFirstDay + 2) * kDayMs - kHourMs;
  log_.Append(0, event.txn.event_time_ms, event);
  EXPECT_TRUE(*HoldsStretch(parts_, kFirstDay + 2, kFirstDay));
  log_.Retain(0, 2);
  EXPECT_FALSE(*HoldsStretch(parts_, kFirstDay + 2, kFirstDay)) << "what it repeats may be gone";
}

// Nobody says how long the values of an import were to live.
TEST_F(FoldPlanTest, WritesAnImportAgainWithEachRun) {
  FakeAggregateStore base;
  parts_.base = &base;
  Manifest imported;
  imported.day.emplace();
  imported.day->published.emplace();
  imported.day->published->before = kFirstDay + 5;
  imported.day->published->first_day = kFirstDay;
  imported.day->published->zone_digest =
      compiled_.set->calendar().TransitionsDigest(kFirstDay, kFirstDay + 5);
  for (FakeAggregateStore* store : {&base, &store_}) {
    ASSERT_THAT(store->CompareAndSwapManifest(hash(), {}, imported), IsOk());
  }
  BlobWrite value{testing::SomeKey(hash(), 1), testing::SomeBlob(hash(), kFirstDay + 5, 0, 7)};
  value.blob.day = feature::DayShare{.late_days = 2, .first_day = kFirstDay};
  ASSERT_THAT(base.PutIfNewer({&value, 1}), IsOk());
  ASSERT_THAT(Fold(), IsOk());
  EXPECT_EQ(store_.blobs(), base.blobs());
}

TEST_F(FoldPlanTest, SaysThatDaysAreMissingWhenAFirstFoldLeavesThemOut) {
  const int kept = compiled_.set->kept_days();
  PayInTime(kFirstDay);
  PayAndFold(kFirstDay + kept, "another card");
  EXPECT_EQ(manifest().oldest_day, kFirstDay + 1);
}

TEST_F(FoldPlanTest, KnowsOfLeftOutDaysBeforeAnyTrimmedBlobIsWritten) {
  const int kept = compiled_.set->kept_days();
  for (int day = 0; day < kept; ++day) PayAndFold(kFirstDay + day);
  store_.FailPutsAfter(0);
  PayInTime(kFirstDay + kept);
  EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(manifest().state, Manifest::State::kAnnounced);
  EXPECT_EQ(manifest().oldest_day, kFirstDay + 1);
}

}  // namespace
}  // namespace verdict::aggregate
