// What a rule set means to the decider, worked out once: which features share a measure, how a
// payment is assumed to count, and the metric series of its rules and features.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "model/decision.h"
#include "ruleset/rule_set.h"

namespace verdict::decide {

inline constexpr size_t kRuleResults = 4;
inline constexpr size_t kReasonBits = 12;
// FULL, STALE, DEFAULT, then PARTIAL by its first reason.
inline constexpr size_t kAnswerKinds = 3 + kReasonBits;

// **Immutable.**
struct Plan {
  explicit Plan(std::shared_ptr<const ruleset::RuleSet> rule_set);

  std::shared_ptr<const ruleset::RuleSet> rules;
  // The statuses that features assume of a payment while its own answer is computed; usually
  // "approved" alone.
  std::vector<std::string> statuses;
  std::vector<uint16_t> status_of_feature;  // index into `statuses`
  std::vector<uint16_t> status_of_measure;  // that of its first feature: how others see the payment
  std::vector<std::vector<uint16_t>> features_of_measure;
  // Of sliding measures likewise.
  std::vector<uint16_t> status_of_sliding;
  std::vector<std::vector<uint16_t>> features_of_sliding;
  std::vector<std::array<base::Counter, kRuleResults>> rule_hits;     // by rule
  std::vector<std::array<base::Counter, kAnswerKinds>> answer_kinds;  // by feature
};

// Index into Plan::answer_kinds.
size_t AnswerKind(model::Provenance provenance, uint16_t reasons);

}  // namespace verdict::decide
