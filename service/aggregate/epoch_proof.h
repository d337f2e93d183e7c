// What a published fold says of the epochs it folded, so that a replica may compare its own count
// of them and then let go of them (AGGREGATES section 12; R27).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "eventlog/event_source.h"
#include "feature/blob.h"
#include "feature/stretch_digest.h"
#include "model/business_day.h"

namespace verdict::aggregate {

// Manifests keep so many: a replica that was away for fewer cuts can still compare its epochs.
inline constexpr size_t kProofsKept = 8;

// Of one measure, over the epochs [from, to): a late batch folds several at once, and their cells
// of one (entity, day) are merged before they are hashed.
struct EpochProof {
  feature::CutId from = feature::kNoCut;  // kNoCut: from the first record of the log on
  feature::CutId to = feature::kNoCut;
  // Days before it were left out of the fold, since no window reaches them, and so of the digest.
  model::DayNumber oldest_day = 0;
  int64_t published_ms = 0;                    // by the batch's clock
  std::string incarnation = {};                // AggregateStore::Incarnation() while it was proved
  std::vector<eventlog::Offset> offsets = {};  // C[p] of `to`
  feature::StretchDigest digest = {};
  friend bool operator==(const EpochProof&, const EpochProof&) = default;
};

}  // namespace verdict::aggregate
