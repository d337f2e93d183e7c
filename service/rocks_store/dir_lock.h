// One process at a time owns an embedded directory (R41).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace verdict::rocks_store {

// Immutable. Holds DIR/LOCK until it goes; the kernel lets go of it when the process dies.
class DirLock {
 public:
  // Makes `dir` (readable by its owner alone) where it is not there. `program` is what a second
  // process is told. Errors: FailedPrecondition "… is in use by pid 4711 (verdictd)";
  // PermissionDenied; Unavailable.
  static absl::StatusOr<std::unique_ptr<DirLock>> Acquire(const std::string& dir,
                                                          const std::string& program);
  ~DirLock();
  DirLock(const DirLock&) = delete;
  DirLock& operator=(const DirLock&) = delete;

 private:
  explicit DirLock(int file) : file_(file) {}
  int file_;
};

}  // namespace verdict::rocks_store
