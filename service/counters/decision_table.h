// The decisions of one stripe: open while a Score is at them, then kept for its retries (R22).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "counters/node_table.h"
#include "model/decision.h"
#include "model/entity_key.h"

namespace verdict::counters {

struct DecisionSlot {
  uint32_t next_node = 0;
  bool answered = false;
  model::EntityKey payment;
  std::array<uint64_t, 2> digest{};
  std::string packed;                          // answered: PackDecision
  std::vector<std::function<void()>> waiters;  // open
};

// An answered decision as a checkpoint saves it: by AppendKept, one after the other.
struct KeptDecision {
  model::EntityKey payment;
  int64_t kept_from_ms = 0;
  std::string_view packed;
};
// Decisions of one stripe, ready to be saved.
struct KeptDecisions {
  int64_t newest_ms = INT64_MIN;  // kept_from_ms
  std::string bytes;
};

// Thread-compatible: its stripe's mutex guards it.
class DecisionTable {
 public:
  // Null where there is none.
  DecisionSlot* Find(const model::EntityKey& payment);
  // REQUIRES: there is none.
  DecisionSlot* Open(const model::EntityKey& payment, const std::array<uint64_t, 2>& digest);
  // Stores the decision of an open slot.
  void Answer(DecisionSlot* slot, const model::Decision& decision, int64_t now_ms);
  // Removes an open slot; its waiters must have been taken.
  void Abandon(const model::EntityKey& payment);
  // Stores a decision that the log or a checkpoint carries, unless the transaction has a slot
  // already.
  void Restore(const model::EntityKey& payment, const model::Decision& decision,
               int64_t kept_from_ms);
  // Forgets what was kept from before `oldest_ms`, then the oldest beyond `bytes_max`. Returns how
  // many of the latter.
  size_t Expire(int64_t oldest_ms, size_t bytes_max);

  // From now on what is answered is remembered until TakeFresh; of more than `bytes_max` no more
  // than the table itself holds.
  void Track(size_t bytes_max) {
    tracking_ = true;
    fresh_bytes_max_ = bytes_max;
  }
  // The decisions answered since the last call. Takes no time to speak of.
  KeptDecisions TakeFresh() { return std::exchange(fresh_, {}); }

  size_t size() const { return slots_.size(); }
  size_t bytes() const { return bytes_; }
  // What an answered slot adds to bytes().
  static size_t BytesFor(size_t packed_bytes) {
    return sizeof(DecisionSlot) + sizeof(Kept) + packed_bytes;
  }

 private:
  struct Kept {
    model::EntityKey payment;
    int64_t from_ms;
  };
  static size_t BytesOf(const DecisionSlot& slot) { return BytesFor(slot.packed.size()); }
  void Keep(DecisionSlot* slot, int64_t from_ms);
  void ForgetOldest();
  void Remember(const DecisionSlot& slot, int64_t from_ms);

  NodeTable<DecisionSlot> slots_;
  std::deque<Kept> kept_;  // answered slots, oldest first
  KeptDecisions fresh_;
  bool tracking_ = false;
  size_t fresh_bytes_max_ = 0;
  size_t bytes_ = 0;  // of answered slots
};

}  // namespace verdict::counters
