#include "counters/decision_table.h"

#include <algorithm>

#include "base/check.h"
#include "counters/decision_bytes.h"

namespace verdict::counters {
namespace {

uint64_t HashOf(const DecisionSlot& slot) { return slot.payment.table_hash(); }

}  // namespace

DecisionSlot* DecisionTable::Find(const model::EntityKey& payment) {
  return slots_.Find(payment.table_hash(),
                     [&](const DecisionSlot& slot) { return slot.payment == payment; });
}

DecisionSlot* DecisionTable::Open(const model::EntityKey& payment,
                                  const std::array<uint64_t, 2>& digest) {
  DecisionSlot* slot = slots_.Insert(payment.table_hash(), HashOf);
  slot->answered = false;
  slot->payment = payment;
  slot->digest = digest;
  slot->packed.clear();
  slot->waiters.clear();
  return slot;
}

void DecisionTable::Answer(DecisionSlot* slot, const model::Decision& decision, int64_t now_ms) {
  CHECK(!slot->answered);
  PackDecision(decision, &slot->packed);
  Keep(slot, now_ms);
}

void DecisionTable::Abandon(const model::EntityKey& payment) {
  slots_.RemoveIf(payment.table_hash(),
                  [&](DecisionSlot& slot) { return slot.payment == payment && !slot.answered; });
}

void DecisionTable::Restore(const model::EntityKey& payment, const model::Decision& decision,
                            int64_t kept_from_ms) {
  if (Find(payment) != nullptr) return;
  Answer(Open(payment, decision.request_digest), decision, kept_from_ms);
}

void DecisionTable::Keep(DecisionSlot* slot, int64_t from_ms) {
  slot->answered = true;
  kept_.push_back({slot->payment, from_ms});
  bytes_ += BytesOf(*slot);
  if (!tracking_) return;
  Remember(*slot, from_ms);
  if (fresh_.bytes.size() <= fresh_bytes_max_) return;
  // Nobody takes it: what the table has forgotten meanwhile need not be saved.
  fresh_ = {};
  for (const Kept& kept : kept_) Remember(*Find(kept.payment), kept.from_ms);
}

void DecisionTable::Remember(const DecisionSlot& slot, int64_t from_ms) {
  fresh_.newest_ms = std::max(fresh_.newest_ms, from_ms);
  AppendKept({slot.payment, from_ms, slot.packed}, &fresh_.bytes);
}

size_t DecisionTable::Expire(int64_t oldest_ms, size_t bytes_max) {
  while (!kept_.empty() && kept_.front().from_ms < oldest_ms) ForgetOldest();
  size_t evicted = 0;
  for (; !kept_.empty() && bytes_ > bytes_max; ++evicted) ForgetOldest();
  return evicted;
}

void DecisionTable::ForgetOldest() {
  const model::EntityKey payment = kept_.front().payment;
  kept_.pop_front();
  slots_.RemoveIf(payment.table_hash(), [&](DecisionSlot& slot) {
    if (slot.payment != payment) return false;
    bytes_ -= BytesOf(slot);
    return true;
  });
}

}  // namespace verdict::counters
