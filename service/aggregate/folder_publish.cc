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
  keys.assign(features.measures().size(), 0);
  for (const MeasurePlan& measure : plan.measures) {
    Census& census = written[measure.measure];
    // What was never folded before has no values but those of this fold.
    census = measure.manifest.census;
    if (measure.from == feature::kNoCut) census = {.known = true};
    census.Trim(measure.to - features.kept_days());
  }
}

absl::Status Folder::Publish() {
  Fold& fold = *fold_;
  for (size_t i = 0; i < fold.plan.measures.size(); ++i) {
    const MeasurePlan& measure = fold.plan.measures[i];
    const feature::StretchDigest digest = fold.sums[measure.measure].Sum();
    Manifest published = measure.manifest;
    published.state = Manifest::State::kPublished;
    published.published = measure.to;
    published.published_offsets = fold.offsets[i];
    published.zone_first = OldestDay(measure);
    published.zone_digest =
        parts_.features->calendar().TransitionsDigest(published.zone_first, measure.to);
    published.keys = fold.keys[measure.measure];
    published.sum = digest.sum;
    published.count = digest.count;
    published.census = fold.written[measure.measure];
    published.proofs.push_back({.from = measure.from,
                                .to = measure.to,
                                .oldest_day = std::max(OldestDay(measure), measure.whole_from),
                                .published_ms = parts_.clock->NowMs(),
                                .incarnation = fold.incarnation,
                                .offsets = fold.offsets[i],
                                .digest = digest});
    if (published.proofs.size() > kProofsKept) published.proofs.erase(published.proofs.begin());
    RETURN_IF_ERROR(
        parts_.store->CompareAndSwapManifest(measure.hash, measure.manifest, published));
    ++fold.progress.done;
  }
  fold_.reset();
  return absl::OkStatus();
}

}  // namespace verdict::aggregate
