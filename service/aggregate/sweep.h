// The control sweep: does the store still hold what the folds have written? Every value is looked
// at; nothing is changed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"

namespace verdict::aggregate {

// Of one measure.
struct SweepResult {
  uint64_t measure_hash = 0;
  feature::CutId cut = feature::kNoCut;  // the published one; kNoCut: nothing was folded
  // False: no census was kept of some blobs, or a fold is under way. `differences` says why.
  bool compared = false;
  uint64_t keys = 0;                     // values found
  std::vector<std::string> differences;  // one line each; empty: the store is whole
};

// One pass over the store for all of `measures`, in their order. `go_on` is asked now and then with
// the number of values seen; false ends the sweep with Cancelled. It may be null. Errors: the
// store's. A value that cannot be read is a difference.
absl::StatusOr<std::vector<SweepResult>> SweepStore(AggregateStore* store,
                                                    std::span<const uint64_t> measures,
                                                    const std::function<bool(uint64_t)>& go_on);

}  // namespace verdict::aggregate
