// `verdict aggregate upload`: a Redis that has lost values is filled again from the batch's base.
#pragma once

#include "absl/status/status.h"
#include "cli/aggregate_show.h"

namespace verdict::cli {

// Of every declared measure: blobs, each read back, then the manifest. Asks no log. Prints what was
// done. Errors: InvalidArgument where no Redis is named; NotFound where the base holds nothing;
// Unavailable, after which it is called again; those of aggregate::UploadAll.
absl::Status UploadAggregates(const AggregateArguments& arguments);

}  // namespace verdict::cli
