// Reads the last hours of the log once more after a start, into sliding windows alone, while
// everything else goes on.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "counters/live_state.h"
#include "counters/sliding_rebuild.h"
#include "eventlog/event_source.h"
#include "ingest/sliding_plan.h"

namespace verdict::ingest {

// Until it is done, answers over windows that reach further back than what the apply thread has
// counted say PARTIAL(rebuilding). **Thread-safe** where a function says so; the others belong to
// one thread, which is the replay's own once it was started. What it is given must outlive it.
class SlidingReplay {
 public:
  struct Parts {
    eventlog::EventSource* source = nullptr;  // of the replay's own
    counters::LiveState* live = nullptr;
  };
  struct Options {
    size_t records_per_step = 4096;
    std::chrono::milliseconds poll_wait{20};
    std::chrono::milliseconds error_pause{200};
    // Told on the thread where steps begin to fail, fail otherwise, or go well again. May be empty.
    std::function<void(const absl::Status&)> report = {};
  };

  // Says from here on what `plan` says of windows.
  SlidingReplay(const Parts& parts, SlidingPlan plan, Options options);
  ~SlidingReplay();  // stops

  // Reads up to records_per_step records. False: all is read, and answers are whole. Errors: the
  // source's; the next step tries again.
  absl::StatusOr<bool> Step();

  void Start();
  void Cancel();  // Thread-safe: the step under way is the last.
  void Stop();    // Cancels, and waits.
  // Thread-safe. Whether all is read, or becomes so within `timeout`; comes back early where it was
  // cancelled.
  bool WaitFor(std::chrono::milliseconds timeout);
  uint64_t records() const { return records_.load(std::memory_order_relaxed); }  // Thread-safe.

 private:
  absl::Status Begin();
  bool AllRead() const;
  absl::Status ParkFinished();
  absl::Status Finish();
  void Run();

  Parts parts_;
  SlidingPlan plan_;
  Options options_;
  std::unique_ptr<counters::SlidingRebuild> rebuild_;  // from Begin() to Finish()
  std::vector<eventlog::Offset> next_;                 // by partition
  std::vector<eventlog::LogRecord> batch_;

  std::atomic<uint64_t> records_{0};
  std::thread thread_;
  base::Mutex mutex_;
  base::CondVar changed_;
  bool done_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace verdict::ingest
