// The mean squared distance from the mean, of exact sums.
#pragma once

#include <cstdint>

#include "feature/tile.h"

namespace verdict::feature {

// Of `count` values with that sum and that sum of squares: of all of them, not an estimate from a
// sample. Exact in integers up to the last division where there are fewer than 2^34 values below
// 2^46. REQUIRES: count > 0.
double VarianceOf(int64_t count, Int128 sum, Int128 squares);

}  // namespace verdict::feature
