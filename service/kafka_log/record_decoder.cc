// Told by the `content-type` header, else by configuration.
#include "kafka_log/record_decoder.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "decide/decider.h"
#include "model/card_mask.h"
#include "rule/schema.h"
#include "wire/event_bytes.h"
#include "wire/event_json.h"

namespace verdict::kafka_log {
namespace {

constexpr size_t kValueBytesMax = size_t{1} << 20;
constexpr size_t kReasonBytesMax = 512;

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

RecordDecoder::RecordDecoder(ValueFormat format, std::optional<mapping::JsonMapper> mapper)
    : format_(format), mapper_(std::move(mapper)) {
  CHECK(mapper_.has_value() == (format_ == ValueFormat::kMapping));
}

void RecordDecoder::Decode(const RecordContent& content, eventlog::LogRecord* record) {
  record->unreadable.clear();
  const absl::StatusOr<bool> kept = Read(content, &record->event);
  record->left_out = kept.ok() && !*kept;
  if (record->left_out) return;
  const absl::Status status = kept.ok() ? Validate(record->event) : kept.status();
  if (status.ok()) return;
  record->unreadable = std::string(status.message().substr(0, kReasonBytesMax));
  model::MaskCardNumbers(&record->unreadable);
}

absl::StatusOr<bool> RecordDecoder::Read(const RecordContent& content, model::Event* event) {
  if (!content.value) {
    return absl::InvalidArgumentError("the record has no value; an event is wanted");
  }
  const std::string_view value = *content.value;
  if (value.size() > kValueBytesMax) {
    return absl::InvalidArgumentError(absl::StrFormat("its value has %d bytes; at most %d are read",
                                                      value.size(), kValueBytesMax));
  }
  ASSIGN_OR_RETURN(const ValueFormat format, FormatOf(content));
  switch (format) {
    case ValueFormat::kProtobuf:
      RETURN_IF_ERROR(wire::EventFromBytes(value, event));
      return true;
    case ValueFormat::kJson:
      RETURN_IF_ERROR(wire::EventFromJson(value, event));
      return true;
    case ValueFormat::kMapping:
      break;
  }
  return mapper_->Map(value, event);
}

absl::StatusOr<ValueFormat> RecordDecoder::FormatOf(const RecordContent& content) const {
  if (!content.content_type) return format_;
  std::string type(*content.content_type);
  type.resize(std::min(type.size(), type.find(';')));  // what follows are its parameters
  absl::AsciiStrToLower(&type);
  absl::StripAsciiWhitespace(&type);
  for (const char* name :
       {"application/x-protobuf", "application/protobuf", "application/vnd.google.protobuf"}) {
    if (type == name) return ValueFormat::kProtobuf;
  }
  if (type == "application/json" || type == "text/json") {
    return format_ == ValueFormat::kMapping ? ValueFormat::kMapping : ValueFormat::kJson;
  }
  return absl::InvalidArgumentError(
      "content-type: is neither application/x-protobuf nor application/json; send one of them, or "
      "no such header");
}

}  // namespace verdict::kafka_log
