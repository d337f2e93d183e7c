// The disk that the embedded log takes, and how much of it is left, as gauges.
#pragma once

#include "rocks_store/log_db.h"

namespace verdict::rocks_store {

// **Thread-safe.** Registers its gauges when made and removes them when destroyed; `log` must
// outlive it.
class LogMetrics {
 public:
  explicit LogMetrics(const LogDb* log);
  ~LogMetrics();
  LogMetrics(const LogMetrics&) = delete;
  LogMetrics& operator=(const LogMetrics&) = delete;
};

}  // namespace verdict::rocks_store
