// A failing test says which clause decided, and on what values.
#include "ruleset/rule_tests.h"

#include <algorithm>

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
    values += schema.fields()[slot].spelled() + " = " + rule::FormatValue(value, &schema);
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
    reasons += absl::StrFormat("%sclause %d `%s` %s%s%s", reasons.empty() ? "" : "; ", i + 1,
                               draft.rule.clause_texts[i],
                               value.kind() == rule::Kind::kBool ? "is " : "ends in ", result,
                               ValuesRead(clause, record, schema));
    if (value.kind() == rule::Kind::kBool) break;  // one false clause settles it
  }
  if (!reasons.empty()) return reasons;
  for (const auto& clause : draft.rule.clauses) {
    reasons += ValuesRead(*clause, record, schema);
  }
  return "every clause is true" + reasons;
}

// Every clause through both evaluators, also where one of them settles the rule.
void RunCase(const DraftRule& draft, const rule::Record& record, const rule::Schema& schema,
             rule::EvaluationArena* arena, TestedCase* tested) {
  tested->got = EvaluateRule(draft.rule, record, arena);
  for (size_t i = 0; i < draft.rule.clauses.size(); ++i) {
    const rule::Expression& clause = *draft.rule.clauses[i];
    const rule::Value value = clause.Evaluate(record, arena);
    tested->clauses.push_back(ResultOf(value));
    if (value.is_missing() && value.missing_slot() < schema.fields().size()) {
      std::string name = schema.fields()[value.missing_slot()].visible_name();
      auto& names = tested->missing;
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
    const std::string differ = Disagreement(clause, record, schema, arena);
    if (differ.empty()) continue;
    tested->differences.push_back(
        absl::StrFormat("clause %d `%s` is %s", i + 1, draft.rule.clause_texts[i], differ));
  }
  if (tested->failed() || tested->got == RuleResult::kError) {
    tested->why = Reasons(draft, record, schema, arena);
  }
}

// What is missing where `slot` is: the same amount in major and in minor units, and what is said of
// a feature.
std::vector<uint16_t> MissingTogether(uint16_t slot, const feature::FeatureSet* features) {
  if (slot == rule::kTxnAmountBase || slot == rule::kTxnAmountBaseMinor) {
    return {rule::kTxnAmountBase, rule::kTxnAmountBaseMinor};
  }
  if (features == nullptr) return {slot};
  for (const feature::Feature& feature : features->features()) {
    if (!feature.Fills(slot)) continue;
    return {feature.slot, feature.minor_slot.value_or(feature.slot), feature.age_slot,
            feature.provenance_slot};
  }
  return {slot};
}

// Whether a payment otherwise like this one may lack the field.
bool MayBeAbsent(uint16_t slot, const rule::Record& record, const GivenContext& context) {
  if (context.schema->fields()[slot].required) return false;
  const bool base_amount = slot == rule::kTxnAmountBase || slot == rule::kTxnAmountBaseMinor;
  const rule::Value& currency = record.slots[rule::kTxnCurrency];
  // Then the amount, which is required, is the amount in the base currency.
  return !base_amount || currency.is_missing() || currency.string() != context.base_currency;
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

TestedRule NotRun(const DraftRule& draft) {
  TestedRule tested;
  tested.id = draft.rule.id;
  tested.match_on_missing = draft.rule.match_on_missing;
  tested.clause_texts = draft.rule.clause_texts;
  for (const DraftRule::Test& test : draft.tests) {
    TestedCase& one = tested.cases.emplace_back();
    one.name = test.name;
    one.expect = test.expect;
  }
  return tested;
}

TestedRule RunRuleTests(const DraftRule& draft, const GivenContext& context,
                        rule::EvaluationArena* arena, Findings* findings) {
  findings->set_rule_id(draft.rule.id);
  TestedRule tested = NotRun(draft);
  for (size_t i = 0; i < draft.tests.size(); ++i) {
    const DraftRule::Test& test = draft.tests[i];
    TestedCase& one = tested.cases[i];
    auto given = ReadGiven(*draft.document, *test.given, context, findings);
    if (!given) continue;
    RunCase(draft, given->record, *context.schema, arena, &one);
    for (const std::string& difference : one.differences) {
      findings->ErrorAt("R521", *draft.document, *test.value,
                        absl::StrFormat("test `%s`: %s: this is a mistake of Verdict's; write the "
                                        "clause in another way, and report it",
                                        test.name, difference));
    }
    if (!one.failed()) continue;
    findings->ErrorAt(
        "R520", *draft.document, *test.value,
        absl::StrFormat("test `%s` expected %s, got %s: %s", test.name, RuleResultName(test.expect),
                        RuleResultName(*one.got), one.why));
  }
  findings->set_rule_id("");
  return tested;
}

void AddMadeCases(const DraftRule& draft, const GivenContext& context, rule::EvaluationArena* arena,
                  TestedRule* tested) {
  const auto matched =
      std::find_if(tested->cases.begin(), tested->cases.end(), [](const TestedCase& one) {
        return one.expect == RuleResult::kMatch && one.got == RuleResult::kMatch;
      });
  if (matched == tested->cases.end()) return;
  const auto index = static_cast<size_t>(matched - tested->cases.begin());
  Findings none;  // it has been read before
  const auto given = ReadGiven(*draft.document, *draft.tests[index].given, context, &none);
  rule::Record record = given->record;
  std::vector<bool> dropped(record.slots.size(), false);
  for (const auto& clause : draft.rule.clauses) {
    for (const uint16_t slot : clause->slots()) {
      if (dropped[slot] || given->record.slots[slot].is_missing()) continue;
      if (!MayBeAbsent(slot, given->record, context)) continue;
      const std::vector<uint16_t> together = MissingTogether(slot, context.features);
      for (const uint16_t one : together) {
        dropped[one] = true;
        record.slots[one] = rule::Value();
      }
      TestedCase& made = tested->cases.emplace_back();
      made.name = "without " + context.schema->fields()[slot].visible_name();
      RunCase(draft, record, *context.schema, arena, &made);
      for (const uint16_t one : together) record.slots[one] = given->record.slots[one];
    }
  }
}

}  // namespace verdict::ruleset
