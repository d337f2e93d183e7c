// Told by the `content-type` header, else by configuration.
#include "kafka_log/record_decoder.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "decide/decider.h"
#include "rule/schema.h"
#include "wire/event_bytes.h"
#include "wire/event_json.h"

namespace verdict::kafka_log {
namespace {

constexpr size_t kValueBytesMax = size_t{1} << 20;
constexpr char kContentType[] = "content-type";

// How late or early an event may be is judged by its record time (R9), not here.
absl::Status Validate(const model::Event& event) {
  if (event.kind == model::EventKind::kPayment && event.sequence != 0) {
    return absl::InvalidArgumentError(
        "sequence: a PAYMENT has 0; only REFUND, REVERSAL and LABEL are numbered");
  }
  static const rule::Schema* const nothing_declared = new rule::Schema;
  return decide::ValidateTransaction(event.txn, *nothing_declared, INT64_MAX, 0);
}

}  // namespace

void RecordDecoder::Decode(const rd_kafka_message_t& message, eventlog::LogRecord* record) {
  record->unreadable.clear();
  record->left_out = false;
  absl::Status status = Read(message, &record->event);
  if (status.ok()) status = Validate(record->event);
  if (!status.ok()) record->unreadable = std::string(status.message());
}

absl::Status RecordDecoder::Read(const rd_kafka_message_t& message, model::Event* event) {
  if (message.payload == nullptr) {
    return absl::InvalidArgumentError("the record has no value; an event is wanted");
  }
  if (message.len > kValueBytesMax) {
    return absl::InvalidArgumentError(absl::StrFormat("its value has %d bytes; at most %d are read",
                                                      message.len, kValueBytesMax));
  }
  ASSIGN_OR_RETURN(const ValueFormat format, FormatOf(message));
  const std::string_view value(static_cast<const char*>(message.payload), message.len);
  switch (format) {
    case ValueFormat::kProtobuf:
      return wire::EventFromBytes(value, event);
    case ValueFormat::kJson:
      break;
  }
  return wire::EventFromJson(value, event);
}

absl::StatusOr<ValueFormat> RecordDecoder::FormatOf(const rd_kafka_message_t& message) const {
  rd_kafka_headers_t* headers = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      rd_kafka_header_get_last(headers, kContentType, &value, &size) !=
          RD_KAFKA_RESP_ERR_NO_ERROR) {
    return format_;
  }
  std::string type(static_cast<const char*>(value), size);
  type.resize(std::min(type.size(), type.find(';')));  // what follows are its parameters
  absl::AsciiStrToLower(&type);
  absl::StripAsciiWhitespace(&type);
  for (const char* name :
       {"application/x-protobuf", "application/protobuf", "application/vnd.google.protobuf"}) {
    if (type == name) return ValueFormat::kProtobuf;
  }
  if (type == "application/json" || type == "text/json") return ValueFormat::kJson;
  return absl::InvalidArgumentError(
      "content-type: is neither application/x-protobuf nor application/json; send one of them, or "
      "no such header");
}

}  // namespace verdict::kafka_log
