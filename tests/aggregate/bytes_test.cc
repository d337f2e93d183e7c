// Varints of every length come back as they went in, and what is no varint fails once and for all.
#include "aggregate/bytes.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace verdict::aggregate {
namespace {

using Unsigned = unsigned __int128;

std::string BytesOf(Unsigned value) {
  std::string bytes;
  PutVarint(value, &bytes);
  return bytes;
}

TEST(Varint, OfEveryLengthComesBack) {
  for (int bit = 0; bit < 128; ++bit) {
    for (const int off : {-1, 0, 1}) {
      const Unsigned value = (Unsigned{1} << bit) + static_cast<Unsigned>(off);
      const std::string bytes = BytesOf(value) + "x";
      ByteReader in(bytes);
      EXPECT_TRUE(in.Varint() == value) << bit << " " << off;
      EXPECT_TRUE(in.ok());
      EXPECT_EQ(in.left(), 1u);
    }
  }
  EXPECT_EQ(BytesOf(~Unsigned{0}).size(), 19u);
  EXPECT_EQ(BytesOf(300), "\xac\x02");
}

TEST(Varint, CutShortIsNone) {
  for (int bit = 7; bit < 128; ++bit) {
    const std::string bytes = BytesOf(Unsigned{1} << bit);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ByteReader in(std::string_view(bytes).substr(0, size));
      in.Varint();
      EXPECT_FALSE(in.ok()) << bit << " " << size;
      EXPECT_TRUE(in.Varint() == 0);
    }
  }
}

TEST(Varint, LongerThan128BitsIsNone) {
  for (const std::string& bytes :
       {std::string(18, '\xff') + '\x04', std::string(19, '\xff') + '\x01'}) {
    ByteReader in(bytes);
    in.Varint();
    EXPECT_FALSE(in.ok());
  }
}

TEST(Varint, BehindAFailureNothingIsRead) {
  const std::string bytes = "\x05";
  ByteReader in(bytes);
  in.Fixed<uint64_t>();
  EXPECT_TRUE(in.Varint() == 0);
  EXPECT_FALSE(in.ok());
}

}  // namespace
}  // namespace verdict::aggregate
