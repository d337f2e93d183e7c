// A mapping file: which column of a foreign file, or member of a foreign JSON object, is which
// field of an event.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "model/event.h"

namespace verdict::mapping {

// Where one field comes from: a column (of JSON: a member), or a constant.
struct FieldSource {
  enum class Unit : uint8_t { kMinor, kMajor };
  enum class TimeUnit : uint8_t { kText, kSeconds, kMilliseconds, kPattern };
  std::string column;  // JSON: the path of a member, "card.token"; empty: `constant`
  std::string constant;
  std::string prefix;  // put before the value, where there is one
  std::map<std::string, std::string, std::less<>>
      values;                            // what a value reads as; an unknown one is bad ...
  std::optional<std::string> otherwise;  // ... or reads as this
  Unit unit = Unit::kMinor;              // amounts
  int64_t multiply = 1;                  // amounts in minor units
  TimeUnit time_unit = TimeUnit::kText;
  std::string time_pattern;                   // kPattern: as absl::ParseTime takes it
  absl::TimeZone zone = absl::UTCTimeZone();  // of times without an offset
  std::string type = "string";                // attributes: string, int, double, bool
};

// Rows whose column holds one of `values` are read (`keep`), or left out.
struct RowFilter {
  std::string column;
  std::vector<std::string> values;
  bool keep = true;
};

struct LabelSource {
  std::string column;
  std::vector<std::string> fraud_values = {"1", "true", "TRUE", "yes"};
  bool only_fraud = true;  // rows that are no fraud give no LABEL event
};

// Immutable once read.
struct Mapping {
  char delimiter = ',';
  std::map<std::string, FieldSource>
      fields;  // "id", "amount_minor", "kind", "attributes.channel_detail"
  std::vector<RowFilter> filters;
  std::optional<LabelSource> label;

  // Errors: InvalidArgument: file, key, reason and how to mend it. Unknown keys are refused.
  static absl::StatusOr<Mapping> Parse(const std::string& file, const std::string& text);
  static absl::StatusOr<Mapping> Read(const std::string& file);
  // Columns that bear the names of fields; is_fraud is the label. For files that `verdict generate`
  // wrote, and alike.
  static absl::StatusOr<Mapping> ByName(const std::vector<std::string>& header);
};

// The text fields of a transaction by their names in the contract.
struct TextField {
  std::string_view name;
  std::string model::Transaction::*member;
};
const std::vector<TextField>& TextFields();

// Fields without which no payment is one: "id", "event_time_ms" ...
bool IsRequired(std::string_view field);

}  // namespace verdict::mapping
