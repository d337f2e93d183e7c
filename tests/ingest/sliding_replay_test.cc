// Sliding windows after a start: what the log's last hours give again equals what was never lost,
// and until then nothing is called whole that is not.
#include "ingest/sliding_replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "counters/checkpoint.h"
#include "ingest/pump.h"
#include "ingest/sliding_plan.h"
#include "ingest/start_up.h"
#include "support/fake_checkpoint_store.h"
#include "support/fake_log.h"
#include "support/small_features.h"
#include "support/status_matchers.h"

namespace verdict::ingest {
namespace {

using counters::LiveState;
using feature::Tile;
using namespace verdict::testing;  // NOLINT: the test's own words

constexpr int kPartitions = 2;
constexpr int64_t kNow = kNoon + 3 * kDayMs;

std::shared_ptr<const feature::FeatureSet> SlidingSet() {
  return CompileFeatures(
      {Declare("volume_7d", "merchant", "sum", "txn.amount_base_minor", "7d"),
       Declare("volume_6h", "merchant", "sum", "txn.amount_base_minor", "6h"),
       Declare("count_24h", "card", "count", "", "24h", "txn.status == 'approved'")});
}

// One life of a process.
struct Life {
  explicit Life(FakeLog* log, FakeCheckpointStore* store,
                std::optional<PublishedCut> published = {})
      : reader(*log),
        side_reader(*log),
        live({.features = features,
              .schedule = &schedule,
              .hasher = &hasher,
              .clock = &clock,
              .partitions = kPartitions},
             {}),
        checkpoint(&live),
        checkpoints({.checkpoint = &checkpoint,
                     .store = store,
                     .source = &reader,
                     .live = &live,
                     .sync_log = {}},
                    {}),
        start(StartUp({.source = &reader,
                       .live = &live,
                       .checkpoint = &checkpoint,
                       .store = store,
                       .clock = &clock,
                       .published = std::move(published)})) {
    EXPECT_THAT(start, IsOk());
    absl::StatusOr<SlidingPlan> planned = PlanSliding(&side_reader, live, clock, *start);
    EXPECT_THAT(planned, IsOk());
    plan = *planned;
    replay = std::make_unique<SlidingReplay>(
        SlidingReplay::Parts{.source = &side_reader, .live = &live}, plan,
        SlidingReplay::Options{.records_per_step = 5,
                               .poll_wait = std::chrono::milliseconds(0),
                               .error_pause = std::chrono::milliseconds(1)});
    pump = std::make_unique<Pump>(
        Pump::Parts{.source = &reader, .live = &live, .clock = &clock, .schedule = &schedule},
        Pump::Options{.records_per_step = 7, .warm_until = start->warm_until});
  }
  void Finish() {
    while (*replay->Step()) {
    }
    EXPECT_TRUE(replay->WaitFor(std::chrono::milliseconds(0)));
  }
  // A window of a sliding measure and one of its keys.
  Tile Read(size_t measure, const std::string& id, const feature::SlidingWindow& window,
            uint16_t* reasons) {
    const feature::SlidingMeasure& of = features->sliding_measures()[measure];
    const model::EntityKey key = hasher.Entity(features->entities()[of.entity].name, id);
    std::vector<std::optional<model::EntityKey>> keys = {key};
    LiveState::View view(live, {.payment = live.PaymentKey("nobody"), .entities = keys});
    Tile total;
    *reasons = view.ReadSliding(of.hash, key, window, &total);
    return total;
  }
  size_t MeasureOf(const std::string& id) const {
    const auto& measures = features->sliding_measures();
    const char* const entity = id[0] == 'm' ? "merchant" : "card";
    return features->entities()[measures[0].entity].name == entity ? 0 : 1;
  }
  uint16_t Reasons(int64_t after_ms) {
    uint16_t reasons = 0;
    Read(MeasureOf("m0"), "m0", {after_ms, kNow}, &reasons);
    return reasons;
  }

