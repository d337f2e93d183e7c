#include "mapping/mapping.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "mapping/exact_number.h"
#include "ruleset/json_reader.h"

namespace verdict::mapping {
namespace {

using Json = nlohmann::json;

constexpr size_t kMappingBytesMax = size_t{1} << 20;
constexpr std::string_view kRequired[] = {"id", "event_time_ms", "amount_minor", "currency",
                                          "merchant_id"};
constexpr std::string_view kOtherFields[] = {"event_time_ms", "amount_minor", "amount_base_minor",
                                             "kind", "sequence"};
constexpr std::string_view kAttributePrefix = "attributes.";

bool IsField(std::string_view name) {
  const auto& texts = TextFields();
  return (name.starts_with(kAttributePrefix) && name.size() > kAttributePrefix.size()) ||
         std::find(std::begin(kOtherFields), std::end(kOtherFields), name) !=
             std::end(kOtherFields) ||
         std::any_of(texts.begin(), texts.end(),
                     [&](const TextField& t) { return t.name == name; });
}

std::vector<std::string> FieldNames() {
  std::vector<std::string> names(std::begin(kOtherFields), std::end(kOtherFields));
  for (const TextField& field : TextFields()) names.emplace_back(field.name);
  return names;
}

// Thread-compatible. Reads one object of the file; every message begins with file and path of keys.
class ObjectReader {
 public:
  ObjectReader(std::string where, const Json& object) : where_(std::move(where)), object_(object) {}

  absl::Status Error(std::string_view why) const {
    return absl::InvalidArgumentError(absl::StrFormat("%s: %s", where_, why));
  }

  absl::Status Keys(std::initializer_list<std::string_view> known) const {
    if (!object_.is_object()) return Error("must be an object { }");
    for (const auto& [key, value] : object_.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      const std::vector<std::string> names(known.begin(), known.end());
      const std::string nearest = ruleset::NearestName(key, names);
      return Error(absl::StrFormat("unknown key \"%s\"; %s", key,
                                   nearest.empty() ? "known are " + ruleset::JoinNames(names, "and")
                                                   : "did you mean `" + nearest + "`?"));
    }
    return absl::OkStatus();
  }

  bool Has(const char* key) const { return object_.contains(key); }

  absl::Status Text(const char* key, std::string* out) const {
    if (!Has(key)) return absl::OkStatus();
    return ScalarText(object_[key], key, out);
  }

  absl::Status Flag(const char* key, bool* out) const {
    if (!Has(key)) return absl::OkStatus();
    if (!object_[key].is_boolean())
      return Error(absl::StrFormat("\"%s\" must be true or false", key));
    *out = object_[key].get<bool>();
    return absl::OkStatus();
  }

  absl::Status Texts(const char* key, std::vector<std::string>* out) const {
    if (!Has(key)) return absl::OkStatus();
    if (!object_[key].is_array() || object_[key].empty()) {
      return Error(absl::StrFormat("\"%s\" must be a list [ ] of values", key));
    }
    out->clear();
    for (const Json& value : object_[key])
      RETURN_IF_ERROR(ScalarText(value, key, &out->emplace_back()));
    return absl::OkStatus();
  }

  absl::Status Translations(const char* key,
                            std::map<std::string, std::string, std::less<>>* out) const {
    if (!Has(key)) return absl::OkStatus();
    if (!object_[key].is_object())
      return Error(absl::StrFormat("\"%s\" must be an object { }", key));
    for (const auto& [from, to] : object_[key].items())
      RETURN_IF_ERROR(ScalarText(to, key, &(*out)[from]));
    return absl::OkStatus();
  }

 private:
  absl::Status ScalarText(const Json& value, const char* key, std::string* out) const {
    if (value.is_string()) {
      *out = value.get<std::string>();
    } else if (value.is_number_integer() || value.is_boolean()) {
      *out = value.dump();
    } else {
      return Error(absl::StrFormat("\"%s\" must be a text or a whole number", key));
    }
    return absl::OkStatus();
  }

