// What each operation on Redis took, and how often it failed.
#pragma once

#include <chrono>

#include "base/metrics.h"

namespace verdict::redis_store {

// **Thread-safe.** One operation: "get", "get_now", "put", "manifest", "manifest_cas", "scan",
// "check".
class OperationMetrics {
 public:
  explicit OperationMetrics(const char* op)
      : seconds_(base::Metrics().AddHistogram("verdict_agg_store_seconds",
                                              "Time of operations on the store of aggregates.",
                                              {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                               0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60},
                                              {{"op", op}})),
        errors_(base::Metrics().AddCounter(
            "verdict_agg_store_errors_total",
            "Operations on the store of aggregates that failed, wholly or in part.",
            {{"op", op}})) {}
  void Observe(std::chrono::steady_clock::duration took) const {
    seconds_.Observe(std::chrono::duration<double>(took).count());
  }
  void Fail() const { errors_.Add(); }

 private:
  base::Histogram seconds_;
  base::Counter errors_;
};

// Observes the time of a scope.
class Stopwatch {
 public:
  explicit Stopwatch(const OperationMetrics& metrics) : metrics_(metrics) {}
  ~Stopwatch() { metrics_.Observe(std::chrono::steady_clock::now() - start_); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  const OperationMetrics& metrics_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace verdict::redis_store
