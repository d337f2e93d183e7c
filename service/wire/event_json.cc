// protobuf's own JSON reader does the work. What it refuses is looked at a second time, to say in
// plain words what is wrong, where, and how to mend it.
#include "wire/event_json.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "wire/event_proto.h"
#include "wire/json_fault.h"

namespace verdict::wire {
namespace {

constexpr int kJsonBytesMax = 1 << 20;

// Columns count characters from 1. The first line is not named in `kLine`: the text is a line of a
// file, whose number the caller knows.
enum class TextIs : uint8_t { kFile, kLine };

std::string Place(std::string_view text, size_t at, TextIs text_is) {
  const std::string_view before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::string_view in_line = before.substr(before.rfind('\n') + 1);
  const auto column = 1 + std::count_if(in_line.begin(), in_line.end(), [](char c) {
                        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                      });
  return text_is == TextIs::kLine && line == 1
             ? absl::StrFormat("column %d", column)
             : absl::StrFormat("line %d, column %d", line, column);
}

absl::Status Parse(std::string_view json, TextIs text_is, google::protobuf::Message* message) {
  if (json.size() > kJsonBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("JSON of %d bytes; at most %d are read", json.size(), kJsonBytesMax));
  }
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = false;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(json.data(), json.size()), message, options);
  if (status.ok()) return absl::OkStatus();
  if (const auto fault = FirstFault(json, *message->GetDescriptor())) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s", Place(json, fault->at, text_is), fault->what));
  }
  // Bytes that are no characters, mostly. Its further lines quote the text.
  const std::string why(status.message());
  return absl::InvalidArgumentError("is not JSON: " + why.substr(0, why.find('\n')));
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
  RETURN_IF_ERROR(Parse(json, TextIs::kLine, &message));
  return FromProto(message, out);
}

absl::Status TransactionFromJson(std::string_view json, model::Transaction* out) {
  v1::Transaction message;
  RETURN_IF_ERROR(Parse(json, TextIs::kFile, &message));
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