  std::string where_;
  const Json& object_;
};

absl::Status ReadUnits(const ObjectReader& reader, FieldSource* source) {
  std::string unit = "minor", multiply = "1";
  RETURN_IF_ERROR(reader.Text("unit", &unit));
  RETURN_IF_ERROR(reader.Text("multiply", &multiply));
  if (unit != "minor" && unit != "major") return reader.Error("\"unit\" is \"minor\" or \"major\"");
  source->unit = unit == "major" ? FieldSource::Unit::kMajor : FieldSource::Unit::kMinor;
  const absl::StatusOr<int64_t> factor = ParseWhole(multiply);
  if (!factor.ok() || *factor < 1 || *factor > 1'000'000) {
    return reader.Error("\"multiply\" is a whole number from 1 to 1000000");
  }
  source->multiply = *factor;
  return absl::OkStatus();
}

absl::Status ReadTimeFormat(const ObjectReader& reader, FieldSource* source) {
  std::string format = "text", zone = "UTC";
  RETURN_IF_ERROR(reader.Text("format", &format));
  RETURN_IF_ERROR(reader.Text("zone", &zone));
  if (!absl::LoadTimeZone(zone, &source->zone)) {
    return reader.Error(absl::StrFormat("\"zone\": there is no time zone \"%s\"", zone));
  }
  if (format == "text") {
    source->time_unit = FieldSource::TimeUnit::kText;
  } else if (format == "s") {
    source->time_unit = FieldSource::TimeUnit::kSeconds;
  } else if (format == "ms") {
    source->time_unit = FieldSource::TimeUnit::kMilliseconds;
  } else if (format.find('%') != std::string::npos) {
    source->time_unit = FieldSource::TimeUnit::kPattern;
    source->time_pattern = format;
  } else {
    return reader.Error(
        "\"format\" is \"text\" (2019-03-31T08:15:00), \"s\", \"ms\" or a pattern like \"%d/%m/%Y "
        "%H:%M\"");
  }
  return absl::OkStatus();
}

absl::StatusOr<FieldSource> ReadSource(const std::string& where, const Json& json) {
  FieldSource source;
  if (json.is_string()) {  // "merchant_id": "terminal" is short for a column
    source.column = json.get<std::string>();
    return source;
  }
  const ObjectReader reader(where, json);
  RETURN_IF_ERROR(reader.Keys({"column", "constant", "prefix", "values", "otherwise", "unit",
                               "multiply", "format", "zone", "type"}));
  if (reader.Has("column") == reader.Has("constant"))
    return reader.Error("needs either \"column\" or \"constant\"");
  RETURN_IF_ERROR(reader.Text("column", &source.column));
  RETURN_IF_ERROR(reader.Text("constant", &source.constant));
  RETURN_IF_ERROR(reader.Text("prefix", &source.prefix));
  RETURN_IF_ERROR(reader.Translations("values", &source.values));
  RETURN_IF_ERROR(reader.Text("type", &source.type));
  if (reader.Has("otherwise"))
    RETURN_IF_ERROR(reader.Text("otherwise", &source.otherwise.emplace()));
  static const std::set<std::string> kTypes = {"string", "int", "double", "bool"};
  if (!kTypes.contains(source.type)) return reader.Error("\"type\" is string, int, double or bool");
  RETURN_IF_ERROR(ReadUnits(reader, &source));
  RETURN_IF_ERROR(ReadTimeFormat(reader, &source));
  return source;
}

absl::StatusOr<RowFilter> ReadFilter(const std::string& where, const Json& json) {
  const ObjectReader reader(where, json);
  RETURN_IF_ERROR(reader.Keys({"column", "in", "not_in"}));
  RowFilter filter;
  RETURN_IF_ERROR(reader.Text("column", &filter.column));
  if (filter.column.empty() || reader.Has("in") == reader.Has("not_in")) {
    return reader.Error("needs \"column\" and either \"in\" or \"not_in\"");
  }
  filter.keep = reader.Has("in");
  RETURN_IF_ERROR(reader.Texts(filter.keep ? "in" : "not_in", &filter.values));
  return filter;
}

absl::StatusOr<LabelSource> ReadLabel(const std::string& where, const Json& json) {
  const ObjectReader reader(where, json);
  RETURN_IF_ERROR(reader.Keys({"column", "fraud_values", "only_fraud"}));
  LabelSource label;
  RETURN_IF_ERROR(reader.Text("column", &label.column));
  if (label.column.empty()) return reader.Error("needs \"column\"");
  RETURN_IF_ERROR(reader.Texts("fraud_values", &label.fraud_values));
  RETURN_IF_ERROR(reader.Flag("only_fraud", &label.only_fraud));
  return label;
}

// As files of rules are read: with comments, every key once, and a place in each message.
absl::Status CheckSyntax(const std::string& file, const std::string& text) {
  ruleset::Findings findings;
  ruleset::ReadJson(file, text, &findings);
  if (findings.list().empty()) return absl::OkStatus();
  const rule::Diagnostic& first = findings.list().front();
  return absl::InvalidArgumentError(
      absl::StrFormat("%s:%d:%d: %s", file, first.place.line, first.place.column, first.message));
}

absl::Status ReadFields(const std::string& file, const Json& json, Mapping* mapping) {
  if (!json.is_object())
    return absl::InvalidArgumentError(file + ": fields: must be an object { }");
  for (const auto& [name, value] : json.items()) {
    const std::string where = absl::StrFormat("%s: fields: %s", file, name);
    if (!IsField(name)) {
      const std::string nearest = ruleset::NearestName(name, FieldNames());
      return absl::InvalidArgumentError(
          where + ": there is no such field; " +
          (nearest.empty() ? "take the names of Transaction, \"kind\", \"sequence\" or "
                             "\"attributes.NAME\""
                           : "did you mean `" + nearest + "`?"));
    }
    ASSIGN_OR_RETURN(mapping->fields[name], ReadSource(where, value));
  }
  for (const std::string_view name : kRequired) {
    if (mapping->fields.contains(std::string(name))) continue;
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: fields: \"%s\" is missing; every payment needs it", file, name));
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<TextField>& TextFields() {
  using T = model::Transaction;
  static const std::vector<TextField> fields = {
      {"id", &T::id},
      {"currency", &T::currency},
      {"merchant_id", &T::merchant_id},
      {"merchant_mcc", &T::merchant_mcc},
      {"merchant_country", &T::merchant_country},
      {"card_id", &T::card_id},
      {"card_country", &T::card_country},
      {"customer_id", &T::customer_id},
      {"device_id", &T::device_id},
      {"ip", &T::ip},
      {"country", &T::country},
      {"channel", &T::channel},
      {"status", &T::status},
  };
  return fields;
}

bool IsRequired(std::string_view field) {
  return std::find(std::begin(kRequired), std::end(kRequired), field) != std::end(kRequired);
}

absl::StatusOr<Mapping> Mapping::Parse(const std::string& file, const std::string& text) {
  RETURN_IF_ERROR(CheckSyntax(file, text));
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false,
                                /*ignore_comments=*/true);
  const ObjectReader reader(file, json);
  RETURN_IF_ERROR(reader.Keys({"delimiter", "fields", "filters", "label"}));
  Mapping mapping;
  std::string delimiter = ",";
  RETURN_IF_ERROR(reader.Text("delimiter", &delimiter));
  if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n") {
    return reader.Error("\"delimiter\" is one character, such as \",\" \";\" or \"\\t\"");
  }
  mapping.delimiter = delimiter[0];
  if (!reader.Has("fields")) return reader.Error("\"fields\" is missing");
  RETURN_IF_ERROR(ReadFields(file, json["fields"], &mapping));
  if (reader.Has("filters")) {
    if (!json["filters"].is_array()) return reader.Error("\"filters\" must be a list [ ]");
    for (const Json& filter : json["filters"]) {
      const std::string where = absl::StrFormat("%s: filters: %d", file, mapping.filters.size());
      ASSIGN_OR_RETURN(mapping.filters.emplace_back(), ReadFilter(where, filter));
    }
  }
  if (reader.Has("label")) {
    ASSIGN_OR_RETURN(mapping.label.emplace(), ReadLabel(file + ": label", json["label"]));
  }
  return mapping;
}

absl::StatusOr<Mapping> Mapping::Read(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();  // of an empty file: nothing, and no fault of the file
  if (!stream.is_open() || stream.bad()) {
    return absl::NotFoundError(absl::StrFormat("cannot read %s: %s", file, std::strerror(errno)));
  }
  const std::string text = std::move(content).str();
  if (text.size() > kMappingBytesMax) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("%s is larger than %d bytes", file, kMappingBytesMax));
  }
  return Parse(file, text);
}

absl::StatusOr<Mapping> Mapping::ByName(const std::vector<std::string>& header) {
  Mapping mapping;
  for (const std::string& column : header) {
    if (column == "is_fraud") {
      mapping.label.emplace().column = column;
    } else if (IsField(column)) {
      FieldSource& source = mapping.fields[column];
      source.column = column;
      if (column == "event_time_ms") source.time_unit = FieldSource::TimeUnit::kMilliseconds;
    }
  }
  for (const std::string_view name : kRequired) {
    if (mapping.fields.contains(std::string(name))) continue;
    return absl::InvalidArgumentError(absl::StrFormat(
        "no column is named \"%s\"; say with --map MAPPING.json which column it is", name));
  }
  return mapping;
}

}  // namespace verdict::mapping
