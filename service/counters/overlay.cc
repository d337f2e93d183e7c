#include "counters/overlay.h"

namespace verdict::counters {

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
}

Overlay::Swept Overlay::Sweep(int64_t now_ms) {
  Swept swept;
  provisionals_.RemoveIfAnywhere([&](Provisional& one) {
    if (now_ms < one.expires_ms) return false;
    one.generation.fetch_add(1, std::memory_order_relaxed);
    ++swept.expired;
    return true;
  });
  const size_t before = parts_.size();
  parts_.RemoveIfAnywhere([&](const ProvisionalPart& part) { return !part.alive(now_ms); });
  swept.parts = before - parts_.size();
  return swept;
}

}  // namespace verdict::counters
