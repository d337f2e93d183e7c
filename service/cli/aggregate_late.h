// `verdict aggregate late`: the events of the log that came too late, or too early, to be in a
// total.
#pragma once

#include "absl/status/status.h"
#include "cli/aggregate_show.h"

namespace verdict::cli {

// Reads the whole log, and prints what is quarantined (R9), and what is an orphan of an imported
// measure (R5). Errors: the log's, the store's.
absl::Status ListLate(const AggregateArguments& arguments);

}  // namespace verdict::cli
