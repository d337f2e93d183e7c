// One rule on one payment: its result, what each clause came to, and on what values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "ruleset/given_record.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

// What the payment says of a feature that a clause reads, where that is not plain FULL.
struct FeatureNote {
  std::string feature;  // "card.count_1h"
  std::string_view provenance;
  std::string age;  // "2s"; empty where nothing says it
};

struct ClauseTrace {
  std::string_view result;  // "true", "false", "missing", "error"
  std::string text;         // the clause as written, on one line
  std::string seen;         // rule::Expression::Seen
  std::vector<FeatureNote> features;
};

struct RuleTrace {
  const ruleset::Rule* rule = nullptr;
  ruleset::RuleResult result = ruleset::RuleResult::kNoMatch;  // also of a rule that is off
  bool acts = false;                                           // live, and not expired at txn.time
  std::string expired_on;  // "2026-03-01"; empty where it has not
  std::vector<ClauseTrace> clauses;

  bool matches() const {
    return result == ruleset::RuleResult::kMatch ||
           (result == ruleset::RuleResult::kMissing && rule->match_on_missing);
  }
};

// Every clause is evaluated, after a false one too. `acts`: ruleset::Evaluation::acting.
RuleTrace TraceRule(const ruleset::RuleSet& set, const ruleset::Rule& rule, bool acts,
                    const ruleset::GivenRecord& given, rule::EvaluationArena* arena);

// A line of head, and one a clause (a long clause has two).
std::string RuleTraceText(const RuleTrace& trace, bool color);
nlohmann::ordered_json RuleTraceJson(const RuleTrace& trace);

}  // namespace verdict::cli
