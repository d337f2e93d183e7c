// Transactions counted before their event arrives (R21): one provisional a transaction, one part a
// (measure, entity).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

#include "counters/node_table.h"
#include "feature/tile.h"
#include "model/entity_key.h"

namespace verdict::counters {

struct OverlayBlock;

// Lies in the stripe of its transaction. Its parts lie in the stripes of the entities and are alive
// while they carry its generation: ending it takes no other stripe's lock (an event may name other
// entities than the transaction did).
struct Provisional {
  uint32_t next_node = 0;
  model::EntityKey payment;
  std::atomic<uint64_t> generation{1};
  int64_t expires_ms = 0;
  uint64_t digest = 0;                // ContributionsDigest
  std::vector<OverlayBlock*> blocks;  // to be told of its end; others' parts may lie there by now

  // REQUIRES: the stripe of `block` is held.
  bool touches(const OverlayBlock* block) const;
};

// In Overlay::AddPart's `measure`: a sliding measure, numbered apart.
inline constexpr uint16_t kSlidingPart = 0x8000;

struct ProvisionalPart {
  int64_t at = 0;                      // the business day; of a sliding measure the time in ms
  const Provisional* whole = nullptr;  // none: no part
  feature::Tile tile;
  uint64_t generation = 0;
  int64_t expires_ms = 0;

  // REQUIRES: there is a part.
  bool alive(int64_t now_ms) const {
    return now_ms < expires_ms && whole->generation.load() == generation;
  }
};

// Up to kPartsMax parts of one (measure, key), with their total, so that a key with thousands is
// read block by block. It never moves and is never freed, only used again: who ends a provisional
// tells its blocks without their stripe's lock, and one that serves others by then is counted anew
// for nothing.
// Where few are left in two blocks, one takes the parts of the other. The parts' wholes know the
// other still, so it stays as long as there are such parts and says who has them (`joined`). Nobody
// dies unseen between the two: who joins names the new place, then looks at the generations; who
// ends a provisional changes the generation, then looks for the new place.
struct OverlayBlock {
  static constexpr size_t kPartsMax = 128;

  struct Part : ProvisionalPart {
    OverlayBlock* told = nullptr;  // the block that its whole knows
  };

  std::atomic<uint32_t> deaths{0};  // told after the generation was changed
  uint32_t deaths_seen = 0;         // by the total
  std::atomic<OverlayBlock*> joined{nullptr};
  uint32_t known = 0;  // parts, here or there, that have told == this
  OverlayBlock* older = nullptr;
  int64_t first_expiry_ms = 0;
  int64_t first_at = 0, last_at = 0;  // least and greatest
  feature::Tile total;
  std::vector<Part> parts;

  bool counted(int64_t now_ms) const {
    return deaths.load(std::memory_order_acquire) == deaths_seen && now_ms < first_expiry_ms;
  }
};

inline bool Provisional::touches(const OverlayBlock* block) const {
  return std::any_of(blocks.begin(), blocks.end(), [block](const OverlayBlock* told) {
    return told == block || told->joined.load(std::memory_order_relaxed) == block;
  });
}

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

  // Puts a part of `whole`, which lies in a stripe that is held too.
  void AddPart(Provisional* whole, uint16_t measure, const model::EntityKey& key, int64_t at,
               const feature::Tile& tile, int64_t now_ms);
  // Calls visit(at, tile) for the live parts of (measure, key), or once for many: where
  // take_whole(first_at, last_at) says that nothing tells them apart. Leaves out those of `skipped`
  // (may be null), whose stripe is held too. Removes dead ones.
  template <typename TakeWhole, typename Visit>
  void VisitParts(uint16_t measure, const model::EntityKey& key, int64_t now_ms,
                  const Provisional* skipped, TakeWhole take_whole, Visit visit);

  // Asks early for the place where the parts of (measure, key) begin.
  void Prefetch(uint16_t measure, const model::EntityKey& key) const {
    piles_.Prefetch(PileHash(measure, key));
  }

  // Looks at nothing where nothing can have expired and few parts can be dead, unless memory is
  // `tight`. Returns how many provisionals had expired.
  size_t Sweep(int64_t now_ms, bool tight);

  size_t provisionals() const { return provisionals_.size(); }
  size_t parts() const { return parts_; }  // dead ones included that nobody has met
  size_t bytes() const { return provisionals_.size() * sizeof(Provisional) + part_bytes_; }

 private:
  // All parts of one (measure, key). Most keys have one part, which needs no block: who reads it
  // looks at its generation.
  struct Pile {
    uint32_t next_node = 0;
    uint16_t measure = 0;
    model::EntityKey key;
    OverlayBlock* newest = nullptr;
    ProvisionalPart lone;

    bool empty() const { return lone.whole == nullptr && newest == nullptr; }
  };

 public:
  // What a payment's part takes where its key has no other.
  static constexpr size_t kBytesOfLonePart = sizeof(Pile);

 private:
  static uint64_t PileHash(uint16_t measure, const model::EntityKey& key) {
    return key.table_hash() ^ (measure * 0x9e3779b97f4a7c15ULL);
  }
  static void Kill(Provisional* one);
  static void AddToTotal(const ProvisionalPart& part, size_t before, OverlayBlock* block);
  Pile* FindPile(uint16_t measure, const model::EntityKey& key);
  // The newest block, with room for one part more.
  OverlayBlock* BlockWithRoom(Pile* pile, int64_t now_ms);
  OverlayBlock* TakeBlock();
  void GiveBlock(OverlayBlock* block);
  void SetCapacity(OverlayBlock* block, size_t parts);
  void LetGo(const OverlayBlock::Part& part);
  // Looks again at each part, and lets go of what is dead.
  void Recount(OverlayBlock* block, int64_t now_ms);
  // Moves what is alive. REQUIRES: `into` was counted, `from` lies in no pile any more.
  void Join(OverlayBlock* from, OverlayBlock* into, int64_t now_ms);
  // The same for a pile's blocks that need it. Empty ones leave the pile, sparse ones are joined.
  void Recount(Pile* pile, int64_t now_ms);

  NodeTable<Provisional> provisionals_;
  NodeTable<Pile> piles_;
  std::deque<OverlayBlock> blocks_;
  OverlayBlock* free_ = nullptr;  // by `older`
  size_t parts_ = 0;
  size_t part_bytes_ = 0;
  int64_t first_expiry_ms_ = std::numeric_limits<int64_t>::max();  // nothing here expires before
  size_t parts_after_sweep_ = 0;
};

template <typename TakeWhole, typename Visit>
void Overlay::VisitParts(uint16_t measure, const model::EntityKey& key, int64_t now_ms,
                         const Provisional* skipped, TakeWhole take_whole, Visit visit) {
  Pile* pile = FindPile(measure, key);
  if (pile == nullptr) return;
  Recount(pile, now_ms);
  const ProvisionalPart& lone = pile->lone;
  if (lone.whole != nullptr && lone.whole != skipped) visit(lone.at, lone.tile);
  for (const OverlayBlock* block = pile->newest; block != nullptr; block = block->older) {
    const bool apart = skipped != nullptr && skipped->touches(block);
    if (!apart && take_whole(block->first_at, block->last_at)) {
      visit(block->last_at, block->total);
      continue;
    }
    for (const OverlayBlock::Part& part : block->parts) {
      if (part.whole != skipped) visit(part.at, part.tile);
    }
  }
  if (pile->empty()) {
    piles_.RemoveIf(PileHash(measure, key), [&](const Pile& one) { return &one == pile; });
    part_bytes_ -= sizeof(Pile);
  }
}

}  // namespace verdict::counters
