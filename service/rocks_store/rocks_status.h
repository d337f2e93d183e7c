// rocksdb::Status said as absl::Status, with the place.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "rocksdb/status.h"

namespace verdict::rocks_store {

// Corruption, files that are gone: DataLoss. NotFound: NotFound. A held lock, a missing or
// forbidden directory: FailedPrecondition. A full disk: ResourceExhausted. Other trouble of the
// disk: Unavailable.
absl::Status FromRocks(const rocksdb::Status& status, const std::string& where);

}  // namespace verdict::rocks_store
