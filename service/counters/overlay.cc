#include "counters/overlay.h"

#include <algorithm>

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
  first_expiry_ms_ = std::min(first_expiry_ms_, expires_ms);
  return one;
}

bool Overlay::End(const model::EntityKey& payment) {
  bool found = false;
  provisionals_.RemoveIf(payment.table_hash(), [&](Provisional& one) {
    if (one.payment != payment) return false;
    // The node may serve another transaction at once: with another generation, old parts stay dead.
    one.generation.fetch_add(1, std::memory_order_relaxed);
    return found = true;
  });
  return found;
}

void Overlay::AddPart(const ProvisionalPart& part) {
  ProvisionalPart* node =
      parts_.Insert(PartHash(part.measure, part.key),
                    [](const ProvisionalPart& one) { return PartHash(one.measure, one.key); });
  const uint32_t next_node = node->next_node;
  *node = part;
  node->next_node = next_node;
  first_expiry_ms_ = std::min(first_expiry_ms_, part.expires_ms);
}

Overlay::Swept Overlay::Sweep(int64_t now_ms, bool tight) {
  Swept swept;
  const bool parts_piled_up = parts_.size() > 2 * parts_after_sweep_ + kDeadPartsLeft;
  if (now_ms < first_expiry_ms_ && !parts_piled_up && !tight) return swept;
  first_expiry_ms_ = std::numeric_limits<int64_t>::max();
  provisionals_.RemoveIfAnywhere([&](Provisional& one) {
    if (now_ms < one.expires_ms) {
      first_expiry_ms_ = std::min(first_expiry_ms_, one.expires_ms);
      return false;
    }
    one.generation.fetch_add(1, std::memory_order_relaxed);
    ++swept.expired;
    return true;
  });
  const size_t before = parts_.size();
  parts_.RemoveIfAnywhere([&](const ProvisionalPart& part) {
    if (!part.alive(now_ms)) return true;
    first_expiry_ms_ = std::min(first_expiry_ms_, part.expires_ms);
    return false;
  });
  parts_after_sweep_ = parts_.size();
  swept.parts = before - parts_.size();
  return swept;
}

}  // namespace verdict::counters
