#include "cli/policy_steps.h"

#include "absl/strings/str_format.h"
#include "cli/decision_report.h"
#include "cli/rules_and_payment.h"

namespace verdict::cli {
namespace {

using model::DecidedBy;
using model::Outcome;
using ruleset::Action;

// Thread-compatible. What matched, by what it asks for.
class Steps {
 public:
  Steps(const ruleset::RuleSet& set, const ruleset::Evaluation& evaluation,
        const model::Decision& decision, const ruleset::GivenRecord& given)
      : set_(set), decision_(decision), given_(given) {
    for (size_t i = 0; i < set.rules.size(); ++i) {
      const ruleset::Rule& rule = set.rules[i];
      const bool matched =
          evaluation.results[i] == ruleset::RuleResult::kMatch ||
          (evaluation.results[i] == ruleset::RuleResult::kMissing && rule.match_on_missing);
      if (!evaluation.acting[i] || !matched) continue;
      if (rule.score != 0) scores_.push_back(absl::StrFormat("%s %+d", rule.id, rule.score));
      if (rule.action == Action::kAllow) allow_.push_back(rule.id);
      if (rule.action == Action::kReview) review_.push_back(rule.id);
      if (rule.action == Action::kDeny) (rule.final ? final_ : deny_).push_back(rule.id);
    }
  }

  std::vector<std::string> Told() const {
    const size_t deciding = Deciding();
    std::vector<std::string> told;
    if (deciding > 1) told.push_back("no final deny rule matched");
    if (deciding > 2) told.push_back("no allow rule matched");
    if (deciding > 3) told.push_back("no deny rule matched; " + Short("deny_at", DenyAt()));
    if (deciding > 4) told.push_back("no review rule matched; " + Short("review_at", ReviewAt()));
    told.push_back(absl::StrFormat("%s, since %s", model::OutcomeName(decision_.outcome), Why()));
    return told;
  }

 private:
  int DenyAt() const { return set_.policy.deny_at; }
  int ReviewAt() const { return set_.policy.review_at; }

  size_t Deciding() const {
    switch (decision_.decided_by) {
      case DecidedBy::kFinal:
        return 1;
      case DecidedBy::kOverride:
        return 2;
      case DecidedBy::kRule:
      case DecidedBy::kScore:
      case DecidedBy::kProvenance:
        return decision_.outcome == Outcome::kDeny ? 3 : 4;
      case DecidedBy::kDefault:
        return 5;
    }
    return 5;
  }

  std::string Why() const {
    const bool denied = decision_.outcome == Outcome::kDeny;
    switch (decision_.decided_by) {
      case DecidedBy::kFinal:
        return Matched("final deny", final_) +
               (allow_.empty() ? "" : "; it stands above " + Joined(allow_) + " (allow)");
      case DecidedBy::kOverride:
        return Matched("allow", allow_) + Overruled();
      case DecidedBy::kRule:
        return denied ? Matched("deny", deny_) : Matched("review", review_);
      case DecidedBy::kScore:
        return Reached();
      case DecidedBy::kProvenance:
        return absl::StrFormat("%s, and `on` of policy.json says `%s`", Inputs(),
                               denied ? "deny" : "review");
      case DecidedBy::kDefault:
        return "none of these holds: the policy's `default`";
    }
    return "";
  }

  static std::string Matched(std::string_view action, const std::vector<std::string>& rules) {
    if (rules.size() == 1) return absl::StrFormat("the %s rule %s matched", action, rules[0]);
    return absl::StrFormat("%d %s rules matched: %s", rules.size(), action, Joined(rules));
  }

  // What would have asked for more than ALLOW.
  std::string Overruled() const {
    std::vector<std::string> parts;
    for (const std::string& id : deny_) parts.push_back(id + " (deny)");
    for (const std::string& id : review_) parts.push_back(id + " (review)");
    if (decision_.score >= ReviewAt())
      parts.push_back(absl::StrFormat("score %d", decision_.score));
    return parts.empty() ? "" : "; it overrules " + Joined(parts);
  }

  std::string Reached() const {
    const bool deny = decision_.score >= DenyAt();
    return absl::StrFormat("score %d reaches %s %d: %s", decision_.score,
                           deny ? "deny_at" : "review_at", deny ? DenyAt() : ReviewAt(),
                           Joined(scores_));
  }

  std::string Short(std::string_view threshold, int at) const {
    std::string text = absl::StrFormat("score %d is below %s %d", decision_.score, threshold, at);
    if (decision_.provenance == model::Provenance::kFull) return text;
    return text + absl::StrFormat("; inputs are %s, for which `on` says `%s`",
                                  model::ProvenanceName(decision_.provenance),
                                  ruleset::OnProvenanceName(On()));
  }

  ruleset::OnProvenance On() const {
    switch (decision_.provenance) {
      case model::Provenance::kFull:
        return ruleset::OnProvenance::kDecide;
      case model::Provenance::kStale:
        return set_.policy.on_stale;
      case model::Provenance::kPartial:
        return set_.policy.on_partial;
      case model::Provenance::kDefault:
        return set_.policy.on_default;
    }
    return ruleset::OnProvenance::kDecide;
  }

  // "inputs are STALE (card.count_1h)": the features that are as bad as that.
  std::string Inputs() const {
    std::vector<std::string> worst;
    for (const ruleset::GivenQuality& quality : given_.qualities) {
      if (quality.provenance != decision_.provenance) continue;
      if (!ReadLive(set_, quality.slot)) continue;
      worst.push_back(set_.schema->fields()[quality.slot].full_name());
    }
    return absl::StrFormat("inputs are %s (%s)", model::ProvenanceName(decision_.provenance),
                           Joined(worst));
  }

  const ruleset::RuleSet& set_;
  const model::Decision& decision_;
  const ruleset::GivenRecord& given_;
  std::vector<std::string> final_, allow_, deny_, review_, scores_;
};

}  // namespace

std::vector<std::string> PolicySteps(const ruleset::RuleSet& set,
                                     const ruleset::Evaluation& evaluation,
                                     const model::Decision& decision,
                                     const ruleset::GivenRecord& given) {
  return Steps(set, evaluation, decision, given).Told();
}

}  // namespace verdict::cli
