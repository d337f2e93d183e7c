#include "kafka_log/kafka_log.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "mapping/json_mapper.h"

namespace verdict::kafka_log {
namespace {

constexpr std::chrono::milliseconds kTopicsKnownWithin{10'000};  // of a broker's first answer

}  // namespace

absl::StatusOr<KafkaLog> KafkaLog::Configure(const KafkaOptions& options) {
  KafkaLog log(options);
  if (options.brokers.empty()) {
    return absl::InvalidArgumentError(
        "log.kafka.brokers: missing: name them, as in kafka1:9092,kafka2:9092");
  }
  ASSIGN_OR_RETURN(log.connection_.properties, ReadProperties(options.properties));
  log.connection_.brokers = options.brokers;
  for (const Client::Kind kind : {Client::Kind::kReader, Client::Kind::kProducer}) {
    const auto client = Client::Make(log.connection_, kind);
    if (client.ok()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat(options.properties.empty() ? "log.kafka" : options.properties, ": ",
                     client.status().message()));
  }
  if (options.format == ValueFormat::kMapping) {
    ASSIGN_OR_RETURN(log.mapping_, mapping::Mapping::Read(options.mapping));
    const auto mapper = mapping::JsonMapper::Bind(*log.mapping_);
    if (!mapper.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat(options.mapping, ": ", mapper.status().message()));
    }
  }
  return log;
}

absl::StatusOr<std::unique_ptr<BrokerProbe>> KafkaLog::MakeProbe() const {
  return BrokerProbe::Make(connection_, options_.topic, kTopicsKnownWithin);
}

absl::StatusOr<TopicFindings> KafkaLog::Check() const {
  return CheckTopic(connection_, options_.topic, options_.event_clock, options_.ask_timeout);
}

KafkaSource::Options KafkaLog::SourceOptions() const {
  KafkaSource::Options options;
  options.topic = options_.topic;
  options.format = options_.format;
  options.mapping = mapping_;
  options.partitioner = options_.partitioner;
  options.ask_timeout = options_.ask_timeout;
  return options;
}

absl::StatusOr<std::unique_ptr<KafkaSource>> KafkaLog::OpenSource(
    DeadLetters* letters, std::optional<int64_t> retention_ms) const {
  KafkaSource::Options options = SourceOptions();
  options.dead_letters = letters;
  options.with_metrics = true;
  options.retention_ms = retention_ms;
  return KafkaSource::Open(connection_, options);
}

absl::StatusOr<std::unique_ptr<KafkaSource>> KafkaLog::OpenQuietSource() const {
  return KafkaSource::Open(connection_, SourceOptions());
}

absl::StatusOr<std::unique_ptr<Producer>> KafkaLog::MakeProducer() const {
  return Producer::Make(connection_, {.partitioner = options_.partitioner});
}

std::unique_ptr<DeadLetters> KafkaLog::MakeDeadLetters(Producer* producer) const {
  return std::make_unique<DeadLetters>(producer, options_.dead_topic);
}

absl::StatusOr<std::unique_ptr<KafkaAppender>> KafkaLog::MakeAppender(Producer* producer) const {
  if (!options_.record) {
    return absl::FailedPreconditionError(
        "log.kafka.record is false: the payment system writes the topic; set it to let Record "
        "write "
        "there, too");
  }
  return std::make_unique<KafkaAppender>(producer, options_.topic, options_.event_clock);
}

absl::StatusOr<std::unique_ptr<KafkaDecisionSink>> KafkaLog::OpenDecisionSink(
    std::function<void(const absl::Status&)> report) const {
  KafkaDecisionSink::Options options;
  options.topic = options_.decisions_topic;
  options.partitioner = options_.partitioner;
  options.spool.folder = options_.spool_folder;
  options.spool.bytes_max = options_.spool_bytes_max;
  options.report = std::move(report);
  return KafkaDecisionSink::Open(connection_, options);
}

}  // namespace verdict::kafka_log
