// From a record to four-valued results: no rule is skipped, since score and reasons need them all.
#include <algorithm>

#include "ruleset/rule_set.h"

namespace verdict::ruleset {
namespace {

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

bool Acts(const Rule& rule, const rule::Record& record) {
  if (rule.mode != Mode::kLive) return false;
  if (!rule.expires_ms) return true;
  const rule::Value& time = record.slots[rule::kTxnTime];
  return time.kind() != rule::Kind::kTimestamp || time.integer() < *rule.expires_ms;
}

}  // namespace

RuleResult EvaluateRule(const Rule& rule, const rule::Record& record,
                        rule::EvaluationArena* arena) {
  RuleResult result = RuleResult::kMatch;
  for (const auto& clause : rule.clauses) {
    RuleResult next = ResultOf(clause->Evaluate(record, arena));
    if (next == RuleResult::kNoMatch) return next;
    result = std::max(result, next);  // match < missing < error
  }
  return result;
}

std::vector<std::string> MissingFields(const RuleSet& set, const Rule& rule,
                                       const rule::Record& record, rule::EvaluationArena* arena) {
  std::vector<std::string> names;
  for (const auto& clause : rule.clauses) {
    const rule::Value value = clause->Evaluate(record, arena);
    if (!value.is_missing() || value.missing_slot() >= set.schema->fields().size()) continue;
    std::string name = set.schema->fields()[value.missing_slot()].full_name();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

void EvaluateRules(const RuleSet& set, const rule::Record& record, rule::EvaluationArena* arena,
                   Evaluation* out) {
  out->results.assign(set.rules.size(), RuleResult::kNoMatch);
  out->acting.assign(set.rules.size(), false);
  for (size_t i = 0; i < set.rules.size(); ++i) {
    const Rule& rule = set.rules[i];
    if (rule.mode == Mode::kOff) continue;
    out->results[i] = EvaluateRule(rule, record, arena);
    out->acting[i] = Acts(rule, record);
  }
}

}  // namespace verdict::ruleset
