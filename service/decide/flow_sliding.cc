// Features whose windows slide: the log's events up to this very moment, the provisionals of
// others, the payment itself once.
#include <optional>

#include "decide/flow.h"

namespace verdict::decide {

void Decider::Flow::MergeSliding(const counters::LiveState::View& view, ScoreCall* call, size_t m,
                                 uint16_t reasons, bool add_current) {
  Scratch* s = call->scratch.get();
  const Plan& plan = *s->plan;
  const feature::FeatureSet& set = *plan.rules->features;
  const feature::SlidingMeasure& measure = set.sliding_measures()[m];
  const model::EntityKey& key = *s->keys[measure.entity];
  const int64_t now_ms = call->txn.event_time_ms;
  for (const uint16_t f : plan.features_of_sliding[m]) {
    const feature::Feature& feature = set.features()[f];
    const feature::SlidingWindow window{.after_ms = now_ms - feature.window_ms, .until_ms = now_ms};
    feature::Tile total;
    uint16_t found = reasons;
    found |= view.ReadSliding(measure.hash, key, window, &total);
    s->timed_overlay.clear();
    view.CollectSlidingOverlay(measure.hash, key, window, /*without_current=*/true,
                               &s->timed_overlay);
    total = feature::MergeSliding(window, total, s->timed_overlay, &found,
                                  call->dry_run ? &call->features[f].parts : nullptr);
    bool unknown = false;
    if (add_current) {
      const auto* own =
          s->sliding.Find(plan.status_of_feature[f], set.sliding_measures().size(), m);
      if (own != nullptr) {
        const feature::Tile current = own->entry.tile();
        unknown = (current.marks & feature::kMarkFx) != 0;
        total.Merge(current);
        if (call->dry_run) call->features[f].current = {s->day, current};
      }
    }
    s->results[f] = unknown ? feature::UnknownAmount() : feature::Finalize(feature, total, found);
  }
}

}  // namespace verdict::decide
