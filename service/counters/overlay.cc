#include "counters/overlay.h"

#include <algorithm>
#include <utility>

namespace verdict::counters {
namespace {

// Dead parts that are left where they lie: their entity's next visit removes them.
constexpr size_t kDeadPartsLeft = 64;
// Of two blocks that are joined: half a block, so that as many must come or go before it is
// done again.
constexpr size_t kJoinedPartsMax = OverlayBlock::kPartsMax / 2;
constexpr size_t kFirstCapacity = 2;

}  // namespace

Provisional* Overlay::Find(const model::EntityKey& payment) {
  return provisionals_.Find(payment.table_hash(),
                            [&](const Provisional& one) { return one.payment == payment; });
}

Provisional* Overlay::Begin(const model::EntityKey& payment, int64_t expires_ms) {
  Provisional* one = provisionals_.Insert(
      payment.table_hash(), [](const Provisional& node) { return node.payment.table_hash(); });
  one->payment = payment;
  one->expires_ms = expires_ms;
  one->digest = 0;
  one->blocks.clear();
  first_expiry_ms_ = std::min(first_expiry_ms_, expires_ms);
  return one;
}

// The generation first: who sees that something died sees what.
void Overlay::Kill(Provisional* one) {
  // The node may serve another transaction at once: with another generation, old parts stay dead.
  one->generation.fetch_add(1);
  for (OverlayBlock* block : one->blocks) {
    block->deaths.fetch_add(1, std::memory_order_release);
    OverlayBlock* joined = block->joined.load();
    if (joined != nullptr) joined->deaths.fetch_add(1, std::memory_order_release);
  }
  one->blocks.clear();
}

bool Overlay::End(const model::EntityKey& payment) {
  bool found = false;
  provisionals_.RemoveIf(payment.table_hash(), [&](Provisional& one) {
    if (one.payment != payment) return false;
    Kill(&one);
    return found = true;
  });
  return found;
}

Overlay::Pile* Overlay::FindPile(uint16_t measure, const model::EntityKey& key) {
  return piles_.Find(PileHash(measure, key),
                     [&](const Pile& one) { return one.measure == measure && one.key == key; });
}

OverlayBlock* Overlay::TakeBlock() {
  OverlayBlock* block = free_;
  if (block != nullptr) {
    free_ = block->older;
  } else {
    block = &blocks_.emplace_back();
  }
  block->joined.store(nullptr);
  block->deaths_seen = block->deaths.load(std::memory_order_acquire);
  block->older = nullptr;
  part_bytes_ += sizeof(OverlayBlock);
  return block;
}

// REQUIRES: it lies in no pile, holds nothing, and no part's whole knows it.
void Overlay::GiveBlock(OverlayBlock* block) {
  SetCapacity(block, 0);
  part_bytes_ -= sizeof(OverlayBlock);
  block->older = std::exchange(free_, block);
}

// REQUIRES: its parts fit.
void Overlay::SetCapacity(OverlayBlock* block, size_t parts) {
  // And the block's place in the list of the part's whole.
  constexpr size_t kBytesOfPart = sizeof(OverlayBlock::Part) + sizeof(void*);
  part_bytes_ -= block->parts.capacity() * kBytesOfPart;
  std::vector<OverlayBlock::Part> moved;
  moved.reserve(parts);
  moved.assign(block->parts.begin(), block->parts.end());
  block->parts.swap(moved);
  part_bytes_ += block->parts.capacity() * kBytesOfPart;
}

OverlayBlock* Overlay::BlockWithRoom(Pile* pile, int64_t now_ms) {
  const auto is_full = [&] {
    return pile->newest == nullptr || pile->newest->parts.size() == pile->newest->parts.capacity();
  };
  if (is_full()) Recount(pile, now_ms);
  if (!is_full()) return pile->newest;
  if (pile->newest == nullptr || pile->newest->parts.size() >= OverlayBlock::kPartsMax) {
    OverlayBlock* block = TakeBlock();
    block->older = std::exchange(pile->newest, block);
  }
  OverlayBlock* block = pile->newest;
  SetCapacity(block, std::clamp(2 * block->parts.size(), kFirstCapacity, OverlayBlock::kPartsMax));
  return block;
}

// The total is that of `before` parts so far.
void Overlay::AddToTotal(const ProvisionalPart& part, size_t before, OverlayBlock* block) {
  if (before == 0) {
    block->total = part.tile;
    block->first_at = block->last_at = part.at;
    block->first_expiry_ms = part.expires_ms;
    return;
  }
  block->total.Merge(part.tile);
  block->first_at = std::min(block->first_at, part.at);
  block->last_at = std::max(block->last_at, part.at);
  block->first_expiry_ms = std::min(block->first_expiry_ms, part.expires_ms);
}

void Overlay::AddPart(Provisional* whole, uint16_t measure, const model::EntityKey& key, int64_t at,
                      const feature::Tile& tile, int64_t now_ms) {
  Pile* pile = FindPile(measure, key);
  if (pile == nullptr) {
    pile = piles_.Insert(PileHash(measure, key),
                         [](const Pile& one) { return PileHash(one.measure, one.key); });
    pile->measure = measure;
    pile->key = key;
    pile->newest = nullptr;
    pile->lone.whole = nullptr;
    part_bytes_ += sizeof(Pile);
  }
  const ProvisionalPart part{.at = at,
                             .whole = whole,
                             .tile = tile,
                             .generation = whole->generation.load(std::memory_order_relaxed),
                             .expires_ms = whole->expires_ms};
  first_expiry_ms_ = std::min(first_expiry_ms_, whole->expires_ms);
  ++parts_;
  if (pile->lone.whole == nullptr) {
    pile->lone = part;
  } else if (!pile->lone.alive(now_ms)) {
    pile->lone = part;
    --parts_;
  } else {
    OverlayBlock* block = BlockWithRoom(pile, now_ms);
    AddToTotal(part, block->parts.size(), block);
    block->parts.push_back({part, block});
    ++block->known;
    whole->blocks.push_back(block);
  }
}

void Overlay::LetGo(const OverlayBlock::Part& part) {
  --parts_;
  OverlayBlock* told = part.told;
  if (--told->known == 0 && told->joined.load(std::memory_order_relaxed) != nullptr) {
    GiveBlock(told);
  }
}

void Overlay::Recount(OverlayBlock* block, int64_t now_ms) {
  // Before any generation: what dies meanwhile is looked at next time.
  block->deaths_seen = block->deaths.load(std::memory_order_acquire);
  std::vector<OverlayBlock::Part>& parts = block->parts;
  size_t kept = 0;
  for (const OverlayBlock::Part& part : parts) {
    if (!part.alive(now_ms)) {
      LetGo(part);
      continue;
    }
    AddToTotal(part, kept, block);
    parts[kept++] = part;
  }
  parts.resize(kept);
  // A few that wait for long do not keep the room of many.
  if (kept < parts.capacity() / 4) SetCapacity(block, kept);
}

void Overlay::Join(OverlayBlock* from, OverlayBlock* into, int64_t now_ms) {
  const std::vector<OverlayBlock::Part> moved(from->parts);
  from->parts.clear();
  SetCapacity(from, 0);
  if (from->known == 0) GiveBlock(from);  // else it goes with the last part whose whole knows it
  const size_t parts = into->parts.size() + moved.size();
  if (into->parts.capacity() < parts) SetCapacity(into, parts);
  for (const OverlayBlock::Part& part : moved) part.told->joined.store(into);
  for (const OverlayBlock::Part& part : moved) {
    if (!part.alive(now_ms)) {
      LetGo(part);
      continue;
    }
    AddToTotal(part, into->parts.size(), into);
    into->parts.push_back(part);
  }
}

void Overlay::Recount(Pile* pile, int64_t now_ms) {
  if (pile->lone.whole != nullptr && !pile->lone.alive(now_ms)) {
    pile->lone.whole = nullptr;
    --parts_;
  }
  OverlayBlock* newer = nullptr;
  OverlayBlock** link = &pile->newest;
  while (OverlayBlock* block = *link) {
    if (!block->counted(now_ms)) Recount(block, now_ms);
    if (block->parts.empty()) {
      *link = block->older;
      GiveBlock(block);
    } else if (newer != nullptr && newer->parts.size() + block->parts.size() <= kJoinedPartsMax) {
      *link = block->older;
      Join(block, newer, now_ms);
    } else {
      newer = block;
      link = &block->older;
    }
  }
}

size_t Overlay::Sweep(int64_t now_ms, bool tight) {
  const bool parts_piled_up = parts_ > 2 * parts_after_sweep_ + kDeadPartsLeft;
  if (now_ms < first_expiry_ms_ && !parts_piled_up && !tight) return 0;
  first_expiry_ms_ = std::numeric_limits<int64_t>::max();
  size_t expired = 0;
  provisionals_.RemoveIfAnywhere([&](Provisional& one) {
    if (now_ms < one.expires_ms) {
      first_expiry_ms_ = std::min(first_expiry_ms_, one.expires_ms);
      return false;
    }
    Kill(&one);
    ++expired;
    return true;
  });
  piles_.RemoveIfAnywhere([&](Pile& pile) {
    Recount(&pile, now_ms);
    if (pile.lone.whole != nullptr) {
      first_expiry_ms_ = std::min(first_expiry_ms_, pile.lone.expires_ms);
    }
    for (const OverlayBlock* block = pile.newest; block != nullptr; block = block->older) {
      first_expiry_ms_ = std::min(first_expiry_ms_, block->first_expiry_ms);
    }
    if (pile.empty()) part_bytes_ -= sizeof(Pile);
    return pile.empty();
  });
  parts_after_sweep_ = parts_;
  return expired;
}

}  // namespace verdict::counters
