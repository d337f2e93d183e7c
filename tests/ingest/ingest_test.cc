// From the log into memory, through crashes, lost tails and retention.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/failpoint.h"
#include "counters/checkpoint.h"
#include "ingest/checkpoint_thread.h"
#include "ingest/life.h"
#include "ingest/live_metrics.h"
#include "ingest/pump.h"
#include "ingest/start_up.h"
#include "support/fake_checkpoint_store.h"
#include "support/fake_log.h"
#include "support/small_features.h"
#include "support/status_matchers.h"

namespace verdict::ingest {
namespace {

using counters::ControlTotal;
using counters::LiveState;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<ControlTotal> TotalsOf(FakeLog* log) {
  FakeCheckpointStore store;
  Life life(log, &store);
  EXPECT_THAT(life.pump->CatchUp(), IsOk());
  return life.live.ControlTotals();
}

TEST(Ingest, RestartAfterACrashAtAnyCheckpointChangesNothing) {
  FakeLog log(kPartitions);
  Write(&log, 1, 150);
  const std::vector<ControlTotal> expected = TotalsOf(&log);
  for (const auto when :
       {FakeCheckpointStore::Crash::kBeforeWrite, FakeCheckpointStore::Crash::kAfterWrite}) {
    bool crashed = true;
    for (uint64_t at = 0; crashed; ++at) {
      ASSERT_LT(at, 1000u);
      auto store = std::make_unique<FakeCheckpointStore>();
      store->CrashAt(at, when);
      {
        Life life(&log, store.get());
        for (absl::StatusOr<size_t> polled = 1; polled.ok() && *polled > 0 && !store->crashed();) {
          polled = life.pump->Step();
          (void)life.checkpoints.WriteNow().ok();
        }
        crashed = store->crashed();
      }
      store = std::make_unique<FakeCheckpointStore>(store->contents());
      Life next(&log, store.get());
      if (at > 0) {
        EXPECT_EQ(next.report->from, StartUpReport::From::kCheckpoint) << next.report->why;
      }
      ASSERT_THAT(next.pump->CatchUp(), IsOk());
      EXPECT_EQ(next.live.ControlTotals(), expected) << "write " << at;
    }
  }
}

TEST(Ingest, AFailedCheckpointIsWrittenLaterAndLosesNothing) {
  FakeLog log(kPartitions);
  Write(&log, 2, 100);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    store.FailWrites(3, absl::UnavailableError("disk full"));
    while (*life.pump->Step() > 0) (void)life.checkpoints.WriteNow().ok();
    EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kCheckpoint) << next.report->why;
  EXPECT_EQ(next.live.ControlTotals(), TotalsOf(&log));
}

TEST(Ingest, CatchingUpSaysThatNothingIsMissing) {
  FakeLog log(kPartitions);
  Write(&log, 3, 50);
  log.AppendAborted(0, kNoon + 20 * kDayMs);
  FakeCheckpointStore store;
  Life life(&log, &store);
  EXPECT_LT(life.live.as_of().newest_epoch, life.schedule.EpochOf(life.clock.NowMs()));
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  EXPECT_EQ(life.live.as_of().newest_epoch, life.schedule.EpochOf(life.clock.NowMs()));
  EXPECT_EQ(life.live.as_of().lag_ms, 0);
  life.clock.Set(life.clock.NowMs() + 9000);
  life.reader.FailPolls(1, absl::UnavailableError("broker gone"));
  EXPECT_THAT(life.pump->Step(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(life.live.as_of().lag_ms, 9000);
}

TEST(Ingest, TheClockOfTheEventsDoesNotFollowWhatIsDatedAheadOfItsRecord) {
  FakeLog log(kPartitions);
  log.Append(0, kNoon, EventOf(Payment("now", kNoon, 1, "m", "c")));
  log.Append(0, kNoon + 1, EventOf(Payment("ahead", kNoon + kDayMs, 1, "m", "c")));
  FakeCheckpointStore store;
  Life life(&log, &store);
  base::EventClock clock;
  Pump pump({.source = &life.reader,
             .live = &life.live,
             .clock = &clock,
             .schedule = &life.schedule,
             .checkpoints = nullptr},
            {});
  ASSERT_THAT(pump.Step(), IsOk());
  EXPECT_EQ(life.live.NextOffsets()[0], 2);
  EXPECT_EQ(clock.NowMs(), kNoon);
}

TEST(Ingest, ALogThatLostItsTailIsCountedAgain) {
  FakeLog log(kPartitions);
  Write(&log, 4, 60);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  log.Truncate(0, log.End(0) - 3);
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kWholeLog);
  EXPECT_THAT(next.report->why, HasSubstr("tail was lost"));
  ASSERT_THAT(next.pump->CatchUp(), IsOk());
  EXPECT_EQ(next.live.ControlTotals(), TotalsOf(&log));
}

TEST(Ingest, ATailThatWasWrittenAnewIsToldFromTheOneThatWasCounted) {
  FakeLog log(kPartitions);
  Write(&log, 5, 60);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  log.Truncate(0, log.End(0) - 3);
  for (int i = 0; i < 5; ++i) {
    log.Append(0, kNoon + 9 * kDayMs,
               EventOf(Payment("new" + std::to_string(i), kNoon + 9 * kDayMs, 1)));
  }
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kWholeLog);
  EXPECT_THAT(next.report->why, HasSubstr("not the one that the checkpoint counted last"));
  ASSERT_THAT(next.pump->CatchUp(), IsOk());
  EXPECT_EQ(next.live.ControlTotals(), TotalsOf(&log));
}

TEST(Ingest, AnotherLogInTheSamePlaceIsNotGoneOnWith) {
  FakeLog log(kPartitions);
  Write(&log, 6, 30);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  log.ChangeLogId("another");
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kWholeLog);
}

