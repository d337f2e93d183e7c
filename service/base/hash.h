// The hashes of the house: SipHash-128 for keys, CRC-32C for bytes on disk, SHA-256 for rule sets.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace verdict::base {

struct Hash128 {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

using SipKey = std::array<uint64_t, 2>;

// SipHash-2-4 with 128 bits of output (Aumasson, Bernstein 2012; the authors' test vectors are in
// the unit test).
Hash128 SipHash128(const SipKey& key, std::string_view bytes);

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `bytes`, continuing from `crc`.
uint32_t Crc32c(std::string_view bytes, uint32_t crc = 0);

// SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace verdict::base
