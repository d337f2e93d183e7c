// One process of the simulated service: real live state, pump, checkpoints, decider and cache over
// faked disks. A crash destroys it; the disks stay.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aggregate/blob_cache.h"
#include "aggregate/folder.h"
#include "base/clock.h"
#include "base/published.h"
#include "counters/checkpoint.h"
#include "counters/live_state.h"
#include "decide/decider.h"
#include "ingest/checkpoint_thread.h"
#include "ingest/day_imports.h"
#include "ingest/dropper.h"
#include "ingest/pump.h"
#include "ingest/sliding_replay.h"
#include "ingest/start_up.h"
#include "ruleset/rule_set.h"
#include "support/fake_aggregate_store.h"
#include "support/fake_checkpoint_store.h"
#include "support/fake_log.h"
#include "support/manual_timer.h"

namespace verdict::simulator {

inline constexpr int kPartitions = 3;

// What outlives a crash.
struct Disks {
  explicit Disks(int64_t now_ms, const model::BusinessCalendar& calendar)
      : clock(now_ms), log(kPartitions), schedule(calendar), hasher({3, 5}) {}
  base::ManualClock clock;
  testing::FakeLog log;
  testing::FakeAggregateStore blobs;
  std::unique_ptr<testing::FakeCheckpointStore> checkpoints =
      std::make_unique<testing::FakeCheckpointStore>();
  eventlog::CutSchedule schedule;
  model::KeyHasher hasher;
  base::Published<ruleset::RuleSet> rules;
  std::shared_ptr<const ruleset::RuleSet> set;
};

// Puts payments into the log at once, or when it is told to. What it holds dies with it.
class Appender : public eventlog::EventAppender {
 public:
  using Put = std::function<void(const eventlog::AppendRequest&)>;
  explicit Appender(Put put) : put_(std::move(put)) {}
  ~Appender() override { Drop(); }
  void Hold(bool hold) { hold_ = hold; }
  void Append(const model::Event& event, const model::Decision* decision,
              eventlog::OnAppended done) override {
    eventlog::AppendRequest request{event, std::nullopt, std::move(done)};
    if (decision != nullptr) request.decision = *decision;
    held_.push_back(std::move(request));
    if (!hold_) Release();
  }
  void Release() {
    for (; !held_.empty(); held_.pop_front()) {
      put_(held_.front());
      held_.front().done(absl::OkStatus());
    }
  }
  void Drop() {
    for (; !held_.empty(); held_.pop_front()) held_.front().done(absl::UnavailableError("crashed"));
  }
  bool empty() const { return held_.empty(); }

 private:
  Put put_;
  bool hold_ = false;
  std::deque<eventlog::AppendRequest> held_;
};

struct Process {
  Process(Disks* disks, const counters::LiveOptions& options, Appender::Put put)
      : reader(disks->log),
        sliding_reader(disks->log),
        live({.features = disks->set->features,
              .schedule = &disks->schedule,
              .hasher = &disks->hasher,
              .clock = &disks->clock,
              .partitions = kPartitions},
             options),
        checkpoint(&live),
        cache(&disks->blobs, {}),
        appender(std::move(put)),
        checkpoints({.checkpoint = &checkpoint,
                     .store = disks->checkpoints.get(),
                     .source = &reader,
                     .live = &live,
                     .sync_log = {}},
                    {}) {}

  testing::FakeLogReader reader, sliding_reader;
  counters::LiveState live;
  counters::Checkpoint checkpoint;
  aggregate::BlobCache cache;
  testing::ManualTimer timer;
  std::optional<decide::Decider>
      decider;  // before the appender goes, it has been given back what it held
  Appender appender;
  ingest::CheckpointThread checkpoints;
  std::optional<ingest::Pump> pump;
  std::optional<ingest::DayImports> imports;
  std::optional<ingest::Dropper> dropper;
  std::optional<ingest::SlidingReplay> sliding;
  ~Process() {
    appender.Drop();
    decider.reset();
  }
};

}  // namespace verdict::simulator
