// The publish guard (RULES section 11): what would another rule set have answered?
#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "decide/provenance.h"
#include "decide/recent_decisions.h"

namespace verdict::decide {
namespace {

int64_t AddSaturating(int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
}

// **Thread-compatible.** One rule set, asked of many decisions.
class Redecider {
 public:
  explicit Redecider(const ruleset::RuleSet& set) : set_(set) {}

  model::Outcome Decide(const RecentDecision& one) {
    if (one.seen != seen_) MatchFeatures(one.seen);
    const feature::FeatureSet& features = *set_.features;
    features.FillRecord(one.txn, &record_);
    results_.assign(features.features().size(), feature::FeatureResult());
    for (size_t i = 0; i < results_.size(); ++i) {
      if (!seen_as_[i]) continue;
      results_[i] = one.results[*seen_as_[i]];
      results_[i].provenance = feature::AgedProvenance(results_[i].provenance, one.lag_ms,
                                                       features.options().fresh_within_ms);
      feature::StoreResult(features.features()[i], results_[i], one.lag_ms, &record_);
    }
    SetProvenance(set_, results_, &decision_);
    ruleset::EvaluateRules(set_, record_, arena_.get(), &evaluation_);
    ruleset::Decide(set_, evaluation_, decision_.provenance, &decision_);
    return decision_.outcome;
  }

  // Of those that matched last, the first by priority whose action is the outcome, else the first.
  const ruleset::Rule* LeadingRule() const {
    const ruleset::Rule* any = nullptr;
    for (const uint32_t i : set_.by_priority) {
      const ruleset::Rule& rule = set_.rules[i];
      if (!evaluation_.acting[i] || evaluation_.results[i] != ruleset::RuleResult::kMatch) continue;
      if (LeadsTo(rule.action, decision_.outcome)) return &rule;
      if (any == nullptr) any = &rule;
    }
    return any;
  }

  std::vector<std::string> TakeUnknown() {
    std::sort(unknown_.begin(), unknown_.end());
    return std::move(unknown_);
  }

 private:
  static bool LeadsTo(ruleset::Action action, model::Outcome outcome) {
    return (action == ruleset::Action::kDeny && outcome == model::Outcome::kDeny) ||
           (action == ruleset::Action::kReview && outcome == model::Outcome::kReview) ||
           (action == ruleset::Action::kAllow && outcome == model::Outcome::kAllow);
  }

  // By definition, not by name alone: of another window it saw nothing.
  void MatchFeatures(const std::shared_ptr<const SeenFeatures>& seen) {
    seen_ = seen;
    seen_as_.clear();
    for (const feature::Feature& wanted : set_.features->features()) {
      const auto found = std::find_if(
          seen->features.begin(), seen->features.end(), [&](const SeenFeatures::Feature& one) {
            return one.full_name == wanted.full_name && one.hash == wanted.hash;
          });
      std::optional<size_t> index;
      if (found != seen->features.end()) {
        index = static_cast<size_t>(found - seen->features.begin());
      }
      seen_as_.push_back(index);
      const bool told =
          std::find(unknown_.begin(), unknown_.end(), wanted.full_name) != unknown_.end();
      if (!index && !told) unknown_.push_back(wanted.full_name);
    }
  }

  const ruleset::RuleSet& set_;
  std::shared_ptr<const SeenFeatures> seen_;
  std::vector<std::optional<size_t>> seen_as_;  // by feature of set_: its index in what was seen
  std::vector<std::string> unknown_;
  rule::Record record_;
  rule::EvaluationArenaPtr arena_ = rule::MakeEvaluationArena();
  std::vector<feature::FeatureResult> results_;
  ruleset::Evaluation evaluation_;
  model::Decision decision_;
};

// **Thread-compatible.** Two sets against all decisions.
class Comparison {
 public:
  Comparison(const ruleset::RuleSet& live, const ruleset::RuleSet& next)
      : live_hash_(live.hash), features_(*next.features), before_(live), after_(next) {}

  void Add(const RecentDecision& one) {
    const model::Outcome from =
        one.seen->rule_set == live_hash_ ? one.outcome : before_.Decide(one);
    const model::Outcome to = after_.Decide(one);
    const bool first = report_.decisions++ == 0;
    report_.from_ms = first ? one.decided_at_ms : std::min(report_.from_ms, one.decided_at_ms);
    report_.until_ms = first ? one.decided_at_ms : std::max(report_.until_ms, one.decided_at_ms);
    report_.denied_before += from == model::Outcome::kDeny ? 1 : 0;
    report_.denied_after += to == model::Outcome::kDeny ? 1 : 0;
    if (from != to) AddFlip({from, to}, features_.BaseAmount(one.txn));
  }

  ruleset::GuardReport Report() {
    report_.currency = features_.options().base_currency;
    report_.unknown = after_.TakeUnknown();
    for (auto& [outcomes, flip] : flips_) {
      const std::map<std::string, uint64_t>& by = by_[outcomes];
      flip.by.assign(by.begin(), by.end());
      std::stable_sort(flip.by.begin(), flip.by.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
      report_.flips.push_back(std::move(flip));
    }
    std::stable_sort(
        report_.flips.begin(), report_.flips.end(),
        [](const ruleset::Flip& a, const ruleset::Flip& b) { return a.decisions > b.decisions; });
    return std::move(report_);
  }

 private:
  using Outcomes = std::pair<model::Outcome, model::Outcome>;

  void AddFlip(const Outcomes& outcomes, const std::optional<int64_t>& amount) {
    ruleset::Flip& flip = flips_[outcomes];
    flip.from = outcomes.first;
    flip.to = outcomes.second;
    ++flip.decisions;
    flip.amount_minor = AddSaturating(flip.amount_minor, amount.value_or(0));
    flip.without_amount += amount.has_value() ? 0 : 1;
    if (const ruleset::Rule* rule = after_.LeadingRule()) ++by_[outcomes][rule->id];
  }

  const std::string live_hash_;
  const feature::FeatureSet& features_;
  Redecider before_, after_;
  std::map<Outcomes, ruleset::Flip> flips_;
  std::map<Outcomes, std::map<std::string, uint64_t>> by_;
  ruleset::GuardReport report_;
};

}  // namespace

ruleset::GuardReport DecideAnew(const RecentDecisions& recent, const ruleset::RuleSet& live,
                                const ruleset::RuleSet& next) {
  Comparison comparison(live, next);
  recent.ForEach([&](const RecentDecision& one) { comparison.Add(one); });
  return comparison.Report();
}

}  // namespace verdict::decide
