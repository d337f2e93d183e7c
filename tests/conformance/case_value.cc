// Values of the suite.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "absl/strings/escaping.h"
#include "conformance/case.h"
#include "rule/builtins.h"

namespace verdict::conformance {
namespace {

using rule::Kind;
using rule::MapEntry;
using rule::Value;

constexpr int64_t kNanosPerSecond = 1'000'000'000;

bool SameMaps(const Value& a, const Value& b) {
  if (a.map().size() != b.map().size()) return false;
  return std::all_of(a.map().begin(), a.map().end(), [&](const MapEntry& entry) {
    return std::any_of(b.map().begin(), b.map().end(), [&](const MapEntry& other) {
      return Same(entry.key, other.key) && Same(entry.value, other.value);
    });
  });
}

}  // namespace

Value ReadValue(const nlohmann::json& json, rule::EvaluationArena* arena) {
  const std::string kind = json.begin().key();
  const nlohmann::json& v = json.begin().value();
  if (kind == "null") return Value::Null();
  if (kind == "bool") return Value::Bool(v);
  if (kind == "int") return Value::Int(std::stoll(v.get<std::string>()));
  if (kind == "uint") return Value::Uint(std::stoull(v.get<std::string>()));
  if (kind == "double") return Value::Double(std::strtod(v.get<std::string>().c_str(), nullptr));
  if (kind == "string") return arena->CopyString(v.get<std::string>());
  if (kind == "type") return Value::Type(arena->CopyString(v.get<std::string>()).string());
  if (kind == "bytes_base64") {
    std::string bytes;
    if (absl::Base64Unescape(v.get<std::string>(), &bytes)) return arena->CopyBytes(bytes);
  }
  if (kind == "duration") {
    const int64_t seconds = std::stoll(v.at("seconds").get<std::string>());
    return Value::Duration(seconds * kNanosPerSecond + v.value("nanos", 0));
  }
  if (kind == "list") {
    std::vector<Value> items;
    for (const nlohmann::json& item : v) items.push_back(ReadValue(item, arena));
    return arena->CopyList(items);
  }
  if (kind == "map") {
    std::vector<MapEntry> entries;
    for (const nlohmann::json& entry : v) {
      entries.push_back({ReadValue(entry.at(0), arena), ReadValue(entry.at(1), arena)});
    }
    return arena->CopyMap(entries);
  }
  throw std::runtime_error("no such value: " + json.dump());
}

rule::Type ReadType(const nlohmann::json& json, rule::TypePool* pool) {
  if (json.is_object()) {
    const std::string kind = json.begin().key();
    if (kind == "list") return pool->List(ReadType(json.at("list"), pool));
    if (kind == "map") {
      return pool->Map(ReadType(json.at("map").at(0), pool), ReadType(json.at("map").at(1), pool));
    }
    if (kind == "type_param") return json.at(kind) == "T" ? rule::kTypeA : rule::kTypeB;
    if (json.value("abstract", "") == "optional_type") {
      return pool->Optional(ReadType(json.at("params").at(0), pool));
    }
  } else if (json == "dyn") {
    return rule::TypeKind::kDyn;
  } else if (json == "duration") {
    return rule::TypeKind::kDuration;
  } else if (json == "timestamp") {
    return rule::TypeKind::kTimestamp;
  } else if (const auto plain = rule::FindType(json.get<std::string>())) {
    return *plain;
  }
  throw std::runtime_error("no such type: " + json.dump());
}

bool Same(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::kDouble:
      return a.real() == b.real() || (std::isnan(a.real()) && std::isnan(b.real()));
    case Kind::kList:
      return std::equal(a.list().begin(), a.list().end(), b.list().begin(), b.list().end(), Same);
    case Kind::kMap:
      return SameMaps(a, b);
    case Kind::kOptional:
      return a.held() == nullptr || b.held() == nullptr ? a.held() == b.held()
                                                        : Same(*a.held(), *b.held());
    default:
      return rule::EqualValues(a, b);
  }
}

}  // namespace verdict::conformance
