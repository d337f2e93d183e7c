// How far a source has come, for Prometheus: from what librdkafka knows already, nobody is asked.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "base/metrics.h"
#include "eventlog/event_source.h"
#include "kafka_log/client.h"

namespace verdict::kafka_log {

// Of one thread, but for what scrapes read. One a process: gauges have no name of their source.
// verdict_agg_{lag_seconds,lag_records,next_offset,retention_margin_seconds}{partition},
// verdict_dependency_up{dependency="kafka"}, verdict_kafka_errors_total{reason}.
class SourceMetrics {
 public:
  // `reader` must outlive it. `retention_ms`: of the topic; nothing: for ever, or unknown.
  SourceMetrics(Client* reader, std::string topic, std::optional<int64_t> retention_ms);
  ~SourceMetrics();
  SourceMetrics(const SourceMetrics&) = delete;
  SourceMetrics& operator=(const SourceMetrics&) = delete;

  void Grow(int partitions);
  // kParked: it is not read. `newest_ms`: record time of what was read last, or kNoFloor.
  void Note(eventlog::Partition partition, eventlog::Offset next, int64_t newest_ms);
  void CountError(const absl::Status& status) const;

 private:
  struct One {
    eventlog::Partition partition = 0;
    std::atomic<eventlog::Offset> next{eventlog::kParked};
    std::atomic<int64_t> newest_ms{eventlog::kNoFloor};
  };
  void AddGauges(const One& one);
  void Add(const char* name, const char* help, const One& one,
           double (SourceMetrics::*read)(const One&) const);
  double NextOffset(const One& one) const;
  double LagRecords(const One& one) const;
  double LagSeconds(const One& one) const;
  double MarginSeconds(const One& one) const;

  Client* const reader_;
  const std::string topic_;
  const std::optional<int64_t> retention_ms_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  base::Counter unavailable_, removed_, tail_lost_;
  std::deque<One> ones_;
};

}  // namespace verdict::kafka_log
