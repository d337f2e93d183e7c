// The hashes of other producers, as they publish them: what they put into a partition is looked for
// there.
#include "eventlog/partitioner.h"

#include <array>
#include <cstddef>

#include "base/check.h"

namespace verdict::eventlog {
namespace {

// MurmurHash2, 32 bits (Appleby 2008), with the seed that Kafka's Java producer gives it.
uint32_t Murmur2(std::string_view text) {
  constexpr uint32_t kSeed = 0x9747b28c;
  constexpr uint32_t kFactor = 0x5bd1e995;
  const auto byte = [&](size_t i) { return uint32_t{static_cast<unsigned char>(text[i])}; };
  const size_t whole = text.size() / 4 * 4;
  uint32_t hash = kSeed ^ static_cast<uint32_t>(text.size());
  for (size_t i = 0; i < whole; i += 4) {
    uint32_t word = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    word *= kFactor;
    word ^= word >> 24;
    hash = (hash * kFactor) ^ (word * kFactor);
  }
  for (size_t i = text.size(); i-- > whole;) hash ^= byte(i) << (8 * (i - whole));
  if (whole != text.size()) hash *= kFactor;
  hash ^= hash >> 13;
  hash *= kFactor;
  return hash ^ (hash >> 15);
}

// CRC-32 (ISO 3309, polynomial 0x04C11DB7 reflected).
uint32_t Crc32(std::string_view text) {
  static constexpr std::array<uint32_t, 256> kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < table.size(); ++i) {
      uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? 0xedb88320U ^ (crc >> 1) : crc >> 1;
      table[i] = crc;
    }
    return table;
  }();
  uint32_t crc = ~uint32_t{0};
  for (const char c : text) crc = kTable[(crc ^ static_cast<unsigned char>(c)) & 255] ^ (crc >> 8);
  return ~crc;
}

}  // namespace

Partition PartitionOf(std::string_view merchant_id, int partitions, Partitioner partitioner) {
  CHECK(partitions > 0);
  const auto count = static_cast<uint32_t>(partitions);
  switch (partitioner) {
    case Partitioner::kVerdict:
      break;
    case Partitioner::kMurmur2:
      return static_cast<Partition>((Murmur2(merchant_id) & 0x7fffffffU) % count);
    case Partitioner::kCrc32:
      return static_cast<Partition>(Crc32(merchant_id) % count);
  }
  return PartitionOf(merchant_id, partitions);
}

}  // namespace verdict::eventlog
