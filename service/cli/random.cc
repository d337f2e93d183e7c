#include "cli/random.h"

#include <bit>

#include "base/check.h"

namespace verdict::cli {
namespace {

constexpr double kLn2 = 0.693147180559945309417232121458;

// 2^n for a normal exponent, by its bits.
double PowerOfTwo(int n) { return std::bit_cast<double>(static_cast<uint64_t>(n + 1023) << 52); }

}  // namespace

Random::Random(uint64_t seed) {
  for (uint64_t& word : state_) word = SplitMix64(&seed);
}

uint64_t Random::Next() {
  const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Random::Bell() {
  const uint64_t bits = Next();
  const uint64_t sum =
      (bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48);
  // Four draws of 0..65535: mean 131070, deviation 37837.2.
  return (static_cast<double>(sum) - 131070.0) / 37837.2;
}

double Random::LogNormal(double sigma) { return PortableExp(sigma * Bell()); }

double PortableExp(double x) {
  CHECK(x >= -700 && x <= 700);
  const int n = static_cast<int>(x / kLn2 + (x < 0 ? -0.5 : 0.5));
  const double r = x - n * kLn2;  // |r| <= ln 2 / 2: the series is below 1e-17 after 14 terms
  double term = 1;
  double sum = 1;
  for (int i = 1; i <= 14; ++i) {
    term = term * r / i;
    sum += term;
  }
  return sum * PowerOfTwo(n);
}

double PortableLog(double x) {
  CHECK(x > 0);
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  const int exponent = static_cast<int>(bits >> 52) - 1023;
  const double m = std::bit_cast<double>((bits & 0xfffffffffffff) | (uint64_t{1023} << 52));
  const double t = (m - 1) / (m + 1);  // ln m = 2 artanh t, t <= 1/3
  double power = t;
  double sum = 0;
  for (int i = 1; i <= 33; i += 2) {
    sum += power / i;
    power = power * t * t;
  }
  return exponent * kLn2 + 2 * sum;
}

AliasTable::AliasTable(const std::vector<double>& weights) : slots_(weights.size()) {
  double sum = 0;
  for (double w : weights) sum += w;
  CHECK(!weights.empty() && sum > 0);
  std::vector<uint32_t> small;
  std::vector<uint32_t> large;
  for (uint32_t i = 0; i < weights.size(); ++i) {
    slots_[i] = {weights[i] * static_cast<double>(weights.size()) / sum, i};
    (slots_[i].keep < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    Slot& low = slots_[small.back()];
    low.alias = large.back();
    small.pop_back();
    slots_[low.alias].keep -= 1 - low.keep;
    if (slots_[low.alias].keep < 1) {
      small.push_back(low.alias);
      large.pop_back();
    }
  }
  for (uint32_t i : small) slots_[i].keep = 1;  // what rounding left over
}

uint32_t AliasTable::Draw(Random* random) const {
  const uint32_t i = static_cast<uint32_t>(random->Below(slots_.size()));
  return random->Unit() < slots_[i].keep ? i : slots_[i].alias;
}

std::vector<double> ZipfWeights(size_t n, double exponent) {
  std::vector<double> weights(n);
  for (size_t i = 0; i < n; ++i) {
    weights[i] = PortableExp(-exponent * PortableLog(static_cast<double>(i + 1)));
  }
  return weights;
}

}  // namespace verdict::cli
