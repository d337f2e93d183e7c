// A failing test says which clause decided, and on what values.
#include "ruleset/rule_tests.h"

#include "absl/strings/str_format.h"

namespace verdict::ruleset {
namespace {

// "(card.count_1h = 4)"; empty where the clause reads no field.
std::string ValuesRead(const rule::Expression& clause, const rule::Record& record,
                       const rule::Schema& schema) {
  std::string values;
  for (uint16_t slot : clause.slots()) {
    const rule::Value& value = record.slots[slot];
    if (value.is_missing()) continue;
    if (!values.empty()) values += ", ";
    values += schema.fields()[slot].full_name() + " = " + rule::FormatValue(value, &schema);
  }
  return values.empty() ? "" : " (" + values + ")";
}

// The clauses that made the result, each with its value and what it read.
std::string Reasons(const DraftRule& draft, const rule::Record& record, const rule::Schema& schema,
                    rule::EvaluationArena* arena) {
  std::string reasons;
  for (size_t i = 0; i < draft.rule.clauses.size(); ++i) {
    const rule::Expression& clause = *draft.rule.clauses[i];
    const rule::Value value = clause.Evaluate(record, arena);
    if (value.kind() == rule::Kind::kBool && value.boolean()) continue;
    std::string result = rule::FormatValue(value, &schema);
    reasons += absl::StrFormat("%s clause %d `%s` %s%s%s", reasons.empty() ? ":" : ";", i + 1,
                               draft.rule.clause_texts[i],
                               value.kind() == rule::Kind::kBool ? "is " : "ends in ", result,
                               ValuesRead(clause, record, schema));
    if (value.kind() == rule::Kind::kBool) break;  // one false clause settles it
  }
  if (!reasons.empty()) return reasons;
  for (const auto& clause : draft.rule.clauses) {
    reasons += ValuesRead(*clause, record, schema);
  }
  return ": every clause is true" + reasons;
}

}  // namespace

std::string Disagreement(const rule::Expression& clause, const rule::Record& record,
                         const rule::Schema& schema, rule::EvaluationArena* arena) {
  const std::string decides = rule::FormatValue(clause.Evaluate(record, arena), &schema);
  const std::string reference =
      rule::FormatValue(clause.EvaluateByReference(record, arena), &schema);
  if (decides == reference) return "";
  // They need different room for what they make.
  const std::string full = rule::FormatValue(rule::Value::Error(rule::ErrorCode::kLimit), &schema);
  if (decides == full || reference == full) return "";
  return absl::StrFormat("%s, by the reference %s", decides, reference);
}

void RunRuleTests(const DraftRule& draft, const GivenContext& context, rule::EvaluationArena* arena,
                  Findings* findings) {
  findings->set_rule_id(draft.rule.id);
  for (const DraftRule::Test& test : draft.tests) {
    auto given = ReadGiven(*draft.document, *test.given, context, findings);
    if (!given) continue;
    for (size_t i = 0; i < draft.rule.clauses.size(); ++i) {
      const std::string differ =
          Disagreement(*draft.rule.clauses[i], given->record, *context.schema, arena);
      if (differ.empty()) continue;
      findings->ErrorAt(
          "R521", *draft.document, *test.value,
          absl::StrFormat("test `%s`: clause %d `%s` is %s: this is a mistake of Verdict's; "
                          "write the clause in another way, and report it",
                          test.name, i + 1, draft.rule.clause_texts[i], differ));
    }
    RuleResult result = EvaluateRule(draft.rule, given->record, arena);
    if (result == test.expect) continue;
    findings->ErrorAt("R520", *draft.document, *test.value,
                      absl::StrFormat("test `%s` expected %s, got %s%s", test.name,
                                      RuleResultName(test.expect), RuleResultName(result),
                                      Reasons(draft, given->record, *context.schema, arena)));
  }
  findings->set_rule_id("");
}

}  // namespace verdict::ruleset
