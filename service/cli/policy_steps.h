// The five steps from results to an outcome, told up to the one that decided.
#pragma once

#include <string>
#include <vector>

#include "ruleset/given_record.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {

// "no allow rule matched"; the last one begins with the outcome: "REVIEW, since score 60 reaches
// review_at 50: card_burst +40, night_spree +20".
// Of step 1 first. `decision` is what Decide made of `evaluation`.
std::vector<std::string> PolicySteps(const ruleset::RuleSet& set,
                                     const ruleset::Evaluation& evaluation,
                                     const model::Decision& decision,
                                     const ruleset::GivenRecord& given);

}  // namespace verdict::cli
