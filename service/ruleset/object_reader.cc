// The typed reading that all files of a rule set share.
#include "ruleset/object_reader.h"

#include <charconv>

#include "absl/strings/str_format.h"

namespace verdict::ruleset {
namespace {

constexpr size_t kShownMax = 40;

// The value as a message shows it: `"livee"`, `12`, or its kind.
std::string ShownValue(const JsonDocument& document, const JsonValue& value) {
  bool compound = value.kind == JsonKind::kArray || value.kind == JsonKind::kObject;
  if (compound || value.length > kShownMax) return std::string(JsonKindName(value.kind));
  return "`" + document.text().substr(value.offset, value.length) + "`";
}

}  // namespace

ObjectReader::ObjectReader(const JsonDocument& document, const JsonValue& object, std::string what,
                           Findings* findings)
    : document_(document), object_(object), what_(std::move(what)), findings_(findings) {}

const JsonValue* ObjectReader::Member(std::string_view key) {
  known_.emplace_back(key);
  return object_.Find(key);
}

void ObjectReader::Error(std::string code, const JsonValue& value, std::string message) {
  findings_->ErrorAt(std::move(code), document_, value, std::move(message));
}

const JsonValue* ObjectReader::Value(std::string_view key, JsonKind kind, Need need) {
  const JsonValue* value = Member(key);
  if (value == nullptr) {
    if (need == Need::kRequired) {
      Error("R511", object_, absl::StrFormat("%s needs `%s`, %s", what_, key, JsonKindName(kind)));
    }
    return nullptr;
  }
  bool number = kind == JsonKind::kDouble && value->kind == JsonKind::kInt;
  if (value->kind != kind && !number) {
    std::string_view wanted = kind == JsonKind::kDouble ? "a number" : JsonKindName(kind);
    Error("R507", *value,
          absl::StrFormat("`%s` must be %s, found %s", key, wanted, ShownValue(document_, *value)));
    return nullptr;
  }
  return value;
}

std::optional<std::string> ObjectReader::String(std::string_view key, Need need) {
  const JsonValue* value = Value(key, JsonKind::kString, need);
  if (value == nullptr) return std::nullopt;
  if (value->text.empty()) {
    Error("R517", *value, absl::StrFormat("`%s` must not be empty", key));
    return std::nullopt;
  }
  return value->text;
}

std::optional<int64_t> ObjectReader::Int(std::string_view key, Need need, IntRange range) {
  const JsonValue* value = Value(key, JsonKind::kInt, need);
  if (value == nullptr) return std::nullopt;
  if (value->integer < range.min || value->integer > range.max) {
    Error("R517", *value,
          absl::StrFormat("`%s` must be between %d and %d, found %d", key, range.min, range.max,
                          value->integer));
    return std::nullopt;
  }
  return value->integer;
}

std::optional<double> ObjectReader::Number(std::string_view key, Need need) {
  const JsonValue* value = Value(key, JsonKind::kDouble, need);
  if (value == nullptr) return std::nullopt;
  return value->real;
}

std::optional<bool> ObjectReader::Bool(std::string_view key, Need need) {
  const JsonValue* value = Value(key, JsonKind::kBool, need);
  if (value == nullptr) return std::nullopt;
  return value->boolean;
}

std::optional<size_t> ObjectReader::Choice(std::string_view key, Need need,
                                           const std::vector<std::string>& choices) {
  const JsonValue* value = Value(key, JsonKind::kString, need);
  if (value == nullptr) return std::nullopt;
  for (size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == value->text) return i;
  }
  std::string nearest = NearestName(value->text, choices);
  std::string advice = nearest.empty() ? "" : "; did you mean `" + nearest + "`?";
  Error("R517", *value,
        absl::StrFormat("`%s` must be %s, found %s%s", key, JoinNames(choices, "or"),
                        ShownValue(document_, *value), advice));
  return std::nullopt;
}

void ObjectReader::Finish() {
  for (const JsonValue* member : object_.children) {
    bool known = false;
    for (const std::string& name : known_) known |= name == member->key;
    if (known) continue;
    findings_->ErrorAtKey("R504", document_, *member,
                          absl::StrFormat("unknown key `%s` in %s%s", member->key, what_,
                                          NameAdvice(member->key, known_)));
  }
}

std::vector<const JsonValue*> StringItems(const JsonDocument& document, const JsonValue& array,
                                          Findings* findings) {
  std::vector<const JsonValue*> items;
  for (const JsonValue* item : array.children) {
    if (item->kind == JsonKind::kString) {
      items.push_back(item);
      continue;
    }
    findings->ErrorAt(
        "R507", document, *item,
        absl::StrFormat("an item must be a string, found %s", ShownValue(document, *item)));
  }
  return items;
}

std::optional<int64_t> ParseDurationMs(std::string_view text) {
  constexpr int64_t kNumberMax = 1'000'000;
  int64_t number = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || number > kNumberMax) return std::nullopt;
  const std::string_view unit(rest, text.data() + text.size() - rest);
  int64_t ms = number;
  if (unit == "s") {
    ms *= 1'000;
  } else if (unit == "m") {
    ms *= 60'000;
  } else if (unit == "h") {
    ms *= 3'600'000;
  } else if (unit == "d") {
    ms *= 86'400'000;
  } else if (unit != "ms") {
    return std::nullopt;
  }
  constexpr int64_t kMsMax = std::numeric_limits<int64_t>::max() / 1'000'000;  // ns fit in 64 bits
  return ms > kMsMax ? std::nullopt : std::optional(ms);
}

}  // namespace verdict::ruleset