  base::ManualClock clock{kNow};
  model::KeyHasher hasher{base::SipKey{1, 2}};
  std::shared_ptr<const feature::FeatureSet> features = SlidingSet();
  eventlog::CutSchedule schedule{features->calendar()};
  FakeLogReader reader, side_reader;
  LiveState live;
  counters::Checkpoint checkpoint;
  CheckpointThread checkpoints;
  absl::StatusOr<StartUpReport> start;
  SlidingPlan plan;
  std::unique_ptr<SlidingReplay> replay;
  std::unique_ptr<Pump> pump;
};

// Three days up to now: repeats near and far, late and early events, refunds, noise and holes.
void Write(FakeLog* log, uint64_t seed, int events) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  std::vector<std::pair<int, model::Event>> written;
  for (int i = 0; i < events; ++i) {
    const int64_t now_ms = kNoon + (kNow - kNoon) * i / events;
    const int partition = static_cast<int>(below(kPartitions));
    const int64_t what = below(20);
    if (what == 0) log->AppendUnreadable(partition, now_ms, "noise");
    if (what == 1) log->AppendAborted(partition, now_ms);
    if (what <= 1) continue;
    if (what <= 5 && !written.empty()) {
      const auto back = static_cast<size_t>(below(std::min<uint64_t>(written.size(), 60)));
      const auto& [same, event] = written[written.size() - 1 - back];
      model::Event again = event;
      if (what == 5) again.txn.event_time_ms = now_ms;  // the same id, and another time
      log->Append(same, now_ms, again);
      continue;
    }
    const int64_t shift_ms = what <= 8   ? -below(30 * kHourMs)
                             : what == 9 ? below(8 * kMinuteMs)
                                         : 0;
    model::Event event = EventOf(Payment(
        "t" + std::to_string(i), now_ms + shift_ms, below(1000), "m" + std::to_string(below(2)),
        "c" + std::to_string(below(3)), below(5) == 0 ? "declined" : "approved"));
    if (what == 12) event.kind = model::EventKind::kRefund;
    if (what == 13) event.kind = model::EventKind::kReversal;
    written.emplace_back(partition, event);
    log->Append(partition, now_ms, event);
  }
}

// Where `life` says nothing it says what `whole` says, which has read everything: over windows of
// all lengths, and just at the edges that the plan speaks of. How many it said nothing about.
int Compare(Life* whole, Life* life, const char* when) {
  std::vector<int64_t> begins;
  for (int64_t ago_ms = 0; ago_ms <= 25 * kHourMs; ago_ms += 20 * kMinuteMs) {
    begins.push_back(kNow - ago_ms);
  }
  const SlidingPlan& plan = life->plan;
  for (const int64_t edge_ms : {plan.from_ms_before, plan.from_ms_after}) {
    if (edge_ms == INT64_MIN || edge_ms < kNow - 25 * kHourMs) continue;
    for (const int64_t delta_ms : {-1L, 0L, kMinuteMs}) begins.push_back(edge_ms + delta_ms);
  }
  int whole_windows = 0;
  for (const int64_t after_ms : begins) {
    for (const std::string id : {"m0", "m1", "c0", "c1", "c2"}) {
      const size_t measure = whole->MeasureOf(id);
      // The merchant's measure is kept for six hours, and an hour.
      if (id[0] == 'm' && after_ms < kNow - 7 * kHourMs) continue;
      uint16_t expected_reasons = 0, reasons = 0;
      const Tile expected = whole->Read(measure, id, {after_ms, kNow}, &expected_reasons);
      const Tile found = life->Read(measure, id, {after_ms, kNow}, &reasons);
      EXPECT_TRUE(expected_reasons == 0 || expected_reasons == model::kPartialTooOld);
      if (reasons != 0 || expected_reasons != 0) continue;
      ++whole_windows;
      EXPECT_TRUE(found == expected)
          << when << ": " << id << " from " << kNow - after_ms << " ms ago: " << found.count
          << ", expected " << expected.count;
    }
  }
  return whole_windows;
}

struct Worlds {
  explicit Worlds(uint64_t seed) : random(seed), log(kPartitions) {
    Write(&log, seed, 400);
    whole = std::make_unique<Life>(&log, &nowhere);
    EXPECT_TRUE(whole->plan.nothing());
    whole->Finish();
    EXPECT_THAT(whole->pump->CatchUp(), IsOk());
  }
  // A checkpoint somewhere on the way.
  void Save(FakeCheckpointStore* store) {
    Life life(&log, store);
    const uint64_t steps = 1 + random() % 50;
    for (uint64_t i = 0; i < steps; ++i) EXPECT_THAT(life.pump->Step(), IsOk());
    EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  // A checkpoint of all the log.
  void SaveAtTheEnd(FakeCheckpointStore* store) {
    Life life(&log, store);
    EXPECT_THAT(life.pump->CatchUp(), IsOk());
    EXPECT_THAT(life.checkpoints.WriteNow(), IsOk());
  }
  PublishedCut CutAt(int days_ago) {
    const feature::CutId cut = whole->schedule.EpochOf(kNow) - days_ago;
    PublishedCut published{.cut = cut, .time_ms = whole->schedule.CutTimeMs(cut), .offsets = {}};
    for (int p = 0; p < kPartitions; ++p) {
      published.offsets.push_back(log.FirstAtOrAfter(p, published.time_ms).value_or(log.End(p)));
    }
    return published;
  }
  std::mt19937_64 random;
  FakeLog log;
  FakeCheckpointStore nowhere;
  std::unique_ptr<Life> whole;
};

TEST(SlidingReplay, GivesBackAfterACheckpointOrACutWhatWasNeverLost) {
  int rebuilding = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Worlds worlds(seed);
    FakeCheckpointStore saved;
    worlds.Save(&saved);
    FakeCheckpointStore empty;
    std::optional<PublishedCut> cut;
    if (seed % 3 == 0) cut = worlds.CutAt(static_cast<int>(seed % 2));
    Life life(&worlds.log, cut ? &empty : &saved, cut);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    int silent = Compare(worlds.whole.get(), &life, "before");
    while (*life.replay->Step()) {
      const int now_silent = Compare(worlds.whole.get(), &life, "while it reads");
      EXPECT_GE(now_silent, silent);
      silent = now_silent;
    }
    const int all = Compare(worlds.whole.get(), worlds.whole.get(), "the whole itself");
    rebuilding += silent < all ? 1 : 0;
    EXPECT_GE(Compare(worlds.whole.get(), &life, "after"), all);
  }
  EXPECT_GT(rebuilding, 10) << "many lives had something to rebuild";
}

TEST(SlidingReplay, ReadsTheWindowsAndTheIdsBeforeThemAndNoMore) {
  Worlds worlds(5);
  FakeCheckpointStore saved;
  worlds.SaveAtTheEnd(&saved);
  Life life(&worlds.log, &saved);
  const int64_t from_ms = kNow - 24 * kHourMs - counters::kSlidingLateMs - 5 * kMinuteMs;
  for (int p = 0; p < kPartitions; ++p) {
    const SlidingPlan::Range& range = life.plan.ranges[static_cast<size_t>(p)];
    EXPECT_EQ(range.count_from, *worlds.log.FirstAtOrAfter(p, from_ms));
    EXPECT_EQ(range.read_from, *worlds.log.FirstAtOrAfter(p, from_ms - eventlog::kDedupWarmUpMs));
    EXPECT_EQ(range.until, worlds.log.End(p));
  }
  EXPECT_EQ(life.plan.from_ms_after, from_ms + 5 * kMinuteMs);
  EXPECT_EQ(life.plan.reasons_after, 0);
  life.Finish();
  EXPECT_LT(life.replay->records(), 200u);
}

TEST(SlidingReplay, WhatRetentionTookIsNeverCalledWhole) {
  int log_gone = 0;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Worlds worlds(seed);
    FakeCheckpointStore saved, empty;
    worlds.Save(&saved);
    for (int p = 0; p < kPartitions; ++p) {
      const int64_t end = worlds.log.End(p);
      worlds.log.Retain(p, end / 2 + static_cast<int64_t>(worlds.random() % 100));
    }
    Life life(&worlds.log, seed % 2 == 0 ? &saved : &empty);
    ASSERT_THAT(life.pump->CatchUp(), IsOk());
    Compare(worlds.whole.get(), &life, "before");
    life.Finish();
    log_gone += life.plan.reasons_after == model::kPartialLogGone ? 1 : 0;
    Compare(worlds.whole.get(), &life, "after");
    EXPECT_EQ(life.Reasons(kNow - kDayMs) & model::kPartialRebuilding, 0) << "it is over";
  }
  EXPECT_GT(log_gone, 10);
}

