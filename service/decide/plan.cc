#include "decide/plan.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace verdict::decide {
namespace {

uint16_t IndexOf(const std::string& status, std::vector<std::string>* statuses) {
  const auto found = std::find(statuses->begin(), statuses->end(), status);
  const auto index = static_cast<uint16_t>(found - statuses->begin());
  if (found == statuses->end()) statuses->push_back(status);
  return index;
}

std::array<base::Counter, kRuleResults> HitsOf(const ruleset::Rule& rule) {
  std::array<base::Counter, kRuleResults> counters;
  for (size_t result = 0; result < kRuleResults; ++result) {
    const std::string_view name = ruleset::RuleResultName(static_cast<ruleset::RuleResult>(result));
    counters[result] = base::Metrics().AddCounter(
        "verdict_rule_hits_total", "Evaluations of each live or shadow rule by how they ended.",
        {{"rule", rule.id}, {"result", std::string(name)}});
  }
  return counters;
}

std::array<ShadowCounters, kOutcomes> ShadowsOf(const ruleset::Rule& rule) {
  std::array<ShadowCounters, kOutcomes> counters;
  for (const model::Outcome outcome :
       {model::Outcome::kAllow, model::Outcome::kReview, model::Outcome::kDeny}) {
    const base::MetricLabels labels = {{"rule", rule.id},
                                       {"outcome", std::string(model::OutcomeName(outcome))}};
    counters[OutcomeIndex(outcome)] = {
        base::Metrics().AddCounter(
            "verdict_rule_shadow_total",
            "Decisions that a shadow rule matched, by what they would be were it live.", labels),
        base::Metrics().AddCounter(
            "verdict_rule_shadow_amount_minor_total",
            "What those decisions add up to, in minor units of the base currency.", labels)};
  }
  return counters;
}

std::array<base::Counter, kAnswerKinds> KindsOf(const feature::Feature& feature) {
  std::array<base::Counter, kAnswerKinds> counters;
  for (size_t kind = 0; kind < kAnswerKinds; ++kind) {
    std::string status = kind == 0   ? "FULL"
                         : kind == 1 ? "STALE"
                         : kind == 2 ? "DEFAULT"
                                     : "PARTIAL";
    std::string reason = kind == 1 ? "lag" : "";
    if (kind >= 3) reason = model::PartialReasonNames(static_cast<uint16_t>(1u << (kind - 3)));
    counters[kind] = base::Metrics().AddCounter(
        "verdict_agg_answers_total", "Feature values given to rules, by how whole they were.",
        {{"feature", feature.full_name},
         {"status", std::move(status)},
         {"reason", std::move(reason)}});
  }
  return counters;
}

}  // namespace

Plan::Plan(std::shared_ptr<const ruleset::RuleSet> rule_set)
    : rules(std::move(rule_set)), seen(std::make_shared<const SeenFeatures>(*rules)) {
  const feature::FeatureSet& set = *rules->features;
  features_of_measure.resize(set.measures().size());
  status_of_measure.resize(set.measures().size());
  features_of_sliding.resize(set.sliding_measures().size());
  status_of_sliding.resize(set.sliding_measures().size());
  for (size_t i = 0; i < set.features().size(); ++i) {
    const feature::Feature& feature = set.features()[i];
    const uint16_t status = IndexOf(feature.assumed_status, &statuses);
    std::vector<uint16_t>& siblings =
        (feature.slides() ? features_of_sliding : features_of_measure)[feature.measure];
    if (siblings.empty()) {
      (feature.slides() ? status_of_sliding : status_of_measure)[feature.measure] = status;
    }
    siblings.push_back(static_cast<uint16_t>(i));
    status_of_feature.push_back(status);
    answer_kinds.push_back(KindsOf(feature));
  }
  for (uint32_t i = 0; i < rules->rules.size(); ++i) {
    rule_hits.push_back(HitsOf(rules->rules[i]));
    const bool may_shadow =
        rules->rules[i].mode == ruleset::Mode::kShadow ||
        (rules->rules[i].mode == ruleset::Mode::kLive && rules->rules[i].expires_ms);
    if (!may_shadow) continue;
    shadow_rules.push_back(i);
    shadows.push_back(ShadowsOf(rules->rules[i]));
  }
}

size_t AnswerKind(model::Provenance provenance, uint16_t reasons) {
  switch (provenance) {
    case model::Provenance::kFull:
      return 0;
    case model::Provenance::kStale:
      return 1;
    case model::Provenance::kDefault:
      return 2;
    case model::Provenance::kPartial:
      return 3 + std::min<size_t>(std::countr_zero(reasons), kReasonBits - 1);
  }
  return 0;
}

}  // namespace verdict::decide
