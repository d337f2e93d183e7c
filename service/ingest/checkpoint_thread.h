// Saves live state every few seconds: copied by the apply thread, written by a thread of its own
// (R31).
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "counters/checkpoint.h"
#include "counters/checkpoint_store.h"
#include "eventlog/event_source.h"

namespace verdict::ingest {

// Failpoints: checkpoint.before_write, checkpoint.after_write.
// **Thread-safe.** Offer() and WriteNow() belong to the apply thread. What it is given must outlive
// it.
class CheckpointThread {
 public:
  // Makes the log durable as far as it was applied (R32); runs on the writing thread.
  using SyncLog = std::function<absl::Status()>;
  struct Parts {
    counters::Checkpoint* checkpoint = nullptr;
    counters::CheckpointStore* store = nullptr;
    eventlog::EventSource* source = nullptr;  // the apply thread's: for identities
    const counters::LiveState* live = nullptr;
    SyncLog sync_log;  // may be empty
  };
  struct Options {
    std::chrono::milliseconds period{5000};
    // Told on the writing thread where writes begin to fail, fail otherwise, or go well again. May
    // be empty.
    std::function<void(const absl::Status&)> report = {};
  };

  CheckpointThread(Parts parts, const Options& options);
  ~CheckpointThread();  // stops

  void Start();
  // Ends the thread after the write under way, if any. Nothing is collected any more.
  void Stop();

  // While held, nothing is collected: the state is not whole yet (ids of a cold start). Of the
  // apply thread.
  void Hold() { held_ = true; }
  void Release() { held_ = false; }

  // Between two events: collects where a period has passed and the writer is idle; skips the round
  // where it is not (counted). Errors: those of EventSource::Identity, and nothing was collected.
  absl::Status Offer();
  // Collects and writes, on the calling thread. REQUIRES: Start() was not called, or Stop() was.
  // Errors: also FailedPrecondition while held.
  absl::Status WriteNow();

  uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }
  // Where a restart from the last written checkpoint reads on, by partition; nothing before one was
  // written here.
  std::optional<std::vector<eventlog::Offset>> saved_next() const EXCLUDES_LOCK(mutex_);
  absl::Status last_error() const;  // of the last write; OK once one has gone well again

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  void Run();
  absl::Status ReadIdentities();
  // Writes `batch`, however often it was tried before.
  absl::Status Write(const counters::CheckpointBatch& batch);

  Parts parts_;
  Options options_;
  base::Histogram seconds_;
  base::Counter dirty_cells_, skipped_total_, failed_total_;

  // Of the apply thread.
  std::vector<eventlog::LogIdentity> identities_;
  SteadyTime next_round_{};
  bool held_ = false;

  std::atomic<uint64_t> written_{0}, skipped_{0};
  std::atomic<int64_t> last_written_ns_;  // steady clock

  std::thread thread_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  // Collected, not yet written. It stays until it is: what it holds is in no later batch.
  std::optional<counters::CheckpointBatch> pending_ GUARDED_BY(mutex_);
  bool running_ GUARDED_BY(mutex_) = false;
  std::optional<std::vector<eventlog::Offset>> saved_next_ GUARDED_BY(mutex_);
  absl::Status last_error_ GUARDED_BY(mutex_);
};

}  // namespace verdict::ingest
