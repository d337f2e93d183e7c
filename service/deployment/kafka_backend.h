// A Kafka topic as a LogBackend.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deployment/log_backend.h"
#include "kafka_log/kafka_log.h"

namespace verdict::deployment {

// Thread-safe. The payment system writes the topic: Score appends nothing.
class KafkaBackend : public LogBackend {
 public:
  // Asks no broker. Errors: InvalidArgument: kafka.properties, the mapping.
  static absl::StatusOr<std::unique_ptr<KafkaBackend>> Open(const kafka_log::KafkaOptions& options);
  // Errors: NotFound, with how to create the topic; FailedPrecondition: it is not set up so that
  // totals can be exact; PermissionDenied; Unavailable.
  absl::Status Reach(std::chrono::milliseconds wait) override;
  // For the process that serves: dead letters and decisions are written from here on. `report` is
  // told when decisions begin to be spooled, and when none is left. REQUIRES: reached. Errors:
  // FailedPrecondition: the spool's folder.
  absl::Status StartWriting(std::function<void(const absl::Status&)> report);

  // What is weaker than it could be, a line each.
  const std::vector<std::string>& warnings() const { return findings_.warnings; }
  const std::string& id() const override { return id_; }
  int partitions() const override { return partitions_; }
  bool placed_by_merchant() const override { return false; }
  absl::StatusOr<std::unique_ptr<eventlog::EventSource>> MakeSource(Reader reader) override;
  eventlog::EventAppender* score_appender() override { return nullptr; }
  eventlog::EventAppender* record_appender() override {
    return log_.options().record ? &records_ : nullptr;
  }
  decide::DecisionSink* decisions() override { return decisions_.get(); }
  absl::Status AppendBatch(std::span<eventlog::AppendRequest> requests) override;
  // The brokers stamp records in order, and what they acknowledged they keep.
  absl::Status Seal(int64_t) override { return absl::OkStatus(); }
  absl::Status Sync() override { return absl::OkStatus(); }
  eventlog::LogTrimmer* trimmer() override { return nullptr; }
  bool healthy() const override { return true; }
  absl::StatusOr<int64_t> LastRecordTimeMs() override;

 private:
  // **Thread-safe.** Unavailable until it is told who appends.
  class LateAppender : public eventlog::EventAppender {
   public:
    void Begin(eventlog::EventAppender* to) { to_.store(to, std::memory_order_release); }
    void Append(const model::Event& event, const model::Decision* decision,
                eventlog::OnAppended done) override;

   private:
    std::atomic<eventlog::EventAppender*> to_{nullptr};
  };
  explicit KafkaBackend(kafka_log::KafkaLog log) : log_(std::move(log)) {}

  const kafka_log::KafkaLog log_;
  std::unique_ptr<kafka_log::BrokerProbe> probe_;  // until the log is reached
  LateAppender records_;
  kafka_log::TopicFindings findings_;
  std::string id_;
  int partitions_ = 0;
  std::unique_ptr<kafka_log::Producer> producer_;  // before those that write by it
  std::unique_ptr<kafka_log::DeadLetters> letters_;
  std::unique_ptr<kafka_log::KafkaAppender> appender_;
  std::unique_ptr<kafka_log::KafkaDecisionSink> decisions_;
};

}  // namespace verdict::deployment
