#include "ruleset/test_report.h"

#include <algorithm>

namespace verdict::ruleset {

std::vector<size_t> ClausesNeverSeen(const TestedRule& rule, RuleResult result) {
  std::vector<size_t> never;
  for (size_t i = 0; i < rule.clause_texts.size(); ++i) {
    const bool seen = std::any_of(rule.cases.begin(), rule.cases.end(), [&](const TestedCase& one) {
      return i < one.clauses.size() && one.clauses[i] == result;
    });
    if (!seen) never.push_back(i + 1);
  }
  return never;
}

}  // namespace verdict::ruleset
