// Values as people read them.
#include "rule/value.h"

#include <string>

#include "absl/strings/str_format.h"
#include "rule/expression.h"
#include "rule/network.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

std::string FormatMissing(const Value& value, const Schema* schema) {
  const uint16_t slot = value.missing_slot();
  if (schema == nullptr || slot >= schema->fields().size()) return "missing";
  return "missing: " + schema->fields()[slot].visible_name();
}

std::string FormatMap(const Value& value, const Schema* schema) {
  std::string out = "{";
  for (const MapEntry& entry : value.map()) {
    if (out.size() > 1) out += ", ";
    out += FormatValue(entry.key, schema) + ": " + FormatValue(entry.value, schema);
  }
  return out + "}";
}

}  // namespace

std::string_view ErrorText(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
      return "no reason given";
    case ErrorCode::kOverflow:
      return "integer overflow";
    case ErrorCode::kDivideByZero:
      return "division by zero";
    case ErrorCode::kConversion:
      return "conversion out of range or unreadable";
    case ErrorCode::kIndex:
      return "index out of range";
    case ErrorCode::kType:
      return "value of the wrong type";
    case ErrorCode::kRegex:
      return "pattern cannot be run";
    case ErrorCode::kLimit:
      return "result too large";
    case ErrorCode::kNotANumber:
      return "not a number has no order";
    case ErrorCode::kUnbound:
      return "a name without a value";
    case ErrorCode::kRepeatedKey:
      return "a map names a key twice";
    case ErrorCode::kNoValue:
      return "an optional without a value";
  }
  return "unknown";
}

std::string FormatValue(const Value& value, const Schema* schema) {
  switch (value.kind()) {
    case Kind::kMissing:
      return FormatMissing(value, schema);
    case Kind::kError:
      return absl::StrFormat("error: %s", ErrorText(value.error()));
    case Kind::kNull:
      return "null";
    case Kind::kBool:
      return value.boolean() ? "true" : "false";
    case Kind::kInt:
      return std::to_string(value.integer());
    case Kind::kUint:
      return std::to_string(value.unsigned_integer()) + "u";
    case Kind::kDouble:
      return DoubleText(value.real());
    case Kind::kString:
      return QuotedText(value.string(), '"');
    case Kind::kBytes:
      return "b" + QuotedBytes(value.string(), '"');
    case Kind::kTimestamp:
      return TimestampText(value);
    case Kind::kDuration:
      return DurationText(value.integer());
    case Kind::kMap:
      return FormatMap(value, schema);
    case Kind::kType:
      return std::string(value.string());
    case Kind::kIp:
      return "ip('" + IpText(*value.address()) + "')";
    case Kind::kCidr:
      return "cidr('" + CidrText(*value.address()) + "')";
    case Kind::kOptional:
      return value.held() == nullptr ? "optional.none()"
                                     : "optional.of(" + FormatValue(*value.held(), schema) + ")";
    case Kind::kList:
      break;
  }
  std::string out = "[";
  for (const Value& item : value.list()) {
    if (out.size() > 1) out += ", ";
    out += FormatValue(item, schema);
  }
  return out + "]";
}

}  // namespace verdict::rule
