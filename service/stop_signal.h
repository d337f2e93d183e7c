// SIGTERM and SIGINT as something that can be waited for and asked about.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace verdict {

// **Thread-safe.** Made first, before any other thread, so that all of them leave the signals to
// it. Ignores SIGPIPE.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  bool requested() const { return requested_.load(std::memory_order_acquire); }
  // True once a stop is requested; false after `timeout`.
  bool WaitFor(std::chrono::milliseconds timeout) EXCLUDES_LOCK(mutex_);
  // Called on the signal's thread at the first request; at once where there was one.
  void OnRequest(std::function<void()> what) EXCLUDES_LOCK(mutex_);

 private:
  void Run();

  std::atomic<bool> requested_{false};
  std::atomic<bool> ending_{false};
  base::Mutex mutex_;
  base::CondVar changed_;
  std::function<void()> on_request_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace verdict