TEST(Ingest, WhatRetentionTookIsNeverPassedOverInSilence) {
  FakeLog log(kPartitions);
  Write(&log, 7, 80);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    ASSERT_TRUE(life.pump->Step().ok());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  log.Retain(0, log.End(0) / 2);
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kWholeLog);
  EXPECT_EQ(next.report->reasons, model::kPartialBefore);
  EXPECT_THAT(next.report->why, HasSubstr("retention"));
  ASSERT_THAT(next.pump->CatchUp(), IsOk());

  FakeCheckpointStore empty;
  const PublishedCut cut{
      .cut = next.schedule.EpochOf(kNoon), .time_ms = kNoon - kHourMs, .offsets = {0, 0}};
  Life from_cut(&log, &empty, cut);
  EXPECT_EQ(from_cut.report->from, StartUpReport::From::kPublishedCut);
  EXPECT_EQ(from_cut.report->reasons, model::kPartialLogGone);
}

TEST(Ingest, RetentionThatTookTheLastCountedRecordAloneIsNoGap) {
  FakeLog log(kPartitions);
  Write(&log, 8, 40);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  log.Retain(0, log.End(0));
  log.Retain(1, log.End(1));
  log.Append(0, kNoon + 9 * kDayMs, EventOf(Payment("after", kNoon + 9 * kDayMs, 1)));
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kCheckpoint) << next.report->why;
  EXPECT_EQ(next.report->reasons, 0);
}

// A cold start from a published cut counts exactly what lies behind it, duplicates across the cut
// included.
TEST(Ingest, AColdStartFromACutCountsWhatAWholeStartCountsBehindIt) {
  FakeLog log(kPartitions);
  Write(&log, 9, 300);
  FakeCheckpointStore unused;
  Life whole(&log, &unused);
  ASSERT_THAT(whole.pump->CatchUp(), IsOk());
  const std::vector<feature::CutId> epochs = whole.live.LiveEpochs();
  ASSERT_GE(epochs.size(), 3u);
  for (const feature::CutId cut : epochs) {
    PublishedCut published{.cut = cut, .time_ms = whole.schedule.CutTimeMs(cut), .offsets = {}};
    for (int p = 0; p < kPartitions; ++p) {
      published.offsets.push_back(log.FirstAtOrAfter(p, published.time_ms).value_or(log.End(p)));
    }
    FakeCheckpointStore store;
    Life cold(&log, &store, published);
    EXPECT_EQ(cold.report->from, StartUpReport::From::kPublishedCut);
    ASSERT_THAT(cold.pump->CatchUp(), IsOk());
    std::vector<ControlTotal> expected = whole.live.ControlTotals();
    std::erase_if(expected, [&](const ControlTotal& total) { return total.epoch < cut; });
    EXPECT_EQ(cold.live.ControlTotals(), expected) << "cut " << cut;
  }
}

