// The value of a Kafka record, read as the event that it is.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/event_source.h"
#include "kafka_log/client.h"

namespace verdict::kafka_log {

// What values are where their `content-type` header does not say.
enum class ValueFormat : uint8_t { kProtobuf, kJson };

// **Thread-compatible.**
class RecordDecoder {
 public:
  explicit RecordDecoder(ValueFormat format) : format_(format) {}
  // Fills event and unreadable. An event that Score would refuse is unreadable, too.
  void Decode(const rd_kafka_message_t& message, eventlog::LogRecord* record);

 private:
  absl::Status Read(const rd_kafka_message_t& message, model::Event* event);
  absl::StatusOr<ValueFormat> FormatOf(const rd_kafka_message_t& message) const;

  const ValueFormat format_;
};

}  // namespace verdict::kafka_log
