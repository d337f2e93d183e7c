// The thread that lets go of epochs, and of the head of the log.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "ingest/dropper.h"
#include "ingest/log_trim.h"

namespace verdict::ingest {

// **Thread-safe.** Runs from Start() until destroyed or Stop(), between two steps.
class DropThread {
 public:
  struct Options {
    // Between two steps of work: payments first. A low priority would not do: who is preempted with
    // a stripe in hand keeps the Scores waiting that need it.
    std::chrono::milliseconds breath{1};
    std::chrono::milliseconds pause{1000};        // where there is nothing to do
    std::chrono::milliseconds retry_after{2000};  // after an error
    // Told on the thread where steps begin to fail, fail otherwise, or go well again. May be empty.
    std::function<void(const absl::Status&)> report = {};
  };
  // `trim` may be null: whoever keeps the log removes its head.
  DropThread(std::unique_ptr<Dropper> dropper, std::unique_ptr<LogTrim> trim, Options options);
  ~DropThread();
  void Start();
  void Stop() EXCLUDES_LOCK(mutex_);

 private:
  void Run() EXCLUDES_LOCK(mutex_);
  absl::StatusOr<bool> Step();
  bool stopping() const EXCLUDES_LOCK(mutex_);

  std::unique_ptr<Dropper> dropper_;  // the thread's alone, and so is what follows
  std::unique_ptr<LogTrim> trim_;
  Options options_;
  mutable base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<bool> failing_{false};
  std::thread thread_;
};

}  // namespace verdict::ingest
