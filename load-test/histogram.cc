// Buckets: the values below 128 one each, then 128 a power of two.
#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace verdict::load {

Histogram::Histogram() : buckets_((kMaxBits - kSubBits + 1) << kSubBits) {}

size_t Histogram::BucketOf(uint64_t value) {
  constexpr uint64_t kSub = uint64_t{1} << kSubBits;
  value = std::min(value, (uint64_t{1} << kMaxBits) - 1);
  if (value < kSub) return value;
  const int shift = std::bit_width(value) - 1 - kSubBits;
  return ((static_cast<size_t>(shift) + 1) << kSubBits) + ((value >> shift) - kSub);
}

int64_t Histogram::UpperEdge(size_t bucket) {
  constexpr size_t kSub = size_t{1} << kSubBits;
  if (bucket < kSub) return static_cast<int64_t>(bucket);
  const size_t shift = (bucket >> kSubBits) - 1;
  const uint64_t top = (bucket & (kSub - 1)) + kSub;
  return static_cast<int64_t>(((top + 1) << shift) - 1);
}

void Histogram::Record(int64_t nanoseconds) {
  nanoseconds = std::max<int64_t>(nanoseconds, 0);
  ++buckets_[BucketOf(static_cast<uint64_t>(nanoseconds))];
  ++count_;
  sum_ns_ += static_cast<uint64_t>(nanoseconds);
  max_ns_ = std::max(max_ns_, nanoseconds);
}

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

int64_t Histogram::AtShare(double share) const {
  if (count_ == 0) return 0;
  const auto rank =
      std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(UpperEdge(i), max_ns_);
  }
  return max_ns_;
}

}  // namespace verdict::load
