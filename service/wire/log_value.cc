// Messages are reused by each thread, so that reading a record allocates nothing once strings have
// grown.
#include "wire/log_value.h"

#include <bit>
#include <cstring>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "wire/decision_proto.h"
#include "wire/event_proto.h"
#include "wire/plain_event.h"

namespace verdict::wire {
namespace {

static_assert(std::endian::native == std::endian::little);
constexpr char kVersion = 1;
constexpr char kHasDecision = 1;
constexpr size_t kTimeAt = 2;
constexpr size_t kLengthAt = 10;
constexpr size_t kEventAt = 14;

v1::TransactionEvent& EventMessage() {
  thread_local v1::TransactionEvent message;
  return message;
}

v1::DecisionRecord& DecisionMessage() {
  thread_local v1::DecisionRecord message;
  return message;
}

absl::Status CheckFrame(std::string_view value) {
  if (value.size() < kEventAt) {
    return absl::DataLossError(
        absl::StrFormat("log record: %d bytes are too few for one", value.size()));
  }
  if (value[0] != kVersion) {
    return absl::DataLossError(absl::StrFormat(
        "log record: version %d; this program knows version %d", value[0], kVersion));
  }
  return absl::OkStatus();
}

absl::Status Unreadable(const char* part, const absl::Status& why) {
  return absl::DataLossError(
      absl::StrFormat("log record: %s: %s", part, std::string(why.message())));
}

absl::Status DecodeEvent(std::string_view bytes, model::Event* event) {
  if (ReadPlainEvent(bytes, event)) return absl::OkStatus();
  v1::TransactionEvent& message = EventMessage();
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError("log record: the event is no verdict.v1.TransactionEvent");
  }
  const absl::Status status = FromProto(message, event, Source::kTrusted);
  return status.ok() ? status : Unreadable("event", status);
}

}  // namespace

void EncodeLogValue(int64_t record_time_ms, const model::Event& event,
                    const model::Decision* decision, std::string* out) {
  v1::TransactionEvent& event_message = EventMessage();
  ToProto(event, &event_message);
  const auto event_bytes = static_cast<uint32_t>(event_message.ByteSizeLong());
  size_t decision_bytes = 0;
  if (decision != nullptr) {
    ToProto(*decision, &DecisionMessage());
    decision_bytes = DecisionMessage().ByteSizeLong();
  }
  out->resize(kEventAt + event_bytes + decision_bytes);
  char* bytes = out->data();
  bytes[0] = kVersion;
  bytes[1] = decision != nullptr ? kHasDecision : 0;
  std::memcpy(bytes + kTimeAt, &record_time_ms, sizeof record_time_ms);
  std::memcpy(bytes + kLengthAt, &event_bytes, sizeof event_bytes);
  auto* at = reinterpret_cast<uint8_t*>(bytes + kEventAt);
  at = event_message.SerializeWithCachedSizesToArray(at);
  if (decision != nullptr) DecisionMessage().SerializeWithCachedSizesToArray(at);
}

void StampRecordTime(int64_t record_time_ms, std::string* value) {
  CHECK(value->size() >= kEventAt);
  std::memcpy(value->data() + kTimeAt, &record_time_ms, sizeof record_time_ms);
}

absl::StatusOr<int64_t> RecordTimeOf(std::string_view value) {
  RETURN_IF_ERROR(CheckFrame(value));
  int64_t record_time_ms;
  std::memcpy(&record_time_ms, value.data() + kTimeAt, sizeof record_time_ms);
  return record_time_ms;
}

absl::Status DecodeLogValue(std::string_view value, model::Event* event,
                            std::optional<model::Decision>* decision) {
  RETURN_IF_ERROR(CheckFrame(value));
  uint32_t event_bytes;
  std::memcpy(&event_bytes, value.data() + kLengthAt, sizeof event_bytes);
  if (event_bytes > value.size() - kEventAt) {
    return absl::DataLossError("log record: the event is cut short");
  }
  RETURN_IF_ERROR(DecodeEvent(value.substr(kEventAt, event_bytes), event));
  if (decision == nullptr) return absl::OkStatus();
  if ((value[1] & kHasDecision) == 0) {
    decision->reset();
    return absl::OkStatus();
  }
  // A decision that this build cannot read is as none: the event counts, as it does for a fold,
  // which reads no decisions.
  const std::string_view rest = value.substr(kEventAt + event_bytes);
  if (!decision->has_value()) decision->emplace();
  if (!DecisionMessage().ParseFromArray(rest.data(), static_cast<int>(rest.size())) ||
      !FromProto(DecisionMessage(), &**decision).ok()) {
    decision->reset();
  }
  return absl::OkStatus();
}

}  // namespace verdict::wire
