// Published vectors: the authors' for SipHash-128 (key 00..0f, input 00, 01, 02 ...), RFC 3720 for
// CRC-32C, FIPS 180-4.
#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_format.h"

namespace verdict::base {
namespace {

constexpr SipKey kReferenceKey = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

std::string CountingBytes(size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

// The 16 output bytes in the order in which the reference implementation writes them.
std::string SipHex(size_t input_size) {
  const Hash128 hash = SipHash128(kReferenceKey, CountingBytes(input_size));
  std::string hex;
  for (const uint64_t half : {hash.low, hash.high}) {
    for (int i = 0; i < 8; ++i) hex += absl::StrFormat("%02X", half >> (8 * i) & 0xff);
  }
  return hex;
}

TEST(SipHash128, GivesTheAuthorsVectors) {
  EXPECT_EQ(SipHex(0), "A3817F04BA25A8E66DF67214C7550293");
  EXPECT_EQ(SipHex(1), "DA87C1D86B99AF44347659119B22FC45");
  EXPECT_EQ(SipHex(7), "A1F1EBBED8DBC153C0B84AA61FF08239");
  EXPECT_EQ(SipHex(8), "3B62A9BA6258F5610F83E264F31497B4");
  EXPECT_EQ(SipHex(15), "5493E99933B0A8117E08EC0F97CFC3D9");
  EXPECT_EQ(SipHex(63), "5150D1772F50834A503E069A973FBD7C");
}

TEST(SipHash128, DependsOnBothHalvesOfTheKey) {
  const Hash128 reference = SipHash128(kReferenceKey, "id");
  EXPECT_NE(SipHash128({kReferenceKey[0] ^ 1, kReferenceKey[1]}, "id"), reference);
  EXPECT_NE(SipHash128({kReferenceKey[0], kReferenceKey[1] ^ 1}, "id"), reference);
}

TEST(Crc32c, GivesThePublishedVectors) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(CountingBytes(32)), 0x46DD794Eu);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(Crc32c, IsTheSumBitByBitWhateverTheLengthAndPlace) {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes.push_back(static_cast<char>(i * 151 + 7));
  for (size_t begin = 0; begin < 9; ++begin) {
    uint32_t expected = 0xffffffffu;
    for (size_t end = begin; end < bytes.size(); ++end) {
      ASSERT_EQ(Crc32c(std::string_view(bytes).substr(begin, end - begin)), ~expected);
      expected ^= static_cast<unsigned char>(bytes[end]);
      for (int bit = 0; bit < 8; ++bit) {
        expected = (expected >> 1) ^ ((expected & 1) != 0 ? 0x82F63B78u : 0);
      }
    }
  }
}

TEST(Crc32c, ContinuesFromAnEarlierPart) {
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), Crc32c("123456789"));
}

TEST(Sha256Hex, GivesThePublishedVectors) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace verdict::base
