// The manifest of a proved cut: what replicas compare their epochs with, and what the sweep
// compares the store with.
#include <algorithm>

#include "aggregate/fold_state.h"
#include "base/status.h"

namespace verdict::aggregate {

void Folder::Fold::BeginProof(const feature::FeatureSet& features) {
  keys_done = 0;
  folded = {};
  read_back = {};
  rewrite = false;
  sums.clear();
  for (const feature::Measure& measure : features.measures()) sums.emplace_back(measure.hash);
  written.assign(features.measures().size(), Census());
  healed_from.assign(features.measures().size(), 0);
  keys.assign(features.measures().size(), 0);
  expiring.assign(features.measures().size(), std::nullopt);
  for (const MeasurePlan& measure : plan.measures) {
    healed_from[measure.measure] = std::max(measure.to - features.kept_days(), measure.whole_from);
    Census& census = written[measure.measure];
    // What was never folded before has no values but those of this fold; a healing recompute looks
    // at every value.
    census = measure.manifest.census;
    if (measure.from == feature::kNoCut) census = {.known = true};
    expiring[measure.measure] = census.Trim(measure.to - features.kept_days());
  }
}

Manifest Folder::PublishedManifest(size_t planned) const {
  const Fold& fold = *fold_;
  const MeasurePlan& measure = fold.plan.measures[planned];
  Manifest published = measure.manifest;
  published.state = Manifest::State::kPublished;
  published.census = fold.written[measure.measure];
  // The earlier run may have written keys of which the log has nothing left: nobody counted them.
  if (fold.resumed[measure.measure]) published.census.known = false;
  // Values that no window reaches any more may go from the store.
  if (const auto newest = fold.expiring[measure.measure]) {
    published.oldest_day = std::max(published.oldest_day, *newest + 1);
  }
  if (measure.heal) {
    published.proofs = ProofsAnew(measure);
    return published;
  }
  const feature::StretchDigest digest = fold.sums[measure.measure].Sum();
  published.published = measure.to;
  published.published_offsets = fold.offsets[planned];
  published.zone_first = OldestDay(measure);
  published.zone_digest =
      parts_.features->calendar().TransitionsDigest(published.zone_first, measure.to);
  published.keys = fold.keys[measure.measure];
  published.sum = digest.sum;
  published.count = digest.count;
  // The log had lost a part of these epochs: with that no replica's count can be compared.
  if (measure.overtaken) return published;
  published.proofs.push_back({.from = measure.from,
                              .to = measure.to,
                              .oldest_day = std::max(OldestDay(measure), measure.whole_from),
                              .published_ms = parts_.clock->NowMs(),
                              .incarnation = fold.incarnation,
                              .offsets = fold.offsets[planned],
                              .digest = digest});
  if (published.proofs.size() > kProofsKept) published.proofs.erase(published.proofs.begin());
  return published;
}

absl::Status Folder::Publish() {
  Fold& fold = *fold_;
  for (size_t i = 0; i < fold.plan.measures.size(); ++i) {
    const MeasurePlan& measure = fold.plan.measures[i];
    RETURN_IF_ERROR(stores_.Publish(measure.hash, measure.manifest, PublishedManifest(i)));
    ++fold.progress.done;
  }
  fold_.reset();
  return absl::OkStatus();
}

}  // namespace verdict::aggregate
