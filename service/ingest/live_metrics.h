// What live state holds and costs, and where it began to count, as gauges.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "counters/live_state.h"

namespace verdict::ingest {

// **Thread-safe.** Registers its gauges when made, once the state has its place in the log, and
// removes them when destroyed; `live` must outlive it.
class LiveMetrics {
 public:
  explicit LiveMetrics(const counters::LiveState* live);
  ~LiveMetrics();
  LiveMetrics(const LiveMetrics&) = delete;
  LiveMetrics& operator=(const LiveMetrics&) = delete;

 private:
  using Read = std::function<double(const counters::LiveSizes&)>;
  void Add(const std::string& name, const std::string& help, base::MetricLabels labels, Read read);
  void AddFirstOffsets();
  // One walk over the stripes serves all gauges of a scrape.
  counters::LiveSizes Sizes();

  const counters::LiveState* live_;
  std::vector<std::pair<std::string, base::MetricLabels>> gauges_;
  base::Mutex mutex_;
  std::chrono::steady_clock::time_point taken_ GUARDED_BY(mutex_){};
  counters::LiveSizes sizes_ GUARDED_BY(mutex_);
};

}  // namespace verdict::ingest
