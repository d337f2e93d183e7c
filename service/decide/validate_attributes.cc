// The attributes of a payment against rules/schema.json.
#include <cmath>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "decide/validate.h"

namespace verdict::decide {
namespace {

using model::AttributeValue;
using rule::Field;
using rule::FieldType;

constexpr size_t kAttributesMax = 64;
constexpr double kWholeDoubleMax =
    9007199254740992.0;  // 2^53: beyond, a double does not name one integer

const Field* Declared(const rule::Schema& schema, std::string_view name) {
  const size_t dot = name.find('.');
  const Field* field = dot == std::string_view::npos
                           ? schema.Find("txn", name)
                           : schema.Find(name.substr(0, dot), name.substr(dot + 1));
  return field != nullptr && field->source == rule::FieldSource::kAttribute ? field : nullptr;
}

bool IsWhole(const AttributeValue& value) {
  if (std::holds_alternative<int64_t>(value)) return true;
  const double* real = std::get_if<double>(&value);
  return real != nullptr && std::abs(*real) <= kWholeDoubleMax && *real == std::trunc(*real);
}

bool Fits(FieldType type, const AttributeValue& value) {
  switch (type) {
    case FieldType::kBool:
      return std::holds_alternative<bool>(value);
    case FieldType::kInt:
      return IsWhole(value);
    case FieldType::kDouble:
      return std::holds_alternative<double>(value) || std::holds_alternative<int64_t>(value);
    case FieldType::kString:
      return std::holds_alternative<std::string>(value);
    case FieldType::kTimestamp:
    case FieldType::kDuration:
      return std::holds_alternative<std::string>(value) || std::holds_alternative<int64_t>(value);
    case FieldType::kStringList:
      return std::holds_alternative<std::vector<std::string>>(value);
    case FieldType::kIntList:
      return std::holds_alternative<std::vector<int64_t>>(value);
  }
  return false;
}

std::string_view NameOfType(const AttributeValue& value) {
  static constexpr std::string_view kNames[] = {"bool",   "int",          "double",
                                                "string", "list(string)", "list(int)"};
  return kNames[value.index()];
}

absl::Status CheckStrings(const std::string& name, const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    return CheckText(name, *text, ControlCharacters::kAllowed);
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    for (const std::string& item : *list) {
      RETURN_IF_ERROR(CheckText(name, item, ControlCharacters::kAllowed));
    }
  }
  return absl::OkStatus();
}

// The first limit of `field` that `value` is beyond, in words; empty where there is none.
std::string BeyondLimit(const Field& field, const AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (text->size() > static_cast<size_t>(field.max_len)) {
      return absl::StrFormat("%d bytes long; at most %d are allowed", text->size(), field.max_len);
    }
  }
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
    if (list->size() > static_cast<size_t>(field.max_items)) {
      return absl::StrFormat("%d items; at most %d are allowed", list->size(), field.max_items);
    }
  }
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    if (field.min.has_value() && *integer < *field.min) {
      return absl::StrFormat("%d is below the minimum %d", *integer, *field.min);
    }
    if (field.max.has_value() && *integer > *field.max) {
      return absl::StrFormat("%d is above the maximum %d", *integer, *field.max);
    }
  }
  return {};
}

absl::Status CheckOne(const model::Attribute& attribute, const rule::Schema& schema) {
  RETURN_IF_ERROR(CheckText("attributes (a name)", attribute.name, ControlCharacters::kRefused));
  const std::string& name = attribute.name;
  RETURN_IF_ERROR(CheckStrings(name, attribute.value));
  const Field* field = Declared(schema, attribute.name);
  if (field == nullptr) return absl::OkStatus();
  if (!Fits(field->type, attribute.value)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("attributes[\"%s\"]: is a %s; rules/schema.json declares it as %s", name,
                        NameOfType(attribute.value), rule::FieldTypeName(field->type)));
  }
  if (!field->required) return absl::OkStatus();
  const std::string fault = BeyondLimit(*field, attribute.value);
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrFormat("attributes[\"%s\"]: %s", name, fault));
}

bool IsPresent(const model::Transaction& txn, const Field& field, const rule::Schema& schema) {
  for (const model::Attribute& attribute : txn.attributes) {
    if (Declared(schema, attribute.name) == &field) return true;
  }
  return false;
}

}  // namespace

absl::Status ValidateAttributes(const model::Transaction& txn, const rule::Schema& schema) {
  if (txn.attributes.size() > kAttributesMax) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "attributes: %d given; at most %d are allowed", txn.attributes.size(), kAttributesMax));
  }
  for (const model::Attribute& attribute : txn.attributes) {
    RETURN_IF_ERROR(CheckOne(attribute, schema));
  }
  for (const Field& field : schema.fields()) {
    if (!field.required || field.source != rule::FieldSource::kAttribute) continue;
    if (IsPresent(txn, field, schema)) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("attributes[\"%s\"]: is absent; rules/schema.json requires it",
                        field.object == "txn" ? field.name : field.full_name()));
  }
  return absl::OkStatus();
}

}  // namespace verdict::decide
