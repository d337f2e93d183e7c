// Little-endian and big-endian integers, varints and strings in bytes: what checkpoints and packed
// decisions are made of.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace verdict::counters {

static_assert(std::endian::native == std::endian::little);

template <typename T>
void PutFixed(std::string* out, T value) {
  static_assert(std::is_trivially_copyable_v<T>);
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof value);
  out->append(bytes, sizeof bytes);
}

inline void PutVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

inline void PutString(std::string* out, std::string_view text) {
  PutVarint(out, text.size());
  out->append(text);
}

// So that byte order is number order, negative numbers included.
inline void PutOrdered32(std::string* out, int32_t value) {
  const uint32_t bits = static_cast<uint32_t>(value) ^ 0x80000000u;
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(bits >> shift));
}
inline void PutOrdered64(std::string* out, int64_t value) {
  const uint64_t bits = static_cast<uint64_t>(value) ^ (uint64_t{1} << 63);
  for (int shift = 56; shift >= 0; shift -= 8) out->push_back(static_cast<char>(bits >> shift));
}

// **Thread-compatible.** Reads what the Put functions wrote. After the first thing that is not
// there, ok() is false and every further read gives zero or empty.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }

  template <typename T>
  T Fixed() {
    T value{};
    const std::string_view bytes = Take(sizeof(T));
    if (ok_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Fixed<uint8_t>();
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  std::string_view String() {
    const uint64_t size = Varint();
    return size <= rest_.size() ? Take(size) : Fail();
  }
  int32_t Ordered32() {
    uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) bits = (bits << 8) | Fixed<uint8_t>();
    return static_cast<int32_t>(bits ^ 0x80000000u);
  }
  int64_t Ordered64() {
    uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = (bits << 8) | Fixed<uint8_t>();
    return static_cast<int64_t>(bits ^ (uint64_t{1} << 63));
  }

 private:
  std::string_view Take(size_t size) {
    if (!ok_ || size > rest_.size()) return Fail();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view Fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace verdict::counters
