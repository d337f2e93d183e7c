// What the tests of a rule yielded: case by case, and clause by clause.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "ruleset/rule_set.h"

namespace verdict::ruleset {

// One of the rule's own tests, or a case that was made of one.
struct TestedCase {
  std::string name;                  // of a made one: "without card.country"
  std::optional<RuleResult> expect;  // none: it is made, and not judged
  std::optional<RuleResult> got;     // none: it could not run, and diagnostics say why
  // Each clause by itself, the later ones too where an earlier one settles the rule: kMatch is
  // true, kNoMatch false.
  std::vector<RuleResult> clauses;
  std::vector<std::string> missing;  // full names of the fields that made clauses end missing
  std::string why;  // of a failure or an error: "clause 3 `a >= 5` is false (a = 4)"
  std::vector<std::string> differences;  // clauses on which the two evaluators do not agree

  bool made() const { return !expect.has_value(); }
  bool failed() const { return expect && got && *got != *expect; }
};

struct TestedRule {
  std::string id;
  bool match_on_missing = false;
  std::vector<std::string> clause_texts;
  std::vector<TestedCase> cases;  // the rule's own tests, then the made ones
};

// The numbers, from 1, of the clauses that ended in `result` in none of the cases.
std::vector<size_t> ClausesNeverSeen(const TestedRule& rule, RuleResult result);

}  // namespace verdict::ruleset
