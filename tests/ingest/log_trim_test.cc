// Only what nobody needs is removed: not what a fold, a start or a late feature would read.
#include "ingest/log_trim.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregate/folder.h"
#include "eventlog/dedup_window.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_log.h"
#include "support/small_features.h"
#include "support/status_matchers.h"

namespace verdict::ingest {
namespace {

using eventlog::Offset;
using namespace verdict::testing;  // NOLINT: the test's own words

class LogTrimTest : public ::testing::Test {
 protected:
  // One payment an hour, until so many days are full.
  void Fill(int days) {
    for (; log_.End(0) < days * 24;) {
      clock_.Set(kNoon + log_.End(0) * kHourMs);
      log_.Append(0, clock_.NowMs(),
                  EventOf(Payment("t" + std::to_string(log_.End(0)), clock_.NowMs(), 1)));
    }
    saved_ = {log_.End(0)};
  }
  void Fold() {
    FakeLogReader reader(log_);
    aggregate::Folder folder({&reader, &store_, features_, &schedule_, &hasher_, &clock_, "log"},
                             {});
    ASSERT_THAT(folder.Run(nullptr), IsOk());
  }
  std::unique_ptr<LogTrim> Make(int64_t retention_ms) {
    LogTrim::Options options;
    options.retention_ms = retention_ms;
    options.steady_ms = [this] { return steady_ms_ += 3'600'000; };
    return std::make_unique<LogTrim>(LogTrim::Parts{&reader_, &trimmer_, &store_, features_.get(),
                                                    &schedule_, &clock_, [this] { return saved_; }},
                                     std::move(options));
  }
  Offset Needed(int64_t retention_ms) {
    const auto needed = Make(retention_ms)->Needed();
    EXPECT_THAT(needed, IsOk());
    return needed->has_value() ? (*needed)->front() : -1;
  }
  // The last record before `ms`: there is one every hour.
  int64_t LastBefore(int64_t ms) const { return (ms - kNoon + kHourMs - 1) / kHourMs - 1; }

