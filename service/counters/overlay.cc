#include "counters/overlay.h"

#include <algorithm>
#include <utility>

namespace verdict::counters {
namespace {

// Dead parts that are left where they lie: their entity's next visit removes them.
constexpr size_t kDeadPartsLeft = 64;

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
  one->generation.fetch_add(1, std::memory_order_release);
  for (OverlayBlock* block : one->blocks) block->deaths.fetch_add(1, std::memory_order_release);
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

// As large as all that the pile holds: few parts take little, many take few blocks.
OverlayBlock* Overlay::NewBlock(Pile* pile) {
  OverlayBlock* block = free_;
  if (block != nullptr) {
    free_ = block->older;
  } else {
    block = &blocks_.emplace_back();
  }
  const uint32_t before = pile->newest == nullptr ? 0 : 2 * pile->newest->capacity;
  block->capacity = std::clamp(before, 1U, OverlayBlock::kPartsMax);
  block->parts = std::make_unique<ProvisionalPart[]>(block->capacity);
  block->deaths_seen = block->deaths.load(std::memory_order_acquire);
  block->older = std::exchange(pile->newest, block);
  part_bytes_ += block->bytes();
  return block;
}

void Overlay::Include(const ProvisionalPart& part, OverlayBlock* block) {
  if (block->size == 0) {
    block->total = part.tile;
    block->first_at = block->last_at = part.at;
    block->first_expiry_ms = part.expires_ms;
  } else {
    block->total.Merge(part.tile);
    block->first_at = std::min(block->first_at, part.at);
    block->last_at = std::max(block->last_at, part.at);
    block->first_expiry_ms = std::min(block->first_expiry_ms, part.expires_ms);
  }
  block->parts[block->size++] = part;
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
    part_bytes_ += sizeof(Pile);
  }
  const auto is_full = [&] {
    return pile->newest == nullptr || pile->newest->size == pile->newest->capacity;
  };
  if (is_full()) Recount(pile, now_ms);
  if (is_full()) NewBlock(pile);
  Include({.at = at,
           .tile = tile,
           .whole = whole,
           .generation = whole->generation.load(std::memory_order_relaxed),
           .expires_ms = whole->expires_ms},
          pile->newest);
  whole->blocks.push_back(pile->newest);
  ++parts_;
  first_expiry_ms_ = std::min(first_expiry_ms_, whole->expires_ms);
}

void Overlay::Recount(OverlayBlock* block, int64_t now_ms) {
  const size_t bytes_before = block->bytes();
  // Before any generation: what dies meanwhile is looked at next time.
  block->deaths_seen = block->deaths.load(std::memory_order_acquire);
  const uint32_t before = std::exchange(block->size, 0);
  for (uint32_t i = 0; i < before; ++i) {
    const ProvisionalPart part = block->parts[i];
    if (part.alive(now_ms)) Include(part, block);
  }
  parts_ -= before - block->size;
  // A few that wait for long do not keep the room of many.
  if (block->size < block->capacity / 4) {
    auto fewer = std::make_unique<ProvisionalPart[]>(block->size);
    std::copy_n(block->parts.get(), block->size, fewer.get());
    block->parts = std::move(fewer);
    block->capacity = block->size;
  }
  part_bytes_ -= bytes_before - block->bytes();
}

void Overlay::Recount(Pile* pile, int64_t now_ms) {
  OverlayBlock** link = &pile->newest;
  while (OverlayBlock* block = *link) {
    if (!block->counted(now_ms)) Recount(block, now_ms);
    if (block->size != 0) {
      link = &block->older;
      continue;
    }
    part_bytes_ -= block->bytes();
    block->capacity = 0;
    block->parts.reset();
    *link = std::exchange(block->older, free_);
    free_ = block;
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
    for (const OverlayBlock* block = pile.newest; block != nullptr; block = block->older) {
      first_expiry_ms_ = std::min(first_expiry_ms_, block->first_expiry_ms);
    }
    if (pile.newest == nullptr) part_bytes_ -= sizeof(Pile);
    return pile.newest == nullptr;
  });
  parts_after_sweep_ = parts_;
  return expired;
}

}  // namespace verdict::counters
