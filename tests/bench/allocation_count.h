// How many allocations a thread has made: a program that links allocation_count.cc counts them.
#pragma once

#include <cstdint>

namespace verdict::bench {

uint64_t AllocationsOfThisThread();

}  // namespace verdict::bench