  base::ManualClock clock_{kNoon};
  model::KeyHasher hasher_{base::SipKey{1, 2}};
  std::shared_ptr<const feature::FeatureSet> features_ = CompileFeatures(SmallDeclarations());
  eventlog::CutSchedule schedule_{features_->calendar()};
  FakeLog log_{1};
  FakeLogReader reader_{log_};
  FakeLogTrimmer trimmer_{&log_};
  FakeAggregateStore store_;
  std::optional<std::vector<Offset>> saved_;
  int64_t steady_ms_ = 0;
};

TEST_F(LogTrimTest, KeepsWhatIsYoungerThanTheRetention) {
  Fill(20);
  Fold();
  EXPECT_EQ(Needed(5 * kDayMs), LastBefore(clock_.NowMs() - 5 * kDayMs));
  EXPECT_EQ(Needed(40 * kDayMs), 0);
  EXPECT_EQ(Needed(0), -1) << "0 keeps all";
}

// DAY mode: a start counts from the cut before the first day that is not imported.
TEST_F(LogTrimTest, KeepsWhatIsNotImported) {
  Fill(20);
  const auto today = static_cast<model::DayNumber>(clock_.NowMs() / kDayMs);
  aggregate::Manifest imported;
  imported.day.emplace();
  for (const feature::Measure& measure : features_->measures()) {
    EXPECT_EQ(Needed(kHourMs), -1) << "one has nothing yet";
    imported.day->published = aggregate::DayImport{.before = today - 3};
    ASSERT_THAT(store_.CompareAndSwapManifest(measure.hash, {}, imported), IsOk());
  }
  EXPECT_EQ(Needed(kHourMs), LastBefore(schedule_.CutTimeMs(today - 4) - eventlog::kDedupWarmUpMs));
}

// After a start they are read again: a day, an hour for late ones, and the ids that they may
// repeat; and a start takes its time.
TEST_F(LogTrimTest, KeepsWhatSlidingWindowsAreReadAgainFrom) {
  Fill(20);
  clock_.Set(clock_.NowMs() + 11 * kHourMs);  // the cut is a night old
  Fold();
  const Offset without = Needed(kHourMs);
  std::vector<feature::FeatureDeclaration> declarations = SmallDeclarations();
  declarations.push_back(Declare("sum_24h", "merchant", "sum", "txn.amount_base_minor", "24h"));
  features_ = CompileFeatures(declarations);
  store_.Flush();
  Fold();
  const Offset with = Needed(kHourMs);
  EXPECT_LT(with, without);
  EXPECT_EQ(with, LastBefore(clock_.NowMs() - 28 * kHourMs - 20 * kMinuteMs));
}

TEST_F(LogTrimTest, KeepsTheIdsBeforeTheOldestPublishedCut) {
  Fill(10);
  Fold();
  const feature::CutId cut = store_.GetManifest(features_->measures()[0].hash)->published;
  EXPECT_EQ(Needed(1), LastBefore(schedule_.CutTimeMs(cut) - 135 * kMinuteMs));
  Fill(14);  // and no fold
  EXPECT_EQ(Needed(1), LastBefore(schedule_.CutTimeMs(cut) - 135 * kMinuteMs));
}

TEST_F(LogTrimTest, KeepsAllWhileAMeasureWasNeverFolded) {
  Fill(10);
  EXPECT_EQ(Needed(1), -1);
}

TEST_F(LogTrimTest, KeepsWhatACheckpointHasNotCounted) {
  Fill(10);
  Fold();
  saved_ = {17};
  EXPECT_EQ(Needed(1), 16) << "and the record by which the log is known again";
  saved_ = std::nullopt;
  EXPECT_EQ(Needed(1), -1) << "none was written yet";
}

// The cut of a log that was idle is its end; what comes first behind it may have been aborted.
TEST_F(LogTrimTest, KeepsTheCutThoughNobodySeesTheRecordThere) {
  Fill(10);
  clock_.Set(clock_.NowMs() + 5 * kDayMs);
  Fold();
  const Offset last = log_.End(0) - 1;
  log_.AppendAborted(0, clock_.NowMs());
  clock_.Set(clock_.NowMs() + kDayMs);
  for (int i = 0; i < 3; ++i) {
    log_.Append(0, clock_.NowMs(), EventOf(Payment("n" + std::to_string(i), clock_.NowMs(), 1)));
  }
  saved_ = {log_.End(0)};
  EXPECT_EQ(Needed(1), last) << "a start asks it what the log has";
}

TEST_F(LogTrimTest, RemovesTheRestOncePerPeriod) {
  Fill(20);
  Fold();
  const auto trim = Make(2 * kDayMs);
  ASSERT_THAT(trim->Step(), IsOk());
  EXPECT_EQ(log_.Low(0), LastBefore(clock_.NowMs() - 2 * kDayMs));
  // What is left serves the next fold.
  Fill(25);
  Fold();
  EXPECT_EQ(store_.GetManifest(features_->measures()[0].hash)->published,
            schedule_.EpochOf(clock_.NowMs()));
}

TEST_F(LogTrimTest, AFeatureThatComesAfterItSaysWhichDaysItLacks) {
  Fill(20);
  Fold();
  ASSERT_THAT(Make(2 * kDayMs)->Step(), IsOk());
  auto declarations = SmallDeclarations();
  declarations.push_back(Declare("late", "card", "sum", "txn.amount_base_minor", "30d"));
  features_ = CompileFeatures(declarations);
  Fill(22);
  Fold();
  for (const feature::Measure& measure : features_->measures()) {
    const aggregate::Manifest manifest = store_.GetManifest(measure.hash).value();
    if (manifest.proofs.front().from != feature::kNoCut || manifest.proofs.size() > 1) continue;
    const auto first = reader_.Identity(0, log_.Low(0));
    const int64_t newest_gone_ms = first->record_time_ms + features_->options().future_skew_ms;
    EXPECT_EQ(manifest.oldest_day, features_->calendar().DayOf(newest_gone_ms) + 1);
    EXPECT_EQ(manifest.proofs.front().oldest_day, manifest.oldest_day);
    return;
  }
  FAIL() << "the new measure was not folded";
}

}  // namespace
}  // namespace verdict::ingest
