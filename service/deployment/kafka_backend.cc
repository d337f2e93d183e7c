#include "deployment/kafka_backend.h"

#include <algorithm>
#include <utility>

#include "base/status.h"

namespace verdict::deployment {
namespace {

// The last offsets of a partition may be a transaction's markers, which bear no record.
constexpr eventlog::Offset kLookBack = 16;

kafka_log::ValueFormat FormatOf(settings::ValueFormat format) {
  switch (format) {
    case settings::ValueFormat::kProtobuf:
      return kafka_log::ValueFormat::kProtobuf;
    case settings::ValueFormat::kJson:
      return kafka_log::ValueFormat::kJson;
  }
  return kafka_log::ValueFormat::kProtobuf;
}

absl::StatusOr<int64_t> LastTimeOf(eventlog::EventSource* source, eventlog::Partition partition) {
  ASSIGN_OR_RETURN(const eventlog::Offset low, source->Low(partition));
  ASSIGN_OR_RETURN(const eventlog::Offset end, source->End(partition));
  for (eventlog::Offset at = end - 1; at >= std::max(low, end - kLookBack); --at) {
    const absl::StatusOr<eventlog::LogIdentity> record = source->Identity(partition, at);
    if (record.ok()) return record->record_time_ms;
    if (!absl::IsNotFound(record.status())) return record.status();
  }
  return 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaBackend>> KafkaBackend::Open(const settings::Kafka& settings) {
  kafka_log::Connection connection;
  connection.brokers = settings.brokers;
  ASSIGN_OR_RETURN(connection.properties, kafka_log::ReadProperties(settings.properties));
  kafka_log::KafkaSource::Options options;
  options.topic = settings.topic;
  options.format = FormatOf(settings.format);
  std::unique_ptr<KafkaBackend> backend(
      new KafkaBackend(std::move(connection), std::move(options)));
  ASSIGN_OR_RETURN(const std::unique_ptr<kafka_log::KafkaSource> source,
                   kafka_log::KafkaSource::Open(backend->connection_, backend->options_));
  backend->id_ = source->log_id();
  backend->partitions_ = source->partitions();
  return backend;
}

absl::StatusOr<std::unique_ptr<eventlog::EventSource>> KafkaBackend::MakeSource(bool) {
  return kafka_log::KafkaSource::Open(connection_, options_);
}

absl::Status KafkaBackend::AppendBatch(std::span<eventlog::AppendRequest>) {
  return absl::UnimplementedError("importing into a Kafka topic is not built yet");
}

absl::StatusOr<int64_t> KafkaBackend::LastRecordTimeMs() {
  ASSIGN_OR_RETURN(const auto source, MakeSource(/*with_decisions=*/false));
  int64_t last_ms = 0;
  for (eventlog::Partition p = 0; p < partitions_; ++p) {
    ASSIGN_OR_RETURN(const int64_t ms, LastTimeOf(source.get(), p));
    last_ms = std::max(last_ms, ms);
  }
  return last_ms;
}

}  // namespace verdict::deployment
