// Does this replica's count of some epochs equal the batch's? Cell by cell, by digests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aggregate/epoch_proof.h"
#include "counters/epoch_drops.h"
#include "feature/stretch_digest.h"

namespace verdict::ingest {

struct Judgement {
  bool same_vector = false;      // the cut lies at the same offsets here
  counters::StripeBits unequal;  // all, where the cut lies elsewhere
  counters::StripeBits limited;  // refused cells: they bear no witness, and are never called equal
  feature::StretchDigest counted;                // here
  bool equal() const { return unequal.none(); }  // but for the limited ones
};

// **Thread-compatible.** Reads some stripes a step.
class EpochJudge {
 public:
  // `drops` must outlive it. REQUIRES: the stretch is closed here.
  EpochJudge(const counters::EpochDrops* drops, uint64_t measure_hash, aggregate::EpochProof proof);
  // False: the judgement is made.
  bool Step(uint32_t stripes);
  const Judgement& judgement() const { return judgement_; }
  const aggregate::EpochProof& proof() const { return proof_; }

 private:
  void Conclude();

  const counters::EpochDrops* drops_;
  counters::Stretch stretch_;
  aggregate::EpochProof proof_;
  uint32_t next_stripe_ = 0;
  feature::StretchSummer summer_;
  std::vector<counters::EpochDrops::Cell> cells_;
  Judgement judgement_;
};

// For the log: what differs, in one line.
std::string Describe(const Judgement& judgement, const aggregate::EpochProof& proof);

}  // namespace verdict::ingest
