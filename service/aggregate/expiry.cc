#include "aggregate/expiry.h"

#include <algorithm>
#include <limits>

#include "base/status.h"

namespace verdict::aggregate {

absl::StatusOr<feature::CutId> ExpiredBefore(AggregateStore* store,
                                             const feature::FeatureSet& features) {
  constexpr int kMarginDays = 7;
  feature::CutId before = std::numeric_limits<feature::CutId>::max();
  for (const feature::Measure& measure : features.measures()) {
    ASSIGN_OR_RETURN(const Manifest manifest, store->GetManifest(measure.hash));
    // Every import moves all values on to its b: what has not moved so long is reached by nobody.
    if (manifest.day && manifest.day->published) {
      before =
          std::min(before, manifest.day->published->before - features.kept_days() - kMarginDays);
      continue;
    }
    if (manifest.published == feature::kNoCut) return feature::kNoCut;
    before = std::min(
        {before, manifest.oldest_day, manifest.published - features.kept_days() - kMarginDays});
  }
  return features.measures().empty() ? feature::kNoCut : before;
}

}  // namespace verdict::aggregate
