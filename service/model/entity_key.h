// The 96-bit keys under which state is kept: no raw id of an entity stands in memory tables or
// stores.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace verdict::model {

// 96 bits, big-endian in memory order: the first 10 bits choose the stripe.
struct EntityKey {
  std::array<uint8_t, 12> bytes{};
  // Two loads instead of a call of memcmp: every table compares keys.
  friend bool operator==(const EntityKey& a, const EntityKey& b) {
    uint64_t a_head, b_head;
    uint32_t a_tail, b_tail;
    std::memcpy(&a_head, a.bytes.data(), sizeof a_head);
    std::memcpy(&b_head, b.bytes.data(), sizeof b_head);
    std::memcpy(&a_tail, a.bytes.data() + sizeof a_head, sizeof a_tail);
    std::memcpy(&b_tail, b.bytes.data() + sizeof b_head, sizeof b_tail);
    return ((a_head ^ b_head) | (a_tail ^ b_tail)) == 0;
  }
  friend auto operator<=>(const EntityKey&, const EntityKey&) = default;
  uint32_t stripe() const { return (uint32_t{bytes[0]} << 2) | (bytes[1] >> 6); }  // 0..1023
  // 64 well-mixed bits for hash tables, apart from the stripe's.
  uint64_t table_hash() const {
    uint64_t h;
    std::memcpy(&h, bytes.data() + 4, sizeof h);
    return h;
  }
  std::string Base64Url() const;  // 16 characters
};

struct EntityKeyHash {
  size_t operator()(const EntityKey& key) const { return key.table_hash(); }
};

// **Immutable.** Keys under one deployment's secret; a new secret means a rebuild of all state.
class KeyHasher {
 public:
  explicit KeyHasher(const base::SipKey& secret) : secret_(secret) {}
  // Key of entity `id` of `entity_type` ("merchant"): the type is part of what is hashed.
  EntityKey Entity(std::string_view entity_type, std::string_view id) const;
  // Key of an event id: (transaction id, kind, sequence).
  EntityKey EventId(std::string_view transaction_id, uint8_t kind, uint32_t sequence) const;

 private:
  base::SipKey secret_;
};

}  // namespace verdict::model
