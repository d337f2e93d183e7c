// The decisions that wait to be sent, as bytes: what a payment's thread pays is a copy and a short
// lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "kafka_log/spool.h"

namespace verdict::kafka_log {

// Thread-safe. Blocks of bytes, used again.
class DecisionQueue {
 public:
  // `linger`: how long the first that waits may wait for others.
  DecisionQueue(size_t bytes_max, std::chrono::milliseconds linger)
      : bytes_max_(bytes_max), linger_(linger) {}

  // False: there is no room.
  bool Put(std::string_view key, std::string_view value) EXCLUDES_LOCK(mutex_);
  // Waits at most `wait` for something, then `linger` for a full block; Stop() ends both. Takes the
  // oldest block out, in order.
  std::vector<SpooledRecord> Take(std::chrono::milliseconds wait) EXCLUDES_LOCK(mutex_);
  // From here on Take waits no more.
  void Stop() EXCLUDES_LOCK(mutex_);
  size_t bytes() const EXCLUDES_LOCK(mutex_);

 private:
  static constexpr size_t kBlockBytes = size_t{256} << 10;
  static constexpr size_t kSparesMax = 8;
  using Block = std::unique_ptr<std::string>;

  // False: nothing came.
  bool AwaitSome(std::chrono::steady_clock::time_point deadline) REQUIRES_LOCK(mutex_);
  void AwaitMore(std::chrono::steady_clock::time_point deadline) REQUIRES_LOCK(mutex_);

  const size_t bytes_max_;
  const std::chrono::milliseconds linger_;
  mutable base::Mutex mutex_;
  base::CondVar wake_;
  std::vector<Block> full_ GUARDED_BY(mutex_);  // oldest first; the last one is being filled
  std::vector<Block> spare_ GUARDED_BY(mutex_);
  size_t bytes_ GUARDED_BY(mutex_) = 0;
  bool waiting_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace verdict::kafka_log
