// A decision for people and machines: what came out, and a line for each rule that had a part in
// it.
#pragma once

#include <string>
#include <vector>

#include "model/decision.h"
#include "nlohmann/json.hpp"
#include "ruleset/rule_set.h"

namespace verdict::cli {

using Json = nlohmann::ordered_json;

// One rule in the answer: why it stands there, and what it brings.
struct RuleLine {
  std::string word;  // "matched", "missing", "error", "shadow"
  const ruleset::Rule* rule = nullptr;
  std::vector<std::string> missing;  // fields
};

// In the order of those words. A rule that matches because its author said `on_missing`: `match`
// stands there twice.
std::vector<RuleLine> RuleLines(const ruleset::RuleSet& set, const ruleset::Evaluation& evaluation,
                                const rule::Record& record, rule::EvaluationArena* arena);

// "REVIEW by rule   score 40 (review_at 50, deny_at 100)   set 9f31c2ab77d0\n"
std::string DecisionHead(const ruleset::RuleSet& set, const model::Decision& decision);
// The head, and the rules below it.
std::string DecisionText(const ruleset::RuleSet& set, const model::Decision& decision,
                         const std::vector<RuleLine>& lines);
Json DecisionJson(const ruleset::RuleSet& set, const model::Decision& decision,
                  const std::vector<RuleLine>& lines);

// "a, b"
std::string Joined(const std::vector<std::string>& names);

}  // namespace verdict::cli
