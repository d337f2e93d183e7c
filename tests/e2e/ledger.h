// The client's own book: every payment it sent, and whether it was acknowledged.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "verdict/v1/decision.pb.h"

namespace verdict::testing {

struct Payment {
  std::string id;
  int merchant = 0;
  int64_t amount_minor = 0;
  int64_t event_time_ms = 0;
};

struct FirstAnswer {
  Payment payment;
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  int64_t score = 0;
};

// Thread-safe.
class Ledger {
 public:
  explicit Ledger(int merchants) : acknowledged_(merchants), unknown_(merchants) {}

  void Acknowledge(const Payment& payment) EXCLUDES_LOCK(mutex_);
  // It was sent and no answer came: it may count once or not at all.
  void Doubt(const Payment& payment) EXCLUDES_LOCK(mutex_);
  void RememberAnswer(const FirstAnswer& answer) EXCLUDES_LOCK(mutex_);
  // One of the newest answers to payments made at or after `from_ms`, for a retry.
  std::optional<FirstAnswer> SomeAnswer(uint64_t random, int64_t from_ms) const
      EXCLUDES_LOCK(mutex_);

  uint64_t acknowledged_count() const EXCLUDES_LOCK(mutex_);
  uint64_t doubted_count() const EXCLUDES_LOCK(mutex_);

  // True where (sum, count) = all acknowledged payments of the merchant + each doubted one 0 or 1
  // times.
  bool Explains(int merchant, int64_t sum, int64_t count, std::string* why_not) const
      EXCLUDES_LOCK(mutex_);

 private:
  struct Total {
    int64_t sum = 0;
    int64_t count = 0;
  };
  mutable base::Mutex mutex_;
  std::vector<Total> acknowledged_ GUARDED_BY(mutex_);
  std::vector<std::map<std::string, Payment>> unknown_ GUARDED_BY(mutex_);
  std::vector<FirstAnswer> answers_ GUARDED_BY(mutex_);
  size_t next_answer_ GUARDED_BY(mutex_) = 0;
};

}  // namespace verdict::testing
