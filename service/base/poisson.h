// What keys that fall on shards by chance cost on the average, where the cost of a shard grows by
// steps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace verdict::base {

// The mean of `cost(count)` over counts that are spread around `mean` as a Poisson law has it: one
// shard of many, each key on any of them alike. REQUIRES: mean >= 0.
template <typename Cost>
double MeanOverPoisson(double mean, Cost cost) {
  if (mean <= 0) return static_cast<double>(cost(uint64_t{0}));
  const double reach = 6 * std::sqrt(mean) + 6;
  const auto first = static_cast<uint64_t>(std::max(0.0, std::floor(mean - reach)));
  const auto last = static_cast<uint64_t>(std::ceil(mean + reach));
  double total = 0, weights = 0;
  for (uint64_t count = first; count <= last; ++count) {
    const auto k = static_cast<double>(count);
    const double weight = std::exp(k * std::log(mean) - mean - std::lgamma(k + 1));
    total += weight * static_cast<double>(cost(count));
    weights += weight;
  }
  return total / weights;
}

}  // namespace verdict::base
