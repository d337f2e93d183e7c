// Writes records a batch at a time and knows of each whether it was acknowledged.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventlog/partitioner.h"
#include "kafka_log/client.h"
#include "kafka_log/spool.h"

namespace verdict::kafka_log {

// kUnknown: not acknowledged in time; it may be there or not. kRefused: no broker will ever take
// it.
enum class Fate : uint8_t { kUnknown, kSent, kRefused };

// Thread-compatible.
class BatchSender {
 public:
  BatchSender(Connection connection, std::string topic, eventlog::Partitioner partitioner);
  ~BatchSender();

  // Errors: InvalidArgument: a property of librdkafka.
  absl::Status Open();
  // Whether the brokers can be reached and have the topic. Errors: NotFound, Unavailable.
  absl::Status Ask(std::chrono::milliseconds timeout);
  // In order within a partition; the key chooses it. Returns once all are acknowledged, or after
  // `within`; a new client may take as long again to find the brokers.
  std::vector<Fate> Send(std::span<const SpooledRecord> records, std::chrono::milliseconds within);

 private:
  // False: the client takes no more.
  bool Produce(const SpooledRecord& record, size_t place,
               std::chrono::steady_clock::time_point deadline);
  void OnReport(const rd_kafka_message_t& message);

  const Connection connection_;
  const std::string topic_;
  const eventlog::Partitioner partitioner_;
  std::unique_ptr<Client> client_;
  bool asked_ = false;       // `client_` knows where the partitions are
  std::vector<Fate> fates_;  // of the batch under way
};

}  // namespace verdict::kafka_log
