// SipHash-2-4-128 and CRC-32C by hand (few lines, no Debian library of their own); SHA-256 by
// OpenSSL.
#include "base/hash.h"

#include <openssl/evp.h>

#include <bit>
#include <cstring>

#include "base/check.h"

namespace verdict::base {
namespace {

uint64_t LoadLittleEndian64(const char* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  static_assert(std::endian::native == std::endian::little);
  return value;
}

struct SipState {
  uint64_t v0, v1, v2, v3;
  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13);
    v1 ^= v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16);
    v3 ^= v2;
    v0 += v3;
    v3 = std::rotl(v3, 21);
    v3 ^= v0;
    v2 += v1;
    v1 = std::rotl(v1, 17);
    v1 ^= v2;
    v2 = std::rotl(v2, 32);
  }
  void Rounds(int count) {
    for (int i = 0; i < count; ++i) Round();
  }
  uint64_t Folded() const { return v0 ^ v1 ^ v2 ^ v3; }
};

// tables[n][b]: what byte b does to the sum n bytes later.
using CrcTables = std::array<std::array<uint32_t, 256>, 8>;
constexpr CrcTables MakeCrcTables() {
  CrcTables tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
    tables[0][i] = crc;
  }
  for (size_t n = 1; n < tables.size(); ++n) {
    for (uint32_t i = 0; i < 256; ++i) {
      tables[n][i] = tables[n - 1][i] >> 8 ^ tables[0][tables[n - 1][i] & 0xff];
    }
  }
  return tables;
}
constexpr CrcTables kCrcTables = MakeCrcTables();

}  // namespace

Hash128 SipHash128(const SipKey& key, std::string_view bytes) {
  SipState s{0x736f6d6570736575ULL ^ key[0], 0x646f72616e646f6dULL ^ key[1],
             0x6c7967656e657261ULL ^ key[0], 0x7465646279746573ULL ^ key[1]};
  s.v1 ^= 0xee;  // marks the 128-bit variant
  const size_t whole = bytes.size() / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    const uint64_t m = LoadLittleEndian64(bytes.data() + i);
    s.v3 ^= m;
    s.Rounds(2);
    s.v0 ^= m;
  }
  uint64_t last = static_cast<uint64_t>(bytes.size()) << 56;
  for (size_t i = whole; i < bytes.size(); ++i) {
    last |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * (i - whole));
  }
  s.v3 ^= last;
  s.Rounds(2);
  s.v0 ^= last;
  s.v2 ^= 0xee;
  s.Rounds(4);
  Hash128 out;
  out.low = s.Folded();
  s.v1 ^= 0xdd;
  s.Rounds(4);
  out.high = s.Folded();
  return out;
}

uint32_t Crc32c(std::string_view bytes, uint32_t crc) {
  crc = ~crc;
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; at += 8, left -= 8) {  // eight at once: their look-ups wait for nothing
    const uint64_t word = LoadLittleEndian64(at) ^ crc;
    crc = 0;
    for (size_t i = 0; i < 8; ++i) crc ^= kCrcTables[7 - i][word >> (8 * i) & 0xff];
  }
  for (; left > 0; ++at, --left) {
    crc = kCrcTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff] ^ (crc >> 8);
  }
  return ~crc;
}

std::string Sha256Hex(std::string_view bytes) {
  unsigned char digest[32];
  unsigned int size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) == 1);
  CHECK(size == sizeof digest);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * sizeof digest);
  for (const unsigned char byte : digest) {
    hex.push_back(kHex[byte >> 4]);
    hex.push_back(kHex[byte & 15]);
  }
  return hex;
}

}  // namespace verdict::base
