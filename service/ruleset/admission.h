// What rules may cost: one by itself, and all that run together.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ruleset/findings.h"
#include "ruleset/rule_file.h"

namespace verdict::ruleset {

// The worst case of all rules that run, live and shadow, in units (rule/cost.h). A rule beyond
// `rule_units` of the policy is R401 at its most expensive clause, a set beyond `set_units` is R402
// at `folder`, with its files by what they cost. Rules of mode off cost nothing; rules whose
// clauses did not all compile count with those that did.
uint64_t CheckCost(const std::vector<DraftRule>& drafts, const Policy& policy,
                   const rule::Schema& schema, const std::string& folder, Findings* findings);

// A feature's `where` is asked of every event: each may cost what a rule may; beyond that it is
// R401. `declarations`: what `features` was compiled from.
void CheckFilterCost(const feature::FeatureSet& features, const Policy& policy,
                     const std::vector<feature::FeatureDeclaration>& declarations,
                     Findings* findings);

}  // namespace verdict::ruleset
