// The cells that metrics count in: 64-bit sums of which every thread writes a copy of its own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace verdict::base {

inline constexpr uint32_t kMetricCellsMax = 16384;

// Adds to the calling thread's copy of `cell`: one relaxed load and one relaxed store. Thread-safe.
// REQUIRES: cell < kMetricCellsMax.
void AddToMetricCell(uint32_t cell, uint64_t n);

// The sum of all threads' copies, those of ended threads included. Thread-safe; what other threads
// add meanwhile may or may not be in.
uint64_t SumOfMetricCell(uint32_t cell);

// As many threads as ever counted at once: each has a copy of the cells it counts in. Thread-safe.
size_t MetricThreadsAtOnce();

}  // namespace verdict::base
