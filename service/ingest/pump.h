// The one thread that moves events from the log into live state.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "counters/live_state.h"
#include "eventlog/event_source.h"
#include "eventlog/rules_of_the_log.h"
#include "ingest/checkpoint_thread.h"
#include "ingest/side_replay.h"

namespace verdict::ingest {

// **Thread-safe** where a function says so; the others belong to one thread, which is the pump's
// own once it was started. What it is given must outlive it. The source is assigned by StartUp().
class Pump {
 public:
  struct Parts {
    eventlog::EventSource* source = nullptr;
    counters::LiveState* live = nullptr;
    base::Clock* clock = nullptr;
    const eventlog::CutSchedule* schedule = nullptr;
    CheckpointThread* checkpoints = nullptr;  // may be null
    std::unique_ptr<SideReplay> side = {};    // measures that are counted beside the others
  };
  struct Options {
    size_t records_per_step = 512;
    std::chrono::milliseconds poll_wait{20};
    std::chrono::milliseconds error_pause{200};  // after a poll that failed
    // After a step that found little, so that the next finds more. The overlay counts meanwhile
    // what was scored here.
    std::chrono::milliseconds linger{2};
    // StartUpReport: of records below these offsets the ids alone are remembered. Empty: none.
    std::vector<eventlog::Offset> warm_until;
    // Told on the thread where steps begin to fail, fail otherwise, or go well again. May be empty.
    std::function<void(const absl::Status&)> report = {};
    // Told on the apply thread once Parts::side has caught up, with how many records it took. May
    // be empty.
    std::function<void(uint64_t)> joined = {};
  };

  Pump(Parts parts, Options options);
  ~Pump();  // stops

  // Reads up to records_per_step records and applies them; lets go of what is old; offers a
  // checkpoint. How many records. Errors: the source's; what was read before is applied.
  absl::StatusOr<size_t> Step();
  // Steps until everything is applied that the log held when this was called, and as_of() says so.
  // Errors: the source's; Cancelled by Cancel() and Stop().
  absl::Status CatchUp();
  void Cancel();  // Thread-safe, beside Start() and Stop() too.

  // Who decides from here on keeps the decisions himself: those of the log are read no more.
  void Start();
  void Stop();  // Waits for the step under way. On the thread that calls Start().

  // Thread-safe.
  absl::Status last_error() const;  // of the last step of the thread
  uint64_t records() const { return records_.load(std::memory_order_relaxed); }

 private:
  // Everything that the log held at `moment_ms` lies below `ends`.
  struct Probe {
    int64_t moment_ms = 0;
    feature::CutId epoch = 0;
    std::vector<eventlog::Offset> ends;
  };

  void Run();
  absl::Status FollowNewPartitions();
  void Take(const eventlog::LogRecord& record);
  void Observe(const eventlog::LogRecord& record);
  absl::StatusOr<Probe> BeginProbe();
  bool Reached(const Probe& probe) const;
  void Complete(const Probe& probe);
  bool AllWarm() const;
  void EndWarmUp();
  absl::Status StepBeside();

  Parts parts_;
  Options options_;
  base::Counter records_total_, errors_total_;

  std::vector<eventlog::LogRecord> batch_;
  std::vector<eventlog::Offset> seen_next_;  // warm-up: behind the last record read
  bool warming_;
  std::optional<Probe> probe_;

  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> records_{0};
  std::thread thread_;
  mutable base::Mutex mutex_;
  base::CondVar wake_;
  absl::Status last_error_ GUARDED_BY(mutex_);
};

}  // namespace verdict::ingest
