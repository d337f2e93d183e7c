// From a record to four-valued results: no rule is skipped, since score and reasons need them all.
#include <algorithm>

#include "base/check.h"
#include "ruleset/rule_set.h"

namespace verdict::ruleset {
RuleResult ResultOf(const rule::Value& value) {
  switch (value.kind()) {
    case rule::Kind::kBool:
      return value.boolean() ? RuleResult::kMatch : RuleResult::kNoMatch;
    case rule::Kind::kMissing:
      return RuleResult::kMissing;
    case rule::Kind::kError:
    case rule::Kind::kNull:
    case rule::Kind::kInt:
    case rule::Kind::kUint:
    case rule::Kind::kDouble:
    case rule::Kind::kString:
    case rule::Kind::kBytes:
    case rule::Kind::kTimestamp:
    case rule::Kind::kDuration:
    case rule::Kind::kList:
    case rule::Kind::kMap:
    case rule::Kind::kType:
    case rule::Kind::kOptional:
    case rule::Kind::kIp:
    case rule::Kind::kCidr:
      return RuleResult::kError;
  }
  return RuleResult::kError;
}

namespace {

constexpr size_t kAhead = 6;  // clauses whose steps are asked for before they are needed

// Of the clauses of one rule: match < missing < error, and one that does not match settles it.
bool Join(const rule::Value& value, RuleResult* result) {
  const RuleResult next = ResultOf(value);
  *result = next == RuleResult::kNoMatch ? next : std::max(*result, next);
  return next != RuleResult::kNoMatch;
}

}  // namespace

RuleResult EvaluateRule(const Rule& rule, const rule::Record& record,
                        rule::EvaluationArena* arena) {
  RuleResult result = RuleResult::kMatch;
  for (const auto& clause : rule.clauses) {
    if (!Join(clause->Evaluate(record, arena), &result)) break;
  }
  return result;
}

std::vector<std::string> MissingFields(const RuleSet& set, const Rule& rule,
                                       const rule::Record& record, rule::EvaluationArena* arena) {
  std::vector<std::string> names;
  for (const auto& clause : rule.clauses) {
    const rule::Value value = clause->Evaluate(record, arena);
    if (!value.is_missing() || value.missing_slot() >= set.schema->fields().size()) continue;
    std::string name = set.schema->fields()[value.missing_slot()].visible_name();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void EvaluateRules(const RuleSet& set, const rule::Record& record, rule::EvaluationArena* arena,
                   Evaluation* out) {
  CHECK(record.slots.size() >= set.schema->fields().size());
  out->results.assign(set.rules.size(), RuleResult::kNoMatch);
  out->acting.assign(set.rules.size(), false);
  const rule::Value& time = record.slots[rule::kTxnTime];
  const int64_t now_ms = time.kind() == rule::Kind::kTimestamp ? time.integer() : INT64_MIN;
  for (size_t i = 0; i < set.rules.size(); ++i) {
    const RuleSteps& steps = set.steps[i];
    if (steps.clauses == 0) continue;
    const size_t end = size_t{steps.first_clause} + steps.clauses;
    RuleResult result = RuleResult::kMatch;
    for (size_t at = steps.first_clause; at < end; ++at) {
      if (at + kAhead < set.clauses.size()) rule::Prefetch(set.clauses[at + kAhead]);
      if (!Join(rule::Evaluate(set.clauses[at], record, arena), &result)) break;
    }
    out->results[i] = result;
    out->acting[i] = steps.live && now_ms < steps.expires_ms;
  }
}

}  // namespace verdict::ruleset
