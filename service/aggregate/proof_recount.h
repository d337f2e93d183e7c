// The proofs of epochs folded long ago, counted anew: a healing recompute reads the whole log, and
// so can say again what each fold should have said. That a fold was wrong need not show in any
// blob: of two payments of a day the newest is kept, whatever the other's amount was.
#pragma once

#include <cstdint>
#include <vector>

#include "aggregate/epoch_proof.h"
#include "aggregate/increments.h"
#include "feature/stretch_digest.h"

namespace verdict::aggregate {

// Thread-compatible. As Increments: add everything, Finish once, then ask. Holds a cell for each
// (entity, day) of the stretches asked for, which are at most kProofsKept a measure.
class ProofRecount {
 public:
  // Before anything is added. `measure` is an index into FeatureSet::measures().
  void Ask(uint16_t measure, uint64_t measure_hash, const EpochProof& proof);
  void Add(const feature::Contribution& contribution, feature::CutId epoch);
  void Finish();
  // Null: it was not asked for.
  const feature::StretchDigest* DigestOf(uint16_t measure, const EpochProof& proof) const;

 private:
  struct Asked {
    uint16_t measure = 0;
    uint64_t measure_hash = 0;
    feature::CutId from = feature::kNoCut, to = feature::kNoCut;
    model::DayNumber oldest_day = 0;
    feature::StretchDigest digest = {};
  };
  std::vector<Asked> asked_;
  Increments cells_;  // the measure of a key: an index into asked_
};

}  // namespace verdict::aggregate
