// Reads the members of one JSON object by name and type; what is missing, mistyped or unknown
// becomes a finding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ruleset/findings.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

// R504 unknown key, R507 wrong type, R511 missing key, R517 a value that is not allowed.
enum class Need : uint8_t { kOptional, kRequired };

struct IntRange {
  int64_t min = INT64_MIN;
  int64_t max = INT64_MAX;
};

// Thread-compatible. Ask for each key that may stand there, then call Finish().
class ObjectReader {
 public:
  // `what` names the object in messages: "a rule", "policy.json". All must outlive the reader.
  ObjectReader(const JsonDocument& document, const JsonValue& object, std::string what,
               Findings* findings);

  // Each is empty (null) where the member is absent or a finding was made.
  std::optional<std::string> String(std::string_view key, Need need);
  std::optional<int64_t> Int(std::string_view key, Need need, IntRange range);
  std::optional<double> Number(std::string_view key, Need need);
  std::optional<bool> Bool(std::string_view key, Need need);
  // The index of the string among `choices`.
  std::optional<size_t> Choice(std::string_view key, Need need,
                               const std::vector<std::string>& choices);
  const JsonValue* Value(std::string_view key, JsonKind kind, Need need);
  // Unknown keys become findings.
  void Finish();

  // A member of any type, null where absent; the key counts as known.
  const JsonValue* Member(std::string_view key);
  const JsonValue& object() const { return object_; }
  const JsonDocument& document() const { return document_; }
  Findings& findings() { return *findings_; }
  // An error at a value of this document.
  void Error(std::string code, const JsonValue& value, std::string message);

 private:
  const JsonDocument& document_;
  const JsonValue& object_;
  std::string what_;
  Findings* findings_;
  std::vector<std::string> known_;
};

// The items of an array that are strings; others become findings.
std::vector<const JsonValue*> StringItems(const JsonDocument& document, const JsonValue& array,
                                          Findings* findings);

// "7d", "24h", "5m", "5s", "250ms" in milliseconds; nothing where it is not that.
std::optional<int64_t> ParseDurationMs(std::string_view text);

}  // namespace verdict::ruleset
