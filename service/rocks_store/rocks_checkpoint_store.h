// Checkpoints in a RocksDB of their own: one WriteBatch over the column families, synced, all or
// nothing (R29).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "counters/checkpoint_store.h"

namespace verdict::rocks_store {

// Thread-compatible.
class RocksCheckpointStore : public counters::CheckpointStore {
 public:
  // Makes the folder where it is not there. Errors: PermissionDenied, DataLoss (damaged),
  // Unavailable.
  static absl::StatusOr<std::unique_ptr<RocksCheckpointStore>> Open(const std::string& folder);
  ~RocksCheckpointStore() override;

  absl::Status Write(absl::FunctionRef<void(counters::CheckpointStore::Put)> fill) override;
  absl::Status Read(counters::CheckpointFamily family,
                    const std::function<absl::Status(std::string_view key, std::string_view value)>&
                        visit) override;
  absl::Status Clear() override;

 private:
  struct Database;
  explicit RocksCheckpointStore(std::unique_ptr<Database> database);
  std::unique_ptr<Database> database_;
};

}  // namespace verdict::rocks_store
