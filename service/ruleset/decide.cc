// From results to an outcome, in an order that no file name and no rule's place can change.
#include <algorithm>

#include "ruleset/rule_set.h"

namespace verdict::ruleset {
namespace {

using model::DecidedBy;
using model::Outcome;

// Writes strings over those that are there, so that a reused decision keeps their memory.
class NameWriter {
 public:
  explicit NameWriter(std::vector<std::string>* names) : names_(names) {}
  ~NameWriter() { names_->resize(count_); }
  NameWriter(const NameWriter&) = delete;
  NameWriter& operator=(const NameWriter&) = delete;

  void Add(const std::string& name) {
    if (count_ < names_->size()) {
      (*names_)[count_] = name;
    } else {
      names_->push_back(name);
    }
    ++count_;
  }
  void AddOnce(const std::string& name) {
    auto end = names_->begin() + static_cast<std::ptrdiff_t>(count_);
    if (std::find(names_->begin(), end, name) == end) Add(name);
  }

 private:
  std::vector<std::string>* names_;
  size_t count_ = 0;
};

// What the acting rules that matched say, taken together.
struct Votes {
  bool final_deny = false;
  bool deny = false;
  bool review = false;
  bool allow = false;
  int64_t score = 0;
};

struct Verdict {
  Outcome outcome;
  DecidedBy by;
};

bool Matched(const Rule& rule, RuleResult result) {
  return result == RuleResult::kMatch || (result == RuleResult::kMissing && rule.match_on_missing);
}

void Count(const Rule& rule, Votes* votes) {
  votes->score += rule.score;
  switch (rule.action) {
    case Action::kDeny:
      (rule.final ? votes->final_deny : votes->deny) = true;
      break;
    case Action::kReview:
      votes->review = true;
      break;
    case Action::kAllow:
      votes->allow = true;
      break;
    case Action::kNone:
      break;
  }
}

OnProvenance OnOf(const Policy& policy, model::Provenance provenance) {
  switch (provenance) {
    case model::Provenance::kFull:
      return OnProvenance::kDecide;
    case model::Provenance::kStale:
      return policy.on_stale;
    case model::Provenance::kPartial:
      return policy.on_partial;
    case model::Provenance::kDefault:
      return policy.on_default;
  }
  return policy.on_default;
}

Verdict Resolve(const Policy& policy, const Votes& votes, OnProvenance on) {
  if (votes.final_deny) return {Outcome::kDeny, DecidedBy::kFinal};
  if (votes.allow) return {Outcome::kAllow, DecidedBy::kOverride};
  if (votes.deny) return {Outcome::kDeny, DecidedBy::kRule};
  if (votes.score >= policy.deny_at) return {Outcome::kDeny, DecidedBy::kScore};
  if (on == OnProvenance::kDeny) return {Outcome::kDeny, DecidedBy::kProvenance};
  if (votes.review) return {Outcome::kReview, DecidedBy::kRule};
  if (votes.score >= policy.review_at) return {Outcome::kReview, DecidedBy::kScore};
  if (on == OnProvenance::kReview) return {Outcome::kReview, DecidedBy::kProvenance};
  return {policy.default_outcome, DecidedBy::kDefault};
}

}  // namespace

void Decide(const RuleSet& set, const Evaluation& evaluation, model::Provenance provenance,
            model::Decision* decision) {
  Votes votes;
  {
    NameWriter matched(&decision->rule_ids);
    NameWriter shadow(&decision->shadow_rule_ids);
    NameWriter missing(&decision->missing_rule_ids);
    NameWriter error(&decision->error_rule_ids);
    for (size_t i = 0; i < set.rules.size(); ++i) {
      const RuleResult result = evaluation.results[i];
      if (result == RuleResult::kNoMatch) continue;
      const Rule& rule = set.rules[i];
      if (rule.mode == Mode::kOff) continue;
      if (!evaluation.acting[i]) {
        if (Matched(rule, result)) shadow.Add(rule.id);
        continue;
      }
      if (result == RuleResult::kMissing) missing.Add(rule.id);
      if (result == RuleResult::kError) error.Add(rule.id);
      if (!Matched(rule, result)) continue;
      matched.Add(rule.id);
      Count(rule, &votes);
    }
  }
  NameWriter reasons(&decision->reasons);
  for (uint32_t i : set.by_priority) {
    if (decision->rule_ids.empty()) break;
    const Rule& rule = set.rules[i];
    if (evaluation.acting[i] && Matched(rule, evaluation.results[i]) && !rule.reason.empty()) {
      reasons.AddOnce(rule.reason);
    }
  }
  Verdict verdict = Resolve(set.policy, votes, OnOf(set.policy, provenance));
  decision->outcome = verdict.outcome;
  decision->decided_by = verdict.by;
  decision->score = votes.score;
  decision->provenance = provenance;
  decision->rule_set = set.short_hash;
}

}  // namespace verdict::ruleset
