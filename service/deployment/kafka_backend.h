// A Kafka topic as a LogBackend.
#pragma once

#include <memory>
#include <string>

#include "deployment/log_backend.h"
#include "kafka_log/client.h"
#include "kafka_log/kafka_source.h"
#include "settings/settings.h"

namespace verdict::deployment {

// Thread-safe. The payment system writes the topic: Score appends nothing.
class KafkaBackend : public LogBackend {
 public:
  // Asks the brokers for the topic. Errors: NotFound, with how to create it; Unavailable;
  // InvalidArgument: kafka.properties.
  static absl::StatusOr<std::unique_ptr<KafkaBackend>> Open(const settings::Kafka& settings);

  const std::string& id() const override { return id_; }
  int partitions() const override { return partitions_; }
  bool placed_by_merchant() const override { return false; }
  absl::StatusOr<std::unique_ptr<eventlog::EventSource>> MakeSource(bool with_decisions) override;
  eventlog::EventAppender* score_appender() override { return nullptr; }
  eventlog::EventAppender* record_appender() override { return nullptr; }
  absl::Status AppendBatch(std::span<eventlog::AppendRequest> requests) override;
  // The brokers stamp records in order, and what they acknowledged they keep.
  absl::Status Seal(int64_t) override { return absl::OkStatus(); }
  absl::Status Sync() override { return absl::OkStatus(); }
  bool healthy() const override { return true; }
  absl::StatusOr<int64_t> LastRecordTimeMs() override;

 private:
  KafkaBackend(kafka_log::Connection connection, kafka_log::KafkaSource::Options options)
      : connection_(std::move(connection)), options_(std::move(options)) {}

  const kafka_log::Connection connection_;
  const kafka_log::KafkaSource::Options options_;
  std::string id_;
  int partitions_ = 0;
};

}  // namespace verdict::deployment
