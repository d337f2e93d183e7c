// Questions about one topic, each one round trip: its partitions, its offsets, its cluster.
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/event_source.h"
#include "kafka_log/client.h"

namespace verdict::kafka_log {

// **Thread-safe.**
class Topic {
 public:
  // `client` must outlive it. Every question is given up after `timeout`: Unavailable.
  Topic(Client* client, std::string name, std::chrono::milliseconds timeout);
  ~Topic();
  Topic(const Topic&) = delete;
  Topic& operator=(const Topic&) = delete;

  const std::string& name() const { return name_; }
  rd_kafka_topic_t* handle() const { return handle_; }

  // Errors: NotFound, with how to create the topic; PermissionDenied: we may not see it.
  absl::StatusOr<int> Partitions();
  absl::StatusOr<std::string> ClusterId();

  // The first offset of each that is still there.
  absl::StatusOr<std::vector<eventlog::Offset>> Lows(
      std::span<const eventlog::Partition> partitions);
  // The next to be written; of a kReader the first that a transaction may still abort.
  absl::StatusOr<std::vector<eventlog::Offset>> Ends(
      std::span<const eventlog::Partition> partitions);
  // What the broker names as the first record stamped `time_ms` or later: a place from which to
  // look, no more. It may be one that was aborted; where several bear that very stamp it may be
  // any of them. -1: none. REQUIRES: time_ms >= 0.
  absl::StatusOr<eventlog::Offset> Near(eventlog::Partition partition, int64_t time_ms);

 private:
  absl::StatusOr<std::vector<eventlog::Offset>> Ask(std::span<const eventlog::Partition> partitions,
                                                    int64_t time_ms, std::string_view what);
  rd_kafka_resp_err_t AskOnce(std::span<const eventlog::Partition> partitions, int64_t time_ms,
                              std::chrono::milliseconds timeout,
                              std::vector<eventlog::Offset>* offsets);

  Client* const client_;
  const std::string name_;
  const std::chrono::milliseconds timeout_;
  rd_kafka_topic_t* handle_ = nullptr;
};

// How a topic is made as verdictd wants it (R18).
std::string HowToCreate(const std::string& brokers, const std::string& topic, int partitions);

}  // namespace verdict::kafka_log
