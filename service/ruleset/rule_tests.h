// Runs a rule's own tests.
#pragma once

#include "ruleset/findings.h"
#include "ruleset/given_record.h"
#include "ruleset/rule_file.h"

namespace verdict::ruleset {

// What the evaluator that decides and the reference say of a clause, where that is not the same;
// empty where it is.
std::string Disagreement(const rule::Expression& clause, const rule::Record& record,
                         const rule::Schema& schema, rule::EvaluationArena* arena);

// Adds R520 for each test that fails: clause, expectation, result and the values the clause read;
// R521 where the two evaluators do not agree on a test's values.
// `draft.rule` has been compiled in full.
void RunRuleTests(const DraftRule& draft, const GivenContext& context, rule::EvaluationArena* arena,
                  Findings* findings);

}  // namespace verdict::ruleset
