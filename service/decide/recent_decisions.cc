#include "decide/recent_decisions.h"

#include "base/check.h"

namespace verdict::decide {

SeenFeatures::SeenFeatures(const ruleset::RuleSet& set) : rule_set(set.hash) {
  for (const feature::Feature& one : set.features->features()) {
    features.push_back({one.full_name, one.hash});
  }
}

RecentDecisions::RecentDecisions(size_t capacity) : places_(capacity) { CHECK(capacity > 0); }

void RecentDecisions::Put(const model::Transaction& txn,
                          const std::vector<feature::FeatureResult>& results, int64_t lag_ms,
                          const std::shared_ptr<const SeenFeatures>& seen,
                          const model::Decision& decision) {
  Place& place = places_[next_.fetch_add(1, std::memory_order_relaxed) % places_.size()];
  if (place.busy.test_and_set(std::memory_order_acquire)) return;
  place.filled = true;
  place.decision.txn = txn;
  place.decision.results = results;
  place.decision.lag_ms = lag_ms;
  if (place.decision.seen != seen) place.decision.seen = seen;
  place.decision.outcome = decision.outcome;
  place.decision.decided_at_ms = decision.decided_at_ms;
  place.busy.clear(std::memory_order_release);
}

void RecentDecisions::ForEach(const std::function<void(const RecentDecision&)>& visit) const {
  for (const Place& place : places_) {
    // Whoever writes is done in a moment; it is newer than what was asked for.
    if (place.busy.test_and_set(std::memory_order_acquire)) continue;
    if (place.filled) visit(place.decision);
    place.busy.clear(std::memory_order_release);
  }
}

}  // namespace verdict::decide
