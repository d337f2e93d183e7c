// A thread that looks at the store of aggregates every so often.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace verdict {

// Thread-safe. Runs from Start() until destroyed or Stop(), which waits for the look under way.
class StoreWatch {
 public:
  StoreWatch(std::chrono::milliseconds every, std::function<void()> look);
  ~StoreWatch();
  void Start();
  void Stop() EXCLUDES_LOCK(mutex_);

 private:
  void Run() EXCLUDES_LOCK(mutex_);

  const std::chrono::milliseconds every_;
  const std::function<void()> look_;
  base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace verdict
