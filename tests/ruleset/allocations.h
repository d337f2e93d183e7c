// Counts what this program takes from the heap.
#pragma once

#include <cstdint>

namespace verdict::ruleset::testing_support {

// Calls of operator new by this thread so far.
int64_t Allocations();

}  // namespace verdict::ruleset::testing_support
