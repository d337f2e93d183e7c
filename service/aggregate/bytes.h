// Little-endian integers and zigzag varints (to 128 bits), written to a string and read back with
// bounds.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "feature/tile.h"

namespace verdict::aggregate {

template <typename T>
void PutFixed(T value, std::string* out) {
  static_assert(std::is_integral_v<T>);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out->append(bytes, sizeof bytes);
}

inline void PutVarint(unsigned __int128 value, std::string* out) {
  char bytes[19];
  size_t size = 0;
  for (; value > UINT64_MAX; value >>= 7) {
    bytes[size++] = static_cast<char>(static_cast<uint8_t>(value) | 0x80);
  }
  auto rest = static_cast<uint64_t>(value);  // nearly every number: cheaper than 128 bits
  for (; rest >= 0x80; rest >>= 7) {
    bytes[size++] = static_cast<char>(static_cast<uint8_t>(rest) | 0x80);
  }
  bytes[size++] = static_cast<char>(rest);
  out->append(bytes, size);
}

inline void PutZigzag(feature::Int128 value, std::string* out) {
  const auto bits = static_cast<unsigned __int128>(value);
  PutVarint((bits << 1) ^ static_cast<unsigned __int128>(value >> 127), out);
}

inline void PutBytes(std::string_view bytes, std::string* out) {
  PutVarint(bytes.size(), out);
  out->append(bytes);
}

// Thread-compatible. Reads past the end, and varints over 128 bits, fail once and for all: check
// ok() at the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }

  template <typename T>
  T Fixed() {
    T value{};
    const std::string_view bytes = Take(sizeof value);
    if (ok_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  unsigned __int128 Varint() {
    // Nearly every number: whole, and of 63 bits at most.
    uint64_t low = 0;
    const size_t usual = rest_.size() < 9 ? rest_.size() : 9;
    for (size_t i = 0; ok_ && i < usual; ++i) {
      const auto byte = static_cast<uint8_t>(rest_[i]);
      low |= uint64_t{byte & 0x7fu} << (7 * i);
      if (byte >= 0x80) continue;
      rest_.remove_prefix(i + 1);
      return low;
    }
    return LongVarint();
  }
  feature::Int128 Zigzag() {
    const unsigned __int128 bits = Varint();
    return static_cast<feature::Int128>(bits >> 1) ^ -static_cast<feature::Int128>(bits & 1);
  }
  // A zigzag varint that must fit 64 bits.
  int64_t Zigzag64() {
    const feature::Int128 value = Zigzag();
    if (value < INT64_MIN || value > INT64_MAX) ok_ = false;
    return ok_ ? static_cast<int64_t>(value) : 0;
  }
  std::string_view Take(size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }
  std::string_view Bytes() {
    const unsigned __int128 size = Varint();
    return Take(size > rest_.size() ? rest_.size() + 1 : static_cast<size_t>(size));
  }

 private:
  unsigned __int128 LongVarint() {
    unsigned __int128 value = 0;
    for (int shift = 0; shift < 128; shift += 7) {
      const auto byte = Fixed<uint8_t>();
      value |= static_cast<unsigned __int128>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (shift == 126 && byte > 3) ok_ = false;
        return value;
      }
    }
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace verdict::aggregate