// What such a checkpoint lacks only the aggregates have.
TEST(Ingest, ACheckpointBehindACutIsOfNoUseWithoutThatCut) {
  FakeLog log(kPartitions);
  Write(&log, 11, 300);
  const std::vector<ControlTotal> whole = TotalsOf(&log);
  FakeCheckpointStore unused;
  Life reader(&log, &unused);
  ASSERT_THAT(reader.pump->CatchUp(), IsOk());
  const feature::CutId cut = reader.live.LiveEpochs()[1];
  const auto at = [&](feature::CutId id) {
    PublishedCut published{.cut = id, .time_ms = reader.schedule.CutTimeMs(id), .offsets = {}};
    for (int p = 0; p < kPartitions; ++p) {
      published.offsets.push_back(log.FirstAtOrAfter(p, published.time_ms).value_or(log.End(p)));
    }
    return published;
  };
  const auto restart = [&](const FakeCheckpointStore& saved,
                           std::optional<PublishedCut> published) {
    FakeCheckpointStore store(saved.contents());
    Life life(&log, &store, std::move(published));
    EXPECT_THAT(life.pump->CatchUp(), IsOk());
    return std::pair(life.report->from, life.live.ControlTotals());
  };
  FakeCheckpointStore store;
  {
    Life cold(&log, &store, at(cut));
    ASSERT_THAT(cold.pump->CatchUp(), IsOk());
    ASSERT_THAT(cold.checkpoints.WriteNow(), IsOk());
  }
  {
    // A restored state keeps its base through the next checkpoint.
    Life restored(&log, &store, at(cut));
    ASSERT_EQ(restored.report->from, StartUpReport::From::kCheckpoint);
    ASSERT_THAT(restored.pump->CatchUp(), IsOk());
    ASSERT_THAT(restored.checkpoints.WriteNow(), IsOk());
  }
  EXPECT_EQ(restart(store, at(cut)).first, StartUpReport::From::kCheckpoint);
  EXPECT_EQ(restart(store, at(cut + 1)).first, StartUpReport::From::kCheckpoint);
  EXPECT_EQ(restart(store, at(cut - 1)).first, StartUpReport::From::kPublishedCut) << "older ones";
  const auto [from, totals] = restart(store, std::nullopt);
  EXPECT_EQ(from, StartUpReport::From::kWholeLog) << "none";
  EXPECT_EQ(totals, whole);
}

TEST(Ingest, NoCheckpointIsTakenBeforeTheIdsOfAColdStartAreKnown) {
  FakeLog log(kPartitions);
  for (int i = 0; i < 40; ++i) {
    log.Append(i % 2, kNoon + i * kMinuteMs,
               EventOf(Payment("t" + std::to_string(i), kNoon + i * kMinuteMs, 1)));
  }
  FakeCheckpointStore store;
  const PublishedCut cut{.cut = 0, .time_ms = kNoon + 30 * kMinuteMs, .offsets = {15, 15}};
  Life life(&log, &store, cut);
  life.checkpoints.Start();
  ASSERT_TRUE(life.pump->Step().ok());
  EXPECT_EQ(life.live.NextOffsets()[0], 15);
  life.checkpoints.Stop();
  EXPECT_EQ(store.writes(), 0u);
  EXPECT_THAT(life.checkpoints.WriteNow(), StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
}

TEST(Ingest, WhereEveryMeasureIsNewAllIsCountedFromTheLog) {
  FakeLog log(kPartitions);
  Write(&log, 10, 60);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  Life next(&log, &store, {},
            CompileFeatures(
                {Declare("declined_7d", "card", "count", "", "7d", "txn.status != 'declined'")}));
  EXPECT_EQ(next.report->from, StartUpReport::From::kWholeLog);
  EXPECT_THAT(next.report->why, HasSubstr("new"));
  ASSERT_THAT(next.pump->CatchUp(), IsOk());
  EXPECT_FALSE(next.live.ControlTotals().empty());
}

TEST(Ingest, PartitionsAddedWhileRunningAreCountedFromTheirFirstRecord) {
  FakeLog log(kPartitions);
  Write(&log, 11, 60);
  FakeCheckpointStore store;
  Life life(&log, &store);
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  const size_t before = life.live.ControlTotals().size();
  log.Grow(kPartitions + 2);
  const int64_t now = kNoon + 30 * kDayMs;
  log.Append(kPartitions, now, EventOf(Payment("new1", now, 100, "m9")));
  log.Append(kPartitions + 1, now, EventOf(Payment("new2", now, 200, "m9")));
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  EXPECT_EQ(life.live.partitions(), kPartitions + 2);
  EXPECT_GT(life.live.ControlTotals().size(), before);
  EXPECT_EQ(life.live.ControlTotals(), TotalsOf(&log));
  EXPECT_EQ(life.live.NextOffsets(),
            std::vector<eventlog::Offset>({log.End(0), log.End(1), log.End(2), log.End(3)}));
  ASSERT_THAT(life.checkpoints.WriteNow(), IsOk());
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kCheckpoint);
  EXPECT_EQ(next.live.ControlTotals(), life.live.ControlTotals());
}

