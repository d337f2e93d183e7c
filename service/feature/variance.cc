#include "feature/variance.h"

#include <algorithm>

namespace verdict::feature {

// Around the whole part of the mean, so that large values that differ little lose nothing:
// with v = mean + d, count * sum(d^2) - sum(d)^2 is count^2 times the variance.
double VarianceOf(int64_t count, Int128 sum, Int128 squares) {
  const Int128 mean = sum / count;
  const Int128 rest = sum - mean * count;                                        // sum(d)
  const Int128 around = squares - 2 * mean * sum + mean * mean * Int128{count};  // sum(d^2)
  const auto n = static_cast<double>(count);
  Int128 scaled;
  if (!__builtin_mul_overflow(around, Int128{count}, &scaled)) {
    return static_cast<double>(scaled - rest * rest) / n / n;
  }
  const auto mean_rest = static_cast<long double>(rest) / static_cast<long double>(count);
  const long double variance =
      static_cast<long double>(around) / static_cast<long double>(count) - mean_rest * mean_rest;
  return static_cast<double>(std::max(variance, 0.0L));
}

}  // namespace verdict::feature
