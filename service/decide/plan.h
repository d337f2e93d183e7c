// What a rule set means to the decider, worked out once: which features share a measure, how a
// payment is assumed to count, and the metric series of its rules and features.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "decide/recent_decisions.h"
#include "model/decision.h"
#include "ruleset/rule_set.h"

namespace verdict::decide {

inline constexpr size_t kRuleResults = 4;
inline constexpr size_t kReasonBits = 12;
inline constexpr size_t kOutcomes = 3;
// FULL, STALE, DEFAULT, then PARTIAL by its first reason.
inline constexpr size_t kAnswerKinds = 3 + kReasonBits;

// What a shadow rule that matched would have made of the decision.
struct ShadowCounters {
  base::Counter decisions;
  base::Counter amount_minor;  // of those decisions, in the base currency
};

// **Immutable.**
struct Plan {
  explicit Plan(std::shared_ptr<const ruleset::RuleSet> rule_set);

  std::shared_ptr<const ruleset::RuleSet> rules;
  std::shared_ptr<const SeenFeatures> seen;
  // The statuses that features assume of a payment while its own answer is computed; usually
  // "approved" alone.
  std::vector<std::string> statuses;
  std::vector<uint16_t> status_of_feature;  // index into `statuses`
  std::vector<uint16_t> status_of_measure;  // that of its first feature: how others see the payment
  std::vector<std::vector<uint16_t>> features_of_measure;
  // Of sliding measures likewise.
  std::vector<uint16_t> status_of_sliding;
  std::vector<std::vector<uint16_t>> features_of_sliding;
  std::vector<std::array<base::Counter, kRuleResults>> rule_hits;  // by rule
  std::vector<uint32_t> shadow_rules;  // indexes of those of mode shadow, and of those that expire
  std::vector<std::array<ShadowCounters, kOutcomes>> shadows;         // by place in shadow_rules
  std::vector<std::array<base::Counter, kAnswerKinds>> answer_kinds;  // by feature
};

// Index into Plan::shadows[rule].
inline size_t OutcomeIndex(model::Outcome outcome) { return static_cast<size_t>(outcome) - 1; }
// Index into Plan::answer_kinds.
size_t AnswerKind(model::Provenance provenance, uint16_t reasons);

}  // namespace verdict::decide