TEST(Ingest, ThreadsPumpAndSaveUntilStopped) {
  FakeLog log(kPartitions);
  FakeCheckpointStore store;
  {
    Life life(&log, &store);
    const LiveMetrics metrics(&life.live);
    life.pump->Start();
    Write(&log, 11, 200);
    while (life.live.NextOffsets()[0] < log.End(0) - 5 || store.writes() == 0)
      std::this_thread::yield();
    EXPECT_FALSE(base::Metrics().Collect().empty());
    life.pump->Stop();
    EXPECT_THAT(life.pump->CatchUp(), StatusIs(absl::StatusCode::kCancelled));
    EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
    EXPECT_THAT(life.pump->last_error(), IsOk());
  }
  Life next(&log, &store);
  EXPECT_EQ(next.report->from, StartUpReport::From::kCheckpoint) << next.report->why;
  ASSERT_THAT(next.pump->CatchUp(), IsOk());
  EXPECT_EQ(next.live.ControlTotals(), TotalsOf(&log));
}

TEST(Ingest, ALogThatFailsIsReportedOnceAndSoIsItsRecovery) {
  FakeLog log(kPartitions);
  FakeCheckpointStore store;
  Life life(&log, &store);
  life.pump.reset();
  Pump::Options options;
  options.error_pause = std::chrono::milliseconds(1);
  std::vector<absl::StatusCode> told;
  std::promise<void> well_again;
  options.report = [&](const absl::Status& status) {
    told.push_back(status.code());
    if (status.ok()) well_again.set_value();
  };
  Pump pump({.source = &life.reader,
             .live = &life.live,
             .clock = &life.clock,
             .schedule = &life.schedule,
             .checkpoints = nullptr},
            options);
  life.reader.FailPolls(5, absl::UnavailableError("gone"));
  pump.Start();
  well_again.get_future().wait();
  pump.Stop();
  EXPECT_THAT(told, ::testing::ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kOk));
}

TEST(Ingest, AWriterThatIsBehindMakesRoundsSkipNotWait) {
  FakeLog log(kPartitions);
  FakeCheckpointStore store;
  Life life(&log, &store);
  store.FailWrites(1'000'000, absl::UnavailableError("disk full"));
  life.checkpoints.Start();
  while (life.checkpoints.skipped() < 3) ASSERT_THAT(life.checkpoints.Offer(), IsOk());
  EXPECT_EQ(life.checkpoints.written(), 0u);
  life.checkpoints.Stop();
}

TEST(Ingest, FailpointsStandAroundTheWrite) {
  FakeLog log(kPartitions);
  FakeCheckpointStore store;
  Life life(&log, &store);
  for (const char* place : {"checkpoint.before_write", "checkpoint.after_write"}) {
    ASSERT_THAT(base::ArmFailpoints(std::string(place) + "=error:1:1", ""), IsOk());
    EXPECT_THAT(life.checkpoints.WriteNow(),
                StatusIs(absl::StatusCode::kUnavailable, HasSubstr(place)));
  }
  ASSERT_THAT(base::ArmFailpoints("", ""), IsOk());
  EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
}

}  // namespace
}  // namespace verdict::ingest
