// One life of a process over a fake log, and a log to live on: what the tests of this room share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "counters/checkpoint.h"
#include "ingest/checkpoint_thread.h"
#include "ingest/pump.h"
#include "ingest/start_up.h"
#include "support/fake_checkpoint_store.h"
#include "support/fake_log.h"
#include "support/small_features.h"
#include "support/status_matchers.h"

namespace verdict::ingest {

using namespace verdict::testing;  // NOLINT: the test's own words

inline constexpr int kPartitions = 2;

// One life of a process: from StartUp to a crash or the end of the test.
struct Life {
  Life(FakeLog* log, FakeCheckpointStore* store, std::optional<PublishedCut> published = {},
       std::shared_ptr<const feature::FeatureSet> set = nullptr,
       std::vector<uint64_t> unpublished = {})
      : features(set ? std::move(set) : CompileFeatures(SmallDeclarations())),
        schedule(features->calendar()),
        reader(*log),
        live({.features = features,
              .schedule = &schedule,
              .hasher = &hasher,
              .clock = &clock,
              .partitions = log->partitions()},
             {}),
        checkpoint(&live),
        checkpoints({.checkpoint = &checkpoint,
                     .store = store,
                     .source = &reader,
                     .live = &live,
                     .sync_log = {}},
                    {.period = std::chrono::milliseconds(1)}),
        report(StartUp({.source = &reader,
                        .live = &live,
                        .checkpoint = &checkpoint,
                        .store = store,
                        .clock = &clock,
                        .published = std::move(published),
                        .unpublished = std::move(unpublished)})) {
    EXPECT_THAT(report, IsOk());
    std::unique_ptr<SideReplay> side;
    if (!report->side.measures.empty()) {
      auto begun = SideReplay::Begin(report->side, std::make_unique<FakeLogReader>(*log), &live,
                                     counters::LiveOptions().dedup_ids_per_partition);
      EXPECT_THAT(begun, IsOk());
      side = *std::move(begun);
    }
    pump = std::make_unique<Pump>(Pump::Parts{.source = &reader,
                                              .live = &live,
                                              .clock = &clock,
                                              .schedule = &schedule,
                                              .checkpoints = &checkpoints,
                                              .side = std::move(side)},
                                  Pump::Options{.records_per_step = 7,
                                                .warm_until = report->warm_until,
                                                .joined = [this](uint64_t) { joined = true; }});
  }

  base::ManualClock clock{kNoon + 10 * kDayMs};
  model::KeyHasher hasher{base::SipKey{1, 2}};
  std::shared_ptr<const feature::FeatureSet> features;
  eventlog::CutSchedule schedule;
  FakeLogReader reader;
  counters::LiveState live;
  counters::Checkpoint checkpoint;
  CheckpointThread checkpoints;
  absl::StatusOr<StartUpReport> report;
  bool joined = false;  // new measures count with the others
  std::unique_ptr<Pump> pump;
};

// A few days of payments, refunds, duplicates near and far, late events and noise.
inline void Write(FakeLog* log, uint64_t seed, int events, int64_t from_ms = kNoon) {
  std::mt19937_64 random(seed);
  int64_t now = from_ms;
  std::vector<std::pair<int, model::Event>> written;
  for (int i = 0; i < events; ++i) {
    now += static_cast<int64_t>(random() % (20 * kMinuteMs));
    const int partition = static_cast<int>(random() % kPartitions);
    const uint64_t what = random() % 20;
    if (what == 0) {
      log->AppendUnreadable(partition, now, "noise");
    } else if (what == 1) {
      log->AppendAborted(partition, now);
    } else if (what <= 4 && !written.empty()) {
      const auto& [same, event] =
          written[written.size() - 1 - random() % std::min<size_t>(written.size(), 30)];
      log->Append(same, now, event);
    } else {
      model::Transaction txn =
          Payment("s" + std::to_string(seed) + "/" + std::to_string(i),
                  now - (what == 5 ? 2 * kDayMs : 0), static_cast<int64_t>(random() % 1000),
                  "m" + std::to_string(random() % 3), "c" + std::to_string(random() % 5));
      const auto kind = what == 6 ? model::EventKind::kRefund : model::EventKind::kPayment;
      written.emplace_back(
          partition, EventOf(std::move(txn), kind, kind == model::EventKind::kRefund ? 1 : 0));
      log->Append(partition, now, written.back().second);
    }
  }
}

}  // namespace verdict::ingest
