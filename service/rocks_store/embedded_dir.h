// A folder that one process owns: DIR/LOCK, DIR/meta, and of DIR/log, DIR/aggregates,
// DIR/checkpoint what is asked for. `--embedded DIR` has all of them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/hash.h"
#include "rocks_store/dir_lock.h"
#include "rocks_store/rocks_aggregate_store.h"
#include "rocks_store/rocks_checkpoint_store.h"
#include "rocks_store/rocks_log.h"

namespace verdict::rocks_store {

// Thread-safe in as much as its parts are. Closes them in the reverse order; whoever uses them
// stops first.
class EmbeddedDir {
 public:
  struct Options {
    std::string zone_name = "UTC";
    std::string base_currency = "EUR";
    std::string program = "verdictd";         // what a second process is told
    std::optional<base::SipKey> secret = {};  // DirSettings::secret
    bool with_log = true;
    bool with_aggregates = true;
    bool with_checkpoint = true;
    RocksLog::Options log = {};
    RocksAggregateStore::Options aggregates = {};
  };
  // Makes what is not there. `clock` must outlive it; which clock it is is recorded, and may not
  // change later. Errors: FailedPrecondition (in use; made with other settings), PermissionDenied,
  // DataLoss, Unavailable. A damaged checkpoint is no error: it is set aside, and state is rebuilt
  // from cuts and log.
  static absl::StatusOr<std::unique_ptr<EmbeddedDir>> Open(const std::string& dir,
                                                           base::Clock* clock,
                                                           const Options& options);

  const base::SipKey& secret() const { return secret_; }  // of entity keys
  // REQUIRES: it was asked for.
  RocksLog& log() { return *log_; }
  RocksAggregateStore& aggregates() { return *aggregates_; }
  RocksCheckpointStore& checkpoint() { return *checkpoint_; }
  // Where a damaged checkpoint was moved to; empty: it was whole. Tell a person.
  const std::string& damaged_checkpoint() const { return damaged_checkpoint_; }

 private:
  EmbeddedDir() = default;
  absl::Status OpenCheckpoint(const std::string& dir);

  std::unique_ptr<DirLock> lock_;
  base::SipKey secret_{};
  std::unique_ptr<RocksLog> log_;
  std::unique_ptr<RocksAggregateStore> aggregates_;
  std::unique_ptr<RocksCheckpointStore> checkpoint_;
  std::string damaged_checkpoint_;
};

}  // namespace verdict::rocks_store
