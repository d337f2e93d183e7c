// The order of opening: nothing is touched before the lock is held and the settings are known to
// fit.
#include "rocks_store/embedded_dir.h"

#include <errno.h>
#include <stdio.h>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "rocks_store/dir_meta.h"
#include "rocks_store/file_error.h"

namespace verdict::rocks_store {

absl::StatusOr<std::unique_ptr<EmbeddedDir>> EmbeddedDir::Open(const std::string& dir,
                                                               base::Clock* clock,
                                                               const Options& options) {
  std::unique_ptr<EmbeddedDir> embedded(new EmbeddedDir);
  ASSIGN_OR_RETURN(embedded->lock_, DirLock::Acquire(dir, options.program));
  const DirSettings settings{.zone_name = options.zone_name,
                             .base_currency = options.base_currency,
                             .event_clock = clock->is_event_clock(),
                             .secret = options.secret};
  ASSIGN_OR_RETURN(embedded->secret_, OpenDirMeta(dir, settings));
  if (options.with_log) {
    ASSIGN_OR_RETURN(embedded->log_, RocksLog::Open(dir + "/log", clock, options.log));
  }
  if (options.with_aggregates) {
    ASSIGN_OR_RETURN(embedded->aggregates_,
                     RocksAggregateStore::Open(dir + "/aggregates", options.aggregates));
  }
  if (options.with_checkpoint) RETURN_IF_ERROR(embedded->OpenCheckpoint(dir));
  return embedded;
}

absl::Status EmbeddedDir::OpenCheckpoint(const std::string& dir) {
  const std::string path = dir + "/checkpoint";
  auto opened = RocksCheckpointStore::Open(path);
  if (absl::IsDataLoss(opened.status())) {
    damaged_checkpoint_ = absl::StrFormat("%s.damaged-%d", path, base::WallClock().NowMs());
    if (rename(path.c_str(), damaged_checkpoint_.c_str()) != 0) {
      return FileError("cannot set aside the damaged " + path, errno);
    }
    opened = RocksCheckpointStore::Open(path);
  }
  ASSIGN_OR_RETURN(checkpoint_, std::move(opened));
  return absl::OkStatus();
}

}  // namespace verdict::rocks_store
