// What Explain shows beyond the decision: of what each feature is made, how each clause of each
// rule ended.
#include <optional>

#include "decide/flow.h"

namespace verdict::decide {

void ShowParts(const feature::MeasureView& without_current, const feature::Feature& feature,
               const std::optional<feature::DayTile>& current, model::DayNumber day,
               FeatureAnswer* answer) {
  uint16_t reasons = 0;
  answer->parts.clear();
  feature::MergeWindow(without_current, feature.window_days, day, &reasons, &answer->parts);
  answer->current = current;
}

void TraceClauses(const ruleset::RuleSet& set, const rule::Record& record,
                  rule::EvaluationArena* arena,
                  std::vector<std::vector<std::string>>* clause_results) {
  clause_results->resize(set.rules.size());
  for (size_t r = 0; r < set.rules.size(); ++r) {
    for (const std::unique_ptr<const rule::Expression>& clause : set.rules[r].clauses) {
      (*clause_results)[r].push_back(
          rule::FormatValue(clause->Evaluate(record, arena), set.schema.get()));
    }
  }
}

}  // namespace verdict::decide
