// How good the inputs of a decision were.
#pragma once

#include <vector>

#include "feature/merge.h"
#include "model/decision.h"
#include "ruleset/rule_set.h"

namespace verdict::decide {

// The worst among the features that live rules read, and why. DEFAULT where rules got no value at
// all and faults withheld some: the others have none to give (no such entity, nothing to average).
// `results` by feature of `set`.
void SetProvenance(const ruleset::RuleSet& set, const std::vector<feature::FeatureResult>& results,
                   model::Decision* decision);

}  // namespace verdict::decide
