// The clients' own book: every call of Score, and what came of it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "verdict/v1/fraud_decision.pb.h"

namespace verdict::seam {

// One call. Times are the steady clock's, in nanoseconds.
struct Call {
  uint32_t payment = 0;  // its number in World::payments
  int life = 0;          // of verdictd, that was asked
  int64_t sent_ns = 0;
  int64_t ended_ns = 0;
  bool answered = false;  // else nobody knows what became of it
  bool asked_features = false;
  v1::ScoreResponse response = {};
};

// Thread-safe.
class Book {
 public:
  void Add(Call call) EXCLUDES_LOCK(mutex_);
  // One of the newest payments that were answered, each as likely as another.
  std::optional<uint32_t> SomeAnswered(uint64_t random) const EXCLUDES_LOCK(mutex_);
  uint64_t answered() const EXCLUDES_LOCK(mutex_);
  uint64_t samples() const EXCLUDES_LOCK(mutex_);  // answers that came with features
  // In the order they ended. Call once the clients have ended.
  std::vector<Call> TakeCalls() EXCLUDES_LOCK(mutex_);

 private:
  mutable base::Mutex mutex_;
  std::vector<Call> calls_ GUARDED_BY(mutex_);
  std::deque<uint32_t> recent_ GUARDED_BY(mutex_);
  uint64_t answered_ GUARDED_BY(mutex_) = 0;
  uint64_t samples_ GUARDED_BY(mutex_) = 0;
};

}  // namespace verdict::seam
