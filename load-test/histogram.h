// Latencies in logarithmic buckets: every percentile within 0.8 % of the truth, from 1 ns to 18
// minutes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace verdict::load {

// **Thread-compatible.** One a thread; Add() merges them afterwards.
class Histogram {
 public:
  Histogram();
  void Record(int64_t nanoseconds);
  void Add(const Histogram& other);
  uint64_t count() const { return count_; }
  int64_t max_ns() const { return max_ns_; }
  double mean_ns() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_ns_) / static_cast<double>(count_);
  }
  // The upper edge of the bucket that holds the value at `share` (0.99) of all; 0 when empty.
  int64_t AtShare(double share) const;

 private:
  static constexpr int kSubBits = 7;  // 128 buckets a power of two
  static constexpr int kMaxBits = 40;
  static size_t BucketOf(uint64_t value);
  static int64_t UpperEdge(size_t bucket);

  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  unsigned __int128 sum_ns_ = 0;
  int64_t max_ns_ = 0;
};

}  // namespace verdict::load
