// The client's own book: every payment it sent, and whether it was acknowledged.
#pragma once

#include <climits>
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
  int life = 0;  // of verdictd, when the answer came
  v1::Outcome outcome = v1::OUTCOME_UNSPECIFIED;
  int64_t score = 0;
};

// Which answers may be retried.
struct Retriable {
  int64_t from_ms = 0;        // event time of the payment, at the earliest
  int before_life = INT_MAX;  // answered in an earlier life than this one
};

// Thread-safe.
class Ledger {
 public:
  explicit Ledger(int merchants) : acknowledged_(merchants), unknown_(merchants) {}

  // Where it was in doubt, it is no longer.
  void Acknowledge(const Payment& payment) EXCLUDES_LOCK(mutex_);
  // It was sent and no answer came: it may count once or not at all.
  void Doubt(const Payment& payment) EXCLUDES_LOCK(mutex_);
  void RememberAnswer(const FirstAnswer& answer) EXCLUDES_LOCK(mutex_);
  // One of the newest answers, each as likely as another.
  std::optional<FirstAnswer> SomeAnswer(uint64_t random, const Retriable& wanted) const
      EXCLUDES_LOCK(mutex_);

  uint64_t acknowledged_count() const EXCLUDES_LOCK(mutex_);
  uint64_t doubted_count() const EXCLUDES_LOCK(mutex_);
  uint64_t settled_count() const EXCLUDES_LOCK(mutex_);  // in doubt first, acknowledged by a retry

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
  uint64_t settled_ GUARDED_BY(mutex_) = 0;
  std::vector<FirstAnswer> answers_ GUARDED_BY(mutex_);
  size_t next_answer_ GUARDED_BY(mutex_) = 0;
};

}  // namespace verdict::testing
