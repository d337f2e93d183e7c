// The record that a rule's test, or a payment in a file, describes: {"txn": {"amount": 742.5},
// "card": {...}}.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "feature/feature_set.h"
#include "model/decision.h"
#include "rule/schema.h"
#include "ruleset/findings.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {

// What is said of a feature beside its value: {"value": 6, "age": "2s", "provenance": "STALE"}.
// An age alone says STALE or FULL as the service would, STALE alone an age just beyond FULL's. A
// value said to be PARTIAL stands, as that of PARTIAL(limit) does; null is one that does not.
struct GivenQuality {
  uint16_t slot = 0;
  model::Provenance provenance = model::Provenance::kFull;
  std::string age;     // as written; empty where nothing says it
  int64_t age_ms = 0;  // what age(f) is
};

// Views into the document, which must outlive it.
struct GivenRecord {
  rule::Record record;
  std::deque<std::vector<rule::Value>> lists;  // what list values in `record` look at
  std::vector<GivenQuality> qualities;         // of features given as objects
};

// What is left out, or null, is missing. Amounts are known in both forms as soon as one is given:
// `txn.amount` and `txn.amount_minor`, by the currency (the base currency where none is given); a
// money feature likewise. Where the currency given is the base one, `txn.amount_base` follows from
// the amount, as in the service. Unknown fields (R102), wrong types (R507) and amounts that
// disagree (R519) are findings; then nothing comes back.
struct GivenContext {
  const rule::Schema* schema = nullptr;
  const feature::FeatureSet* features = nullptr;  // may be null
  std::string base_currency = "EUR";
};
std::optional<GivenRecord> ReadGiven(const JsonDocument& document, const JsonValue& given,
                                     const GivenContext& context, Findings* findings);

}  // namespace verdict::ruleset
