// Redis for the batch: pipelines that block their caller, each under one deadline from its first
// byte to its last.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "redis_store/connection.h"
#include "redis_store/redis_options.h"
#include "redis_store/reply.h"

namespace verdict::redis_store {

using Command = std::vector<std::string>;  // words of any bytes

// **Thread-safe.** Keeps one connection between pipelines; callers at the same time have one each,
// so that no lock is held while Redis is waited for.
class BatchClient {
 public:
  explicit BatchClient(const RedisOptions& options) : options_(options) {}  // must outlive it

  // One reply a command, in order; errors of single commands stand in their replies. Errors:
  // Unavailable, DeadlineExceeded and others, and then nobody knows which of the commands were
  // done; a connection that was closed while it stood idle is replaced before anything is sent.
  absl::StatusOr<std::vector<Reply>> Exchange(std::span<const Command> commands)
      EXCLUDES_LOCK(mutex_);
  // One command; an error in its reply is an error, `what` its beginning.
  absl::StatusOr<Reply> Call(const Command& command, const std::string& what) EXCLUDES_LOCK(mutex_);

 private:
  absl::StatusOr<std::unique_ptr<Connection>> Take() EXCLUDES_LOCK(mutex_);

  const RedisOptions& options_;
  base::Mutex mutex_;
  std::unique_ptr<Connection> idle_ GUARDED_BY(mutex_);
};

}  // namespace verdict::redis_store
