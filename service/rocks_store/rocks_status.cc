// One table; what it does not name is trouble of the disk.
#include "rocks_store/rocks_status.h"

namespace verdict::rocks_store {

absl::Status FromRocks(const rocksdb::Status& status, const std::string& where) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = where + ": " + status.ToString();
  if (status.IsNotFound()) return absl::NotFoundError(message);
  // A folder whose files name files that are gone is damaged, too.
  if (status.IsCorruption() || status.IsPathNotFound()) return absl::DataLossError(message);
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(message + " (the disk is full)");
  if (status.IsInvalidArgument()) return absl::FailedPreconditionError(message);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(message);
  }
  return absl::UnavailableError(message);
}

}  // namespace verdict::rocks_store
