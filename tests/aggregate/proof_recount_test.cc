// The digests of earlier folds, from contributions in any order.
#include "aggregate/proof_recount.h"

#include "gtest/gtest.h"

namespace verdict::aggregate {
namespace {

constexpr feature::CutId kCut = 20'000;

feature::Contribution Of(uint16_t measure, uint8_t entity, model::DayNumber day, int64_t amount) {
  feature::Contribution one;
  one.measure = measure;
  one.key.bytes.fill(entity);
  one.day = day;
  one.tile = {.sum = amount, .count = 1, .min = amount, .max = amount};
  return one;
}

TEST(ProofRecount, SumsTheCellsOfEachStretchByItself) {
  const EpochProof first{.to = kCut, .oldest_day = kCut - 3};
  const EpochProof second{.from = kCut, .to = kCut + 2, .oldest_day = kCut - 1};
  ProofRecount recount;
  recount.Ask(1, 77, first);
  recount.Ask(1, 77, second);
  recount.Ask(0, 55, second);
  recount.Add(Of(1, 1, kCut, 10), kCut + 1);
  recount.Add(Of(1, 1, kCut, 5), kCut);      // one cell with it
  recount.Add(Of(1, 2, kCut - 1, 7), kCut);  // the oldest day
  recount.Add(Of(1, 2, kCut - 2, 7), kCut);  // too old for the second
  recount.Add(Of(1, 3, kCut, 9), kCut + 2);  // behind both
  recount.Add(Of(1, 1, kCut, 1), kCut - 1);  // the first's
  recount.Add(Of(0, 1, kCut, 2), kCut);
  recount.Add(Of(2, 1, kCut, 2), kCut);  // nobody asks
  recount.Finish();

  feature::StretchSummer sums_of_first(77), sums_of_second(77), other(55);
  sums_of_first.Add(Of(1, 1, 0, 0).key, {kCut, Of(1, 1, kCut, 1).tile});
  feature::Tile both = Of(1, 1, kCut, 10).tile;
  both.Merge(Of(1, 1, kCut, 5).tile);
  sums_of_second.Add(Of(1, 1, 0, 0).key, {kCut, both});
  sums_of_second.Add(Of(1, 2, 0, 0).key, {kCut - 1, Of(1, 2, 0, 7).tile});
  other.Add(Of(0, 1, 0, 0).key, {kCut, Of(0, 1, kCut, 2).tile});
  EXPECT_EQ(*recount.DigestOf(1, first), sums_of_first.Sum());
  EXPECT_EQ(*recount.DigestOf(1, second), sums_of_second.Sum());
  EXPECT_EQ(*recount.DigestOf(0, second), other.Sum());
  EXPECT_EQ(recount.DigestOf(0, first), nullptr);
  EXPECT_EQ(recount.DigestOf(2, second), nullptr);
}

TEST(ProofRecount, OfAStretchWithoutEventsIsNothing) {
  const EpochProof proof{.from = kCut, .to = kCut + 1};
  ProofRecount recount;
  recount.Ask(3, 77, proof);
  recount.Finish();
  EXPECT_EQ(*recount.DigestOf(3, proof), feature::StretchDigest{});
}

}  // namespace
}  // namespace verdict::aggregate
