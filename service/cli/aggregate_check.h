// `verdict aggregate sweep` and `verdict aggregate heal`: is the store what the log says, and make
// it so.
#pragma once

#include "absl/status/statusor.h"
#include "cli/aggregate_show.h"

namespace verdict::cli {

// Prints one line a measure. kExitFindings where the store is not what was folded, or where that
// cannot be told.
absl::StatusOr<int> SweepAggregates(const AggregateArguments& arguments);
// Prints each key whose value changes, and how many did. kExitFindings where one did.
absl::StatusOr<int> HealAggregates(const AggregateArguments& arguments);

}  // namespace verdict::cli
