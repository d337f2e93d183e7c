// The variance of exact sums, against a definition that cancels nothing.
#include "feature/variance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace verdict::feature {
namespace {

double Of(const std::vector<int64_t>& values) {
  Int128 sum = 0, squares = 0;
  for (const int64_t value : values) {
    sum += value;
    squares += Int128{value} * value;
  }
  return VarianceOf(static_cast<int64_t>(values.size()), sum, squares);
}

// Two passes: the mean as a whole number and a fraction, then the distances.
long double ByDefinition(const std::vector<int64_t>& values) {
  Int128 sum = 0;
  for (const int64_t value : values) sum += value;
  const auto n = static_cast<Int128>(values.size());
  const Int128 whole = sum / n;
  const long double part = static_cast<long double>(sum - whole * n) / values.size();
  long double total = 0;
  for (const int64_t value : values) {
    const long double distance = static_cast<long double>(value - whole) - part;
    total += distance * distance;
  }
  return total / values.size();
}

TEST(Variance, IsThatOfAllValues) {
  EXPECT_EQ(Of({5}), 0);
  EXPECT_EQ(Of({1, 3}), 1);
  EXPECT_EQ(Of({2, 4, 4, 4, 5, 5, 7, 9}), 4);
  EXPECT_EQ(Of({-2, -4, -4, -4, -5, -5, -7, -9}), 4);
  EXPECT_EQ(Of({0, 0, 0}), 0);
}

TEST(Variance, LosesNothingWhereLargeValuesDifferLittle) {
  constexpr int64_t kLargest = (int64_t{1} << 46) - 1;
  EXPECT_EQ(Of({kLargest, kLargest - 2}), 1);
  EXPECT_EQ(Of({-kLargest, kLargest}), static_cast<double>(Int128{kLargest} * kLargest));
  std::vector<int64_t> values(1'000'000, kLargest - 1);
  for (size_t i = 0; i < values.size(); i += 2) values[i] += 1;
  EXPECT_EQ(Of(values), 0.25);
}

TEST(Variance, IsNearItsDefinitionForAnyValues) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<int64_t> values(1 + random() % 200);
    const int width = 18 + static_cast<int>(random() % 45);
    const auto center = static_cast<int64_t>(random()) >> 19;
    for (int64_t& value : values) {
      value = center / 2 + (static_cast<int64_t>(random()) >> width) / 4;
    }
    const auto expected = static_cast<double>(ByDefinition(values));
    EXPECT_NEAR(Of(values), expected, 1e-12 * expected) << "round " << round;
  }
}

TEST(Variance, OfMoreValuesThanAnyWindowHoldsStillComesOut) {
  const int64_t many = int64_t{1} << 40;
  // Half of them 0, half of them 2.
  EXPECT_NEAR(VarianceOf(many, Int128{many}, Int128{many} * 2), 1, 1e-12);
  const Int128 large = Int128{1} << 80;
  EXPECT_GT(VarianceOf(many, 0, large * many), 0);
}

}  // namespace
}  // namespace verdict::feature
