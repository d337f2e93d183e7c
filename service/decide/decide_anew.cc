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

// **Thread-compatible.** One rule set against all decisions.
class Redecider {
 public:
  explicit Redecider(const ruleset::RuleSet& next) : next_(next) {}

  void Decide(const RecentDecision& seen) {
    if (seen.rules.get() != seen_rules_) MatchFeatures(*seen.rules);
    const feature::FeatureSet& features = *next_.features;
    features.FillRecord(seen.txn, &record_);
    results_.assign(features.features().size(), feature::FeatureResult());
    for (size_t i = 0; i < results_.size(); ++i) {
      if (!seen_as_[i]) continue;
      results_[i] = seen.results[*seen_as_[i]];
      feature::StoreResult(features.features()[i], results_[i], &record_);
    }
    SetProvenance(next_, results_, &decision_);
    ruleset::EvaluateRules(next_, record_, arena_.get(), &evaluation_);
    ruleset::Decide(next_, evaluation_, decision_.provenance, &decision_);
    Count(seen);
  }

  ruleset::GuardReport Report() {
    report_.currency = next_.features->options().base_currency;
    for (auto& [outcomes, flip] : flips_) report_.flips.push_back(std::move(flip));
    for (ruleset::Flip& flip : report_.flips) {
      const auto by = by_.find({flip.from, flip.to});
      if (by != by_.end()) flip.by.assign(by->second.begin(), by->second.end());
      std::stable_sort(flip.by.begin(), flip.by.end(),
                       [](const auto& a, const auto& b) { return a.second > b.second; });
    }
    std::stable_sort(
        report_.flips.begin(), report_.flips.end(),
        [](const ruleset::Flip& a, const ruleset::Flip& b) { return a.decisions > b.decisions; });
    std::sort(report_.unknown.begin(), report_.unknown.end());
    return std::move(report_);
  }

 private:
  using Outcomes = std::pair<model::Outcome, model::Outcome>;

  // By definition, not by name alone: of another window it saw nothing.
  void MatchFeatures(const ruleset::RuleSet& seen) {
    seen_rules_ = &seen;
    seen_as_.clear();
    const auto& had = seen.features->features();
    for (const feature::Feature& wanted : next_.features->features()) {
      const auto found = std::find_if(had.begin(), had.end(), [&](const feature::Feature& one) {
        return one.full_name == wanted.full_name && one.hash == wanted.hash;
      });
      std::optional<size_t> index;
      if (found != had.end()) index = static_cast<size_t>(found - had.begin());
      seen_as_.push_back(index);
      auto& unknown = report_.unknown;
      const bool told =
          std::find(unknown.begin(), unknown.end(), wanted.full_name) != unknown.end();
      if (!index && !told) unknown.push_back(wanted.full_name);
    }
  }

  void Count(const RecentDecision& seen) {
    const bool first = report_.decisions++ == 0;
    report_.from_ms = first ? seen.decided_at_ms : std::min(report_.from_ms, seen.decided_at_ms);
    report_.until_ms = first ? seen.decided_at_ms : std::max(report_.until_ms, seen.decided_at_ms);
    report_.denied_before += seen.outcome == model::Outcome::kDeny ? 1 : 0;
    report_.denied_after += decision_.outcome == model::Outcome::kDeny ? 1 : 0;
    if (decision_.outcome == seen.outcome) return;
    const Outcomes outcomes(seen.outcome, decision_.outcome);
    ruleset::Flip& flip = flips_[outcomes];
    flip.from = seen.outcome;
    flip.to = decision_.outcome;
    ++flip.decisions;
    const std::optional<int64_t> amount = next_.features->BaseAmount(seen.txn);
    if (amount) {
      flip.amount_minor = AddSaturating(flip.amount_minor, *amount);
    } else {
      ++flip.without_amount;
    }
    if (const ruleset::Rule* rule = LeadingRule()) ++by_[outcomes][rule->id];
  }

  // Of those that matched, the first by priority whose action is the outcome, else the first.
  const ruleset::Rule* LeadingRule() const {
    const ruleset::Rule* any = nullptr;
    for (const uint32_t i : next_.by_priority) {
      const ruleset::Rule& rule = next_.rules[i];
      if (!evaluation_.acting[i] || evaluation_.results[i] != ruleset::RuleResult::kMatch) continue;
      const bool its =
          (rule.action == ruleset::Action::kDeny && decision_.outcome == model::Outcome::kDeny) ||
          (rule.action == ruleset::Action::kReview &&
           decision_.outcome == model::Outcome::kReview) ||
          (rule.action == ruleset::Action::kAllow && decision_.outcome == model::Outcome::kAllow);
      if (its) return &rule;
      if (any == nullptr) any = &rule;
    }
    return any;
  }

  const ruleset::RuleSet& next_;
  const ruleset::RuleSet* seen_rules_ = nullptr;
  std::vector<std::optional<size_t>> seen_as_;  // by feature of next_: its index in what was seen
  rule::Record record_;
  rule::EvaluationArenaPtr arena_ = rule::MakeEvaluationArena();
  std::vector<feature::FeatureResult> results_;
  ruleset::Evaluation evaluation_;
  model::Decision decision_;
  std::map<Outcomes, ruleset::Flip> flips_;
  std::map<Outcomes, std::map<std::string, uint64_t>> by_;
  ruleset::GuardReport report_;
};

}  // namespace

ruleset::GuardReport DecideAnew(const RecentDecisions& recent, const ruleset::RuleSet& next) {
  Redecider redecider(next);
  recent.ForEach([&](const RecentDecision& seen) { redecider.Decide(seen); });
  return redecider.Report();
}

}  // namespace verdict::decide
