// A lost store is uploaded again, not recomputed (R25).
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"

namespace verdict::aggregate {

struct UploadProgress {
  size_t measure = 0;  // measures done
  size_t measures = 0;
  uint64_t blobs = 0;  // of all measures: uploaded and read back
};

// Puts every blob of `from` into `to` where it is newer, reads it back, and then gives `to` the
// manifest of `from`. From a base to a store that has lost values, or the other way round to a lost
// base. May be repeated, and goes on beside a fold: answers stay exact throughout, key by key.
// `report` may be null. Returns the last progress; it holds no blobs where `from` has none.
// Errors: FailedPrecondition where `to` is ahead of `from` or of another log; DataLoss where a blob
// does not read back as it was written; the stores' own.
absl::StatusOr<UploadProgress> UploadAll(AggregateStore* from, AggregateStore* to,
                                         std::span<const uint64_t> measure_hashes,
                                         const std::function<void(const UploadProgress&)>& report);

}  // namespace verdict::aggregate
