// What is hashed begins with a letter of its kind and states the length of all but its last part,
// so that no two different entities or events ever feed the same bytes to the hash.
#include "model/entity_key.h"

#include <initializer_list>

namespace verdict::model {
namespace {

constexpr size_t kInPlaceBytes = 384;  // longer input goes through the heap

std::string_view StoreLittleEndian32(uint32_t value, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(value >> (8 * i) & 0xff);
  return {out, 4};
}

EntityKey Fold(const base::Hash128& hash) {
  EntityKey key;
  for (size_t i = 0; i < 8; ++i) key.bytes[i] = static_cast<uint8_t>(hash.high >> (56 - 8 * i));
  for (size_t i = 0; i < 4; ++i) key.bytes[8 + i] = static_cast<uint8_t>(hash.low >> (56 - 8 * i));
  return key;
}

EntityKey HashOf(const base::SipKey& secret, std::initializer_list<std::string_view> parts) {
  size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  char in_place[kInPlaceBytes];
  std::string on_heap;
  char* bytes = in_place;
  if (size > sizeof in_place) {
    on_heap.resize(size);
    bytes = on_heap.data();
  }
  char* end = bytes;
  for (const std::string_view part : parts) end += part.copy(end, part.size());
  return Fold(base::SipHash128(secret, {bytes, size}));
}

}  // namespace

std::string EntityKey::Base64Url() const {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve(16);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const uint32_t group =
        uint32_t{bytes[i]} << 16 | uint32_t{bytes[i + 1]} << 8 | uint32_t{bytes[i + 2]};
    for (int shift = 18; shift >= 0; shift -= 6) text.push_back(kDigits[group >> shift & 63]);
  }
  return text;
}

EntityKey KeyHasher::Entity(std::string_view entity_type, std::string_view id) const {
  char length[4];
  return HashOf(secret_,
                {"E", StoreLittleEndian32(static_cast<uint32_t>(entity_type.size()), length),
                 entity_type, id});
}

EntityKey KeyHasher::EventId(std::string_view transaction_id, uint8_t kind,
                             uint32_t sequence) const {
  const char kind_byte = static_cast<char>(kind);
  char number[4];
  return HashOf(secret_, {"I", std::string_view(&kind_byte, 1),
                          StoreLittleEndian32(sequence, number), transaction_id});
}

}  // namespace verdict::model
