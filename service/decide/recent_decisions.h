// The last decisions with what they were made from, in memory: the publish guard decides them anew
// by a set that is to go live.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "feature/merge.h"
#include "model/decision.h"
#include "model/transaction.h"
#include "ruleset/guard_report.h"
#include "ruleset/rule_set.h"

namespace verdict::decide {

inline constexpr size_t kRecentDecisions = 10'000;

// What a rule set's features are, without the set: a set with long lists is not kept alive by the
// decisions it made.
struct SeenFeatures {
  explicit SeenFeatures(const ruleset::RuleSet& set);
  std::string rule_set;  // RuleSet::hash
  struct Feature {
    std::string full_name;
    uint64_t hash = 0;
  };
  std::vector<Feature> features;
};

struct RecentDecision {
  model::Transaction txn;
  std::vector<feature::FeatureResult> results;  // by feature of `seen`
  int64_t lag_ms = 0;                           // their age
  std::shared_ptr<const SeenFeatures> seen;
  model::Outcome outcome = model::Outcome::kReview;
  int64_t decided_at_ms = 0;
};

// **Thread-safe.** A ring; a decision takes the place of the oldest. Nobody waits: what is being
// read at that moment is not written over, and a decision that finds its place so is left out.
// About 2 KB each, with the texts of its payment; no allocation once the ring has gone round.
class RecentDecisions {
 public:
  explicit RecentDecisions(size_t capacity = kRecentDecisions);
  void Put(const model::Transaction& txn, const std::vector<feature::FeatureResult>& results,
           int64_t lag_ms, const std::shared_ptr<const SeenFeatures>& seen,
           const model::Decision& decision);
  // Each in turn, while it is kept from being written over: `visit` must be quick.
  void ForEach(const std::function<void(const RecentDecision&)>& visit) const;

 private:
  struct Place {
    mutable std::atomic_flag busy = ATOMIC_FLAG_INIT;
    bool filled = false;
    RecentDecision decision;
  };
  std::vector<Place> places_;
  std::atomic<uint64_t> next_{0};
};

// What `next` would have answered, beside what `live` would have, which may not be the set that
// did: each decision on the feature values it saw. A feature that a set defines otherwise than the
// one that decided, or anew, was missing to it. About 10 us a decision and set.
ruleset::GuardReport DecideAnew(const RecentDecisions& recent, const ruleset::RuleSet& live,
                                const ruleset::RuleSet& next);

}  // namespace verdict::decide
