// Transactions counted before their event arrives (R21): one provisional a transaction, one part a
// (measure, entity).
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

#include "counters/node_table.h"
#include "feature/tile.h"
#include "model/entity_key.h"

namespace verdict::counters {

// Lies in the stripe of its transaction. Its parts lie in the stripes of the entities and are alive
// while they carry its generation: ending it takes no other stripe's lock (an event may name other
// entities than the transaction did).
struct Provisional {
  uint32_t next_node = 0;
  model::EntityKey payment;
  std::atomic<uint64_t> generation{1};
  int64_t expires_ms = 0;
  uint64_t digest = 0;  // ContributionsDigest
};

// In ProvisionalPart::measure: a sliding measure, numbered apart.
inline constexpr uint16_t kSlidingPart = 0x8000;

struct ProvisionalPart {
  uint32_t next_node = 0;
  uint16_t measure = 0;
  model::DayNumber day = 0;
  model::EntityKey key;
  int64_t time_ms = 0;  // of the payment, in a sliding measure
  feature::Tile tile;
  const Provisional* whole = nullptr;
  uint64_t generation = 0;
  int64_t expires_ms = 0;

  bool alive(int64_t now_ms) const {
    return now_ms < expires_ms && whole->generation.load(std::memory_order_relaxed) == generation;
  }
};

// Thread-compatible: its stripe's mutex guards it.
class Overlay {
 public:
  // The provisional of a transaction, also an expired one that was not swept yet; null where there
  // is none.
  Provisional* Find(const model::EntityKey& payment);
  // REQUIRES: there is none.
  Provisional* Begin(const model::EntityKey& payment, int64_t expires_ms);
  // Its parts are dead from here on. False where there is none.
  bool End(const model::EntityKey& payment);

  void AddPart(const ProvisionalPart& part);
  // Calls visit(part) for the live parts of (measure, key); removes dead ones. Returns how many it
  // removed.
  template <typename Visit>
  size_t VisitParts(uint16_t measure, const model::EntityKey& key, int64_t now_ms, Visit visit);

  // Asks early for the place where the parts of (measure, key) begin.
  void Prefetch(uint16_t measure, const model::EntityKey& key) const {
    parts_.Prefetch(PartHash(measure, key));
  }

  struct Swept {
    size_t expired = 0;  // provisionals
    size_t parts = 0;    // removed
  };
  // Looks at nothing where nothing can have expired and few parts can be dead, unless memory is
  // `tight`.
  Swept Sweep(int64_t now_ms, bool tight);

  size_t provisionals() const { return provisionals_.size(); }
  size_t parts() const { return parts_.size(); }

 private:
  static uint64_t PartHash(uint16_t measure, const model::EntityKey& key) {
    return key.table_hash() ^ (measure * 0x9e3779b97f4a7c15ULL);
  }
  NodeTable<Provisional> provisionals_;
  NodeTable<ProvisionalPart> parts_;
  int64_t first_expiry_ms_ = std::numeric_limits<int64_t>::max();  // nothing here expires before
  size_t parts_after_sweep_ = 0;
};

template <typename Visit>
size_t Overlay::VisitParts(uint16_t measure, const model::EntityKey& key, int64_t now_ms,
                           Visit visit) {
  const size_t before = parts_.size();
  parts_.RemoveIf(PartHash(measure, key), [&](const ProvisionalPart& part) {
    if (!part.alive(now_ms)) return true;
    if (part.measure == measure && part.key == key) visit(part);
    return false;
  });
  return before - parts_.size();
}

}  // namespace verdict::counters
