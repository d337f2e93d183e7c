// The generator's own randomness: the same seed gives the same numbers with every compiler and
// library.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace verdict::cli {

// SplitMix64 (Steele, Lea, Flood 2014): spreads a seed over many states.
inline uint64_t SplitMix64(uint64_t* state) {
  uint64_t z = (*state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Thread-compatible. xoshiro256++ (Blackman, Vigna 2019), and draws made of integers and plain
// double arithmetic alone: the distributions of <random> differ from library to library.
class Random {
 public:
  explicit Random(uint64_t seed);
  uint64_t Next();
  // 0 .. n-1. REQUIRES: n > 0.
  uint64_t Below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(Next()) * n) >> 64);
  }
  // low .. high, both included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low) + 1));
  }
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // [0, 1)
  bool Chance(double probability) { return Unit() < probability; }
  // Mean 0, deviation 1, the sum of four uniform draws: within 3.5 of the mean.
  double Bell();
  // exp(sigma * Bell()): a log-normal factor with median 1.
  double LogNormal(double sigma);

 private:
  std::array<uint64_t, 4> state_;
};

// e^x for |x| <= 700 and ln(x) for x > 0, from + - * / alone, so that no maths library can change a
// byte.
double PortableExp(double x);
double PortableLog(double x);

// Immutable. Draws index i with probability weights[i] / sum, in constant time (Walker 1977, Vose
// 1991).
class AliasTable {
 public:
  AliasTable() = default;
  // REQUIRES: not empty, no negative weight, a positive sum.
  explicit AliasTable(const std::vector<double>& weights);
  uint32_t Draw(Random* random) const;
  size_t size() const { return slots_.size(); }

 private:
  struct Slot {
    double keep = 1;
    uint32_t alias = 0;
  };
  std::vector<Slot> slots_;
};

// 1 / rank^exponent for ranks 1 .. n.
std::vector<double> ZipfWeights(size_t n, double exponent);

}  // namespace verdict::cli
