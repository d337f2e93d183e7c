// Runs a rule's own tests.
#pragma once

#include "ruleset/findings.h"
#include "ruleset/given_record.h"
#include "ruleset/rule_file.h"

namespace verdict::ruleset {

// Adds R520 for each test that fails: clause, expectation, result and the values the clause read.
// `draft.rule` has been compiled in full.
void RunRuleTests(const DraftRule& draft, const GivenContext& context, rule::EvaluationArena* arena,
                  Findings* findings);

}  // namespace verdict::ruleset
