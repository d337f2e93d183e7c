// Everything of this room, made from what a deployment says. Start here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/event_source.h"
#include "eventlog/partitioner.h"
#include "kafka_log/broker_probe.h"
#include "kafka_log/dead_letters.h"
#include "kafka_log/kafka_appender.h"
#include "kafka_log/kafka_decision_sink.h"
#include "kafka_log/kafka_source.h"
#include "kafka_log/producer.h"
#include "kafka_log/topic_check.h"

namespace verdict::kafka_log {

// As a deployment says it: the keys log.kafka.*.
struct KafkaOptions {
  std::string brokers;  // "host:9092,other:9092"
  std::string topic = "transactions";
  std::string decisions_topic = "decisions";
  std::string dead_topic = "transactions.dead";
  ValueFormat format = ValueFormat::kProtobuf;
  std::string mapping;     // a mapping file, for kMapping
  std::string properties;  // a file of librdkafka properties; empty: none
  eventlog::Partitioner partitioner = eventlog::Partitioner::kMurmur2;
  bool record = false;       // Record may write to `topic`
  bool event_clock = false;  // verdictd follows the times of events
  std::string spool_folder;  // decisions while the brokers are away
  uint64_t spool_bytes_max = uint64_t{1} << 30;
  std::chrono::milliseconds ask_timeout{5'000};
};

// **Immutable.** What it makes does not need it any more.
class KafkaLog {
 public:
  // Reads the files and tries the properties; asks no broker. Errors: InvalidArgument, NotFound:
  // one line, what is wrong and how to mend it.
  static absl::StatusOr<KafkaLog> Configure(const KafkaOptions& options);

  // For a start that waits for the brokers.
  absl::StatusOr<std::unique_ptr<BrokerProbe>> MakeProbe() const;
  // R18. Errors: NotFound, with how to create the topic; Unavailable.
  absl::StatusOr<TopicFindings> Check() const;

  // For the apply thread: unreadable records go to `letters` (null: nowhere), and metrics show its
  // progress; `retention_ms` is what Check() found. Errors: NotFound, Unavailable.
  absl::StatusOr<std::unique_ptr<KafkaSource>> OpenSource(
      DeadLetters* letters, std::optional<int64_t> retention_ms) const;
  // For who reads beside it: the fold, an inspection.
  absl::StatusOr<std::unique_ptr<KafkaSource>> OpenQuietSource() const;

  // For MakeDeadLetters and MakeAppender, which may share it.
  absl::StatusOr<std::unique_ptr<Producer>> MakeProducer() const;
  std::unique_ptr<DeadLetters> MakeDeadLetters(Producer* producer) const;
  // Errors: FailedPrecondition where `record` is not set.
  absl::StatusOr<std::unique_ptr<KafkaAppender>> MakeAppender(Producer* producer) const;
  // `report`: KafkaDecisionSink::Options. Errors: FailedPrecondition: the spool's folder.
  absl::StatusOr<std::unique_ptr<KafkaDecisionSink>> OpenDecisionSink(
      std::function<void(const absl::Status&)> report) const;

  const KafkaOptions& options() const { return options_; }

 private:
  explicit KafkaLog(KafkaOptions options) : options_(std::move(options)) {}
  KafkaSource::Options SourceOptions() const;

  KafkaOptions options_;
  Connection connection_;
  std::optional<mapping::Mapping> mapping_;
};

}  // namespace verdict::kafka_log
