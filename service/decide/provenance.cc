#include "decide/provenance.h"

#include <algorithm>

namespace verdict::decide {

void SetProvenance(const ruleset::RuleSet& set, const std::vector<feature::FeatureResult>& results,
                   model::Decision* decision) {
  decision->provenance = model::Provenance::kFull;
  decision->partial_reasons = 0;
  bool any_value = false;
  for (size_t i = 0; i < results.size(); ++i) {
    if (!set.feature_read_live[i]) continue;
    decision->provenance = std::max(decision->provenance, results[i].provenance);
    decision->partial_reasons |= results[i].reasons;
    any_value |= !results[i].reads_as_missing;
  }
  const bool withheld = (decision->partial_reasons & model::kPartialReadsAsMissing) != 0;
  if (withheld && !any_value) decision->provenance = model::Provenance::kDefault;
}

}  // namespace verdict::decide
