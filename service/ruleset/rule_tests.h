// Runs a rule's own tests, and cases made of them.
#pragma once

#include "ruleset/findings.h"
#include "ruleset/given_record.h"
#include "ruleset/rule_file.h"
#include "ruleset/test_report.h"

namespace verdict::ruleset {

// What the evaluator that decides and the reference say of a clause, where that is not the same;
// empty where it is.
std::string Disagreement(const rule::Expression& clause, const rule::Record& record,
                         const rule::Schema& schema, rule::EvaluationArena* arena);

// The rule's tests as they stand, none of them run.
TestedRule NotRun(const DraftRule& draft);

// Adds R520 for each test that fails: clause, expectation, result and the values the clause read;
// R521 where the two evaluators do not agree on a test's values.
// `draft.rule` has been compiled in full.
TestedRule RunRuleTests(const DraftRule& draft, const GivenContext& context,
                        rule::EvaluationArena* arena, Findings* findings);

// From the first test that expects a match, and gets it: a case for each field that the rule reads,
// that the test gives and that a payment may lack, without that field. The two forms of one amount
// are one field. `tested` comes from RunRuleTests.
void AddMadeCases(const DraftRule& draft, const GivenContext& context, rule::EvaluationArena* arena,
                  TestedRule* tested);

}  // namespace verdict::ruleset
