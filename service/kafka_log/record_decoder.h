// The value of a Kafka record, read as the event that it is.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventlog/event_source.h"
#include "mapping/json_mapper.h"

namespace verdict::kafka_log {

// What values are where their `content-type` header does not say. kMapping: foreign JSON; JSON that
// the header tells of is then read by the mapping, too.
enum class ValueFormat : uint8_t { kProtobuf, kJson, kMapping };

// What a record carries.
struct RecordContent {
  std::optional<std::string_view> value;
  std::optional<std::string_view> content_type = {};  // the header, where there is one
};

// **Thread-compatible.**
class RecordDecoder {
 public:
  // `mapper` is for kMapping alone. REQUIRES: it is there then.
  RecordDecoder(ValueFormat format, std::optional<mapping::JsonMapper> mapper);
  // Fills event, left_out and unreadable. An event that Score would refuse is unreadable, too; no
  // reason repeats a card number.
  void Decode(const RecordContent& content, eventlog::LogRecord* record);

 private:
  // False: the mapping's filters leave the record out.
  absl::StatusOr<bool> Read(const RecordContent& content, model::Event* event);
  absl::StatusOr<ValueFormat> FormatOf(const RecordContent& content) const;

  const ValueFormat format_;
  std::optional<mapping::JsonMapper> mapper_;
};

}  // namespace verdict::kafka_log
