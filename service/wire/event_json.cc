// protobuf's own JSON reader does the work; here its options and its errors.
#include "wire/event_json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "wire/event_proto.h"

namespace verdict::wire {
namespace {

constexpr int kJsonBytesMax = 1 << 20;

absl::Status Parse(std::string_view json, google::protobuf::Message* message) {
  if (json.size() > kJsonBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("JSON of %d bytes; at most %d are read", json.size(), kJsonBytesMax));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("JSON: %s", std::string(status.message())));
}

std::string Print(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  CHECK(google::protobuf::util::MessageToJsonString(message, &json, options).ok());
  return json;
}

}  // namespace

absl::Status EventFromJson(std::string_view json, model::Event* out) {
  v1::TransactionEvent message;
  RETURN_IF_ERROR(Parse(json, &message));
  return FromProto(message, out);
}

absl::Status TransactionFromJson(std::string_view json, model::Transaction* out) {
  v1::Transaction message;
  RETURN_IF_ERROR(Parse(json, &message));
  return FromProto(message, out);
}

std::string EventToJson(const model::Event& event) {
  v1::TransactionEvent message;
  ToProto(event, &message);
  return Print(message);
}

std::string TransactionToJson(const model::Transaction& txn) {
  v1::Transaction message;
  ToProto(txn, &message);
  return Print(message);
}

}  // namespace verdict::wire
