// `verdict aggregate --import`: days that somebody else has added up (DAY mode, R5).
#pragma once

#include "absl/status/statusor.h"
#include "cli/aggregate_show.h"

namespace verdict::cli {

// Adds --import and what belongs to it. `arguments` must outlive the parse.
void AddImportFlags(CLI::App* command, AggregateArguments* arguments);

// Imports and prints what was done; returns the exit status: kExitFindings where rows were bad.
// Errors: InvalidArgument for flags, file or feature; FailedPrecondition where the import is
// refused; the file's and the store's.
absl::StatusOr<int> ImportDays(const AggregateArguments& arguments);

// Prints one line where measures are imported: a fold leaves them alone.
absl::Status PrintLeftAlone(const feature::FeatureSet& features, aggregate::AggregateStore* store,
                            OutputFormat format);

}  // namespace verdict::cli
