#include "aggregate/proof_recount.h"

#include <algorithm>

#include "base/check.h"

namespace verdict::aggregate {

void ProofRecount::Ask(uint16_t measure, uint64_t measure_hash, const EpochProof& proof) {
  CHECK(asked_.size() < UINT16_MAX);
  asked_.push_back({.measure = measure,
                    .measure_hash = measure_hash,
                    .from = proof.from,
                    .to = proof.to,
                    .oldest_day = proof.oldest_day});
}

void ProofRecount::Add(const feature::Contribution& contribution, feature::CutId epoch) {
  for (size_t i = 0; i < asked_.size(); ++i) {
    const Asked& asked = asked_[i];
    const bool its = asked.measure == contribution.measure && asked.from <= epoch &&
                     epoch < asked.to && contribution.day >= asked.oldest_day;
    if (!its) continue;
    feature::Contribution one = contribution;
    one.measure = static_cast<uint16_t>(i);
    cells_.Add(one);
  }
}

void ProofRecount::Finish() {
  cells_.Sort();
  std::vector<feature::StretchSummer> sums;
  for (const Asked& asked : asked_) sums.emplace_back(asked.measure_hash);
  std::vector<feature::DayTile> tiles;
  for (size_t i = 0; i < cells_.size(); ++i) {
    const Increments::Key key = cells_.KeyAt(i);
    cells_.TilesAt(i, &tiles);
    for (const feature::DayTile& day : tiles) sums[key.measure].Add(key.entity, day);
  }
  for (size_t i = 0; i < asked_.size(); ++i) asked_[i].digest = sums[i].Sum();
}

const feature::StretchDigest* ProofRecount::DigestOf(uint16_t measure,
                                                     const EpochProof& proof) const {
  const auto asked = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& one) {
    return one.measure == measure && one.from == proof.from && one.to == proof.to;
  });
  return asked == asked_.end() ? nullptr : &asked->digest;
}

}  // namespace verdict::aggregate
