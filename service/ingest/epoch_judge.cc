#include "ingest/epoch_judge.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "feature/decimal.h"

namespace verdict::ingest {
namespace {

static_assert(counters::kStripes == feature::kDigestStripes);

std::string Totals(const feature::StretchDigest& digest) {
  return absl::StrFormat("%d cells, sum %s, count %d", digest.cells, feature::Decimal(digest.sum),
                         digest.count);
}

}  // namespace

EpochJudge::EpochJudge(const counters::EpochDrops* drops, uint64_t measure_hash,
                       aggregate::EpochProof proof)
    : drops_(drops),
      stretch_{measure_hash, proof.from, proof.to},
      proof_(std::move(proof)),
      summer_(measure_hash) {}

bool EpochJudge::Step(uint32_t stripes) {
  const uint32_t end = std::min<uint32_t>(counters::kStripes, next_stripe_ + stripes);
  for (; next_stripe_ < end; ++next_stripe_) {
    judgement_.limited[next_stripe_] = drops_->Read(stretch_, next_stripe_, &cells_);
    for (const counters::EpochDrops::Cell& cell : cells_) {
      if (cell.tile.day >= proof_.oldest_day) summer_.Add(cell.key, cell.tile);
    }
  }
  if (next_stripe_ < counters::kStripes) return true;
  Conclude();
  return false;
}

void EpochJudge::Conclude() {
  judgement_.counted = summer_.Sum();
  judgement_.same_vector = drops_->SameVector(proof_.to, proof_.offsets);
  judgement_.unequal.reset();
  if (!judgement_.same_vector) judgement_.unequal.set();
  for (const uint16_t stripe : feature::DifferingStripes(judgement_.counted, proof_.digest)) {
    judgement_.unequal[stripe] = !judgement_.limited[stripe];
  }
}

std::string Describe(const Judgement& judgement, const aggregate::EpochProof& proof) {
  return absl::StrFormat("%d of %d stripes differ%s; counted here: %s; folded: %s",
                         judgement.unequal.count(), counters::kStripes,
                         judgement.same_vector ? "" : ", and the cut lies at other offsets",
                         Totals(judgement.counted), Totals(proof.digest));
}

}  // namespace verdict::ingest
