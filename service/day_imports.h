// Follows the imports of others (DAY mode, R5): a newer one is taken up without a restart.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <thread>

#include "absl/status/status.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/day_watch.h"
#include "base/mutex.h"
#include "counters/live_state.h"

namespace verdict {

// **Thread-safe** but for Look(), which belongs to one thread: that of the caller until Start(),
// then its own.
class DayImports {
 public:
  struct Options {
    aggregate::DayWatch::Options watch;
    std::chrono::milliseconds look_every{5000};
    // Told where looking begins to fail, fails otherwise, or goes well again. May be empty.
    std::function<void(const absl::Status&)> report = {};
  };
  // Both must outlive it.
  DayImports(aggregate::AggregateStore* store, counters::LiveState* live, Options options);
  ~DayImports();

  // Reads the manifests of all measures, and tells live state. The first time before anything else
  // is read from the store, and before records are counted. Errors: the store's; what was known
  // before goes on.
  absl::Status Look();
  void Start();
  void Stop() EXCLUDES_LOCK(mutex_);

 private:
  void Run() EXCLUDES_LOCK(mutex_);
  void Tell(uint64_t measure_hash, const feature::DayMode& mode);

  aggregate::AggregateStore* store_;
  counters::LiveState* live_;
  Options options_;
  std::map<uint64_t, aggregate::DayWatch> watches_;  // by measure hash
  base::Mutex mutex_;
  base::CondVar wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace verdict