TEST(SlidingReplay, RetentionThatPassesWhileItReadsIsSaid) {
  Worlds worlds(3);
  FakeCheckpointStore saved;
  worlds.SaveAtTheEnd(&saved);
  Life life(&worlds.log, &saved);
  ASSERT_TRUE(*life.replay->Step());
  worlds.log.Retain(0, worlds.log.End(0) - 5);
  life.Finish();
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  Compare(worlds.whole.get(), &life, "after");
  EXPECT_EQ(life.Reasons(kNow - 6 * kHourMs), model::kPartialLogGone);
}

TEST(SlidingReplay, GoesOnAfterFaultsOnAThreadOfItsOwn) {
  Worlds worlds(7);
  FakeCheckpointStore saved;
  worlds.SaveAtTheEnd(&saved);
  Life life(&worlds.log, &saved);
  std::promise<void> well_again;
  std::vector<absl::StatusCode> told;
  SlidingReplay::Options options;
  options.error_pause = std::chrono::milliseconds(1);
  options.report = [&](const absl::Status& status) {
    told.push_back(status.code());
    if (status.ok()) well_again.set_value();
  };
  life.side_reader.FailPolls(3, absl::UnavailableError("gone"));
  SlidingReplay replay({.source = &life.side_reader, .live = &life.live}, life.plan, options);
  replay.Start();
  ASSERT_THAT(life.pump->CatchUp(), IsOk());
  well_again.get_future().wait();
  EXPECT_TRUE(replay.WaitFor(std::chrono::seconds(60)));
  replay.Stop();
  EXPECT_THAT(told, ::testing::ElementsAre(absl::StatusCode::kUnavailable, absl::StatusCode::kOk));
  EXPECT_GE(Compare(worlds.whole.get(), &life, "after"),
            Compare(worlds.whole.get(), worlds.whole.get(), "the whole itself"));
}

TEST(SlidingReplay, OfASetWithoutSlidingWindowsReadsNothing) {
  FakeLog log(kPartitions);
  FakeLogReader reader(log);
  base::ManualClock clock{kNow};
  model::KeyHasher hasher{base::SipKey{1, 2}};
  const auto features = CompileFeatures(SmallDeclarations());
  const eventlog::CutSchedule schedule(features->calendar());
  LiveState live({.features = features,
                  .schedule = &schedule,
                  .hasher = &hasher,
                  .clock = &clock,
                  .partitions = kPartitions},
                 {});
  const absl::StatusOr<SlidingPlan> plan = PlanSliding(&reader, live, clock, {});
  ASSERT_THAT(plan, IsOk());
  EXPECT_TRUE(plan->nothing());
  SlidingReplay replay({.source = &reader, .live = &live}, *plan, {});
  EXPECT_FALSE(*replay.Step());
}

}  // namespace
}  // namespace verdict::ingest
