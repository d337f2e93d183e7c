// Who may go on with a parked call: the first to claim its ticket. The store, the log, the timer
// and a finished sibling may all try, in any order, as late as they like.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"

namespace verdict::decide {

class ScoreCall;

// **Thread-safe.** Lives in a TicketPool for as long as the pool; passes from call to call. A
// parking has a number of its own, so that what comes late for an earlier one finds nothing.
class Ticket {
 public:
  // Parks `call`; the number to claim it by. REQUIRES: not parked. From here on whoever claims owns
  // the call: the parking thread may touch neither call nor scratch until it has claimed it back.
  uint64_t Park(ScoreCall* call) {
    call_ = call;
    return state_.fetch_add(1, std::memory_order_acq_rel) + 1;
  }
  // The parked call, for exactly one caller; null for all others.
  ScoreCall* Claim(uint64_t parking) {
    uint64_t expected = parking;
    if (!state_.compare_exchange_strong(expected, parking + 1, std::memory_order_acq_rel)) {
      return nullptr;
    }
    return call_;
  }
  void* owner() const { return owner_; }

 private:
  friend class TicketPool;
  std::atomic<uint64_t> state_{0};  // odd: parked
  ScoreCall* call_ = nullptr;       // read only by who has claimed
  void* owner_ = nullptr;           // fixed
};

// **Thread-safe.** Tickets are made on demand and never freed before the pool.
class TicketPool {
 public:
  explicit TicketPool(void* owner) : owner_(owner) {}
  Ticket* Take() {
    base::MutexLock lock(mutex_);
    if (free_.empty()) {
      all_.push_back(std::make_unique<Ticket>());
      all_.back()->owner_ = owner_;
      return all_.back().get();
    }
    Ticket* ticket = free_.back();
    free_.pop_back();
    return ticket;
  }
  // REQUIRES: not parked.
  void Return(Ticket* ticket) {
    base::MutexLock lock(mutex_);
    free_.push_back(ticket);
  }

 private:
  void* const owner_;
  base::Mutex mutex_;
  std::vector<std::unique_ptr<Ticket>> all_ GUARDED_BY(mutex_);
  std::vector<Ticket*> free_ GUARDED_BY(mutex_);
};

}  // namespace verdict::decide
