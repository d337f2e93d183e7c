// Which stored values no window reaches any more.
#pragma once

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "feature/feature_set.h"

namespace verdict::aggregate {

// Values last written before this cut may go: every measure's manifest says that they may be
// missing, and a week more has passed, so that a clock set back, or a window a little longer,
// brings nothing back that is gone; of imported ones as many days before b. kNoCut while a measure
// has published nothing. Errors: the store's.
absl::StatusOr<feature::CutId> ExpiredBefore(AggregateStore* store,
                                             const feature::FeatureSet& features);

}  // namespace verdict::aggregate
