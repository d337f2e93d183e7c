// Blobs as bytes: every blob comes back, every damaged byte is seen.
#include "aggregate/blob_codec.h"

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/hash.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using feature::Blob;
using feature::DayTile;
using feature::Int128;
using feature::Tile;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

class RandomBlobs {
 public:
  explicit RandomBlobs(uint64_t seed) : random_(seed) {}
  Blob Next() {
    Blob blob;
    blob.measure_hash = random_();
    blob.cut =
        random_() % 8 == 0 ? feature::kNoCut : static_cast<feature::CutId>(random_() % 60000);
    blob.rev = static_cast<uint16_t>(random_());
    const auto base = static_cast<model::DayNumber>(random_() % 60000);
    kind_ = static_cast<feature::TileKind>(random_() % feature::kTileKinds);
    blob.tiles = Tiles(base, random_() % 40);
    blob.increment = Tiles(base + static_cast<int>(random_() % 30), random_() % 4);
    if (random_() % 2 == 0) {
      blob.previous =
          random_() % 4 == 0 ? feature::kNoCut : static_cast<feature::CutId>(random_() % 60000);
    }
    if (random_() % 4 == 0) ImportedDays(base, &blob);
    return blob;
  }
  uint64_t number() { return random_(); }

 private:
  // In DAY mode: all days before the first one that is not owned.
  void ImportedDays(model::DayNumber base, Blob* blob) {
    blob->cut = base + 200 + static_cast<int>(random_() % 200);
    const int back = static_cast<int>(random_() % 90);
    blob->day = {.late_days = static_cast<uint8_t>(random_() % 256),
                 .first_day = std::max(0, base - back)};
  }
  std::vector<DayTile> Tiles(model::DayNumber from, size_t days) {
    std::vector<DayTile> tiles;
    model::DayNumber day = from;
    for (size_t i = 0; i < days; ++i) {
      day += 1 + static_cast<int>(random_() % 3);
      tiles.push_back({day, NextTile()});
    }
    return tiles;
  }
  Tile NextTile() {
    Tile tile;
    const int width = static_cast<int>(random_() % 127);
    tile.sum = (static_cast<Int128>(random_()) << 64 | random_()) >> width;
    tile.count = static_cast<int64_t>(random_()) >> (random_() % 63);
    if (kind_ == feature::TileKind::kSquares) {
      const Tile squares = Tile::OfSquares((Int128{1} << 126) >> (random_() % 127));
      tile.min = squares.min;
      tile.max = squares.max;
    } else if (random_() % 2 == 0) {
      tile.min = static_cast<int64_t>(random_()) >> (random_() % 63);
      tile.max = std::max(tile.min, static_cast<int64_t>(random_()));
    }
    tile.marks = random_() % 3 == 0 ? static_cast<uint8_t>(random_() % 8) : 0;
    tile.kind = kind_;
    return tile;
  }
  std::mt19937_64 random_;
  feature::TileKind kind_ = feature::TileKind::kTotals;  // of the blob's tiles
};

TEST(BlobCodec, GivesBackEveryBlob) {
  RandomBlobs blobs(1);
  for (int i = 0; i < 5000; ++i) {
    const Blob blob = blobs.Next();
    const auto read = DecodeBlob(EncodeBlob(blob));
    ASSERT_THAT(read, IsOk());
    ASSERT_EQ(*read, blob) << "blob " << i;
  }
}

TEST(BlobCodec, KeepsTheEdgesOfItsNumbers) {
  Blob blob;
  blob.cut = std::numeric_limits<feature::CutId>::max();
  Tile tile;
  tile.sum = std::numeric_limits<Int128>::max();
  tile.count = std::numeric_limits<int64_t>::min();
  tile.min = std::numeric_limits<int64_t>::min();
  tile.max = std::numeric_limits<int64_t>::max();
  blob.tiles = {{0, tile}};
  tile.sum = std::numeric_limits<Int128>::min();
  blob.increment = {{0xffff, tile}};
  const auto read = DecodeBlob(EncodeBlob(blob));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, blob);
}

TEST(BlobCodec, SeesEveryDamagedByteAndEveryLostTail) {
  RandomBlobs blobs(2);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = EncodeBlob(blobs.Next());
    for (size_t at = 0; at < bytes.size(); ++at) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (blobs.number() % 8)));
      ASSERT_THAT(DecodeBlob(damaged), StatusIs(absl::StatusCode::kDataLoss)) << "byte " << at;
      ASSERT_THAT(DecodeBlob(bytes.substr(0, at)), StatusIs(absl::StatusCode::kDataLoss));
    }
  }
}

TEST(BlobCodec, NeverReadsPastBytesWhoseChecksumIsRight) {
  RandomBlobs blobs(3);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = EncodeBlob(blobs.Next());
    bytes.resize(bytes.size() - 4);
    const size_t at = 1 + blobs.number() % (bytes.size() - 1);
    bytes[at] = static_cast<char>(blobs.number());
    if (i % 3 == 0) bytes.resize(at);
    const uint32_t crc = base::Crc32c(bytes);
    bytes.append(reinterpret_cast<const char*>(&crc), sizeof crc);
    DecodeBlob(bytes).status().IgnoreError();  // any answer but a crash: the sanitizers watch
  }
}

TEST(BlobCodec, RefusesADayModeBlobWithADayThatItDoesNotOwn) {
  Blob blob;
  blob.cut = 20'000;
  blob.day = {.late_days = 2, .first_day = 19'990};
  blob.tiles = {{19'999, {.sum = 1, .count = 1}}};
  EXPECT_THAT(DecodeBlob(EncodeBlob(blob)), IsOk());
  blob.tiles.front().day = 20'000;
  EXPECT_THAT(DecodeBlob(EncodeBlob(blob)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("does not own")));
}

TEST(BlobCodec, KeepsADayModeBlobThatHasNothing) {
  Blob blob;
  blob.cut = 20'000;
  blob.day = {.late_days = 7, .first_day = 19'970};
  const auto read = DecodeBlob(EncodeBlob(blob));
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(*read, blob);
}

TEST(BlobCodec, NamesAFormatOfAnotherTime) {
  std::string bytes = EncodeBlob(Blob());
  bytes[1] = 9;
  EXPECT_THAT(DecodeBlob(bytes), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("format 9")));
}

TEST(BlobCodec, TakesFewBytesForAQuietMerchant) {
  Blob blob;
  blob.cut = 20000;
  for (int day = 0; day < 30; ++day) {
    Tile tile;
    tile.sum = 123456;
    tile.count = 12;
    blob.tiles.push_back({20000 + day, tile});
  }
  EXPECT_LE(EncodeBlob(blob).size(), 160u);
}

TEST(BlobCodec, TheCutIsFoundWithoutTheRestAndOnlyInAWholeBlob) {
  RandomBlobs blobs(4);
  for (int i = 0; i < 200; ++i) {
    const Blob blob = blobs.Next();
    std::string bytes = EncodeBlob(blob);
    EXPECT_EQ(CutOfBlob(bytes), blob.cut);
    bytes[blobs.number() % bytes.size()] ^= 1;
    EXPECT_EQ(CutOfBlob(bytes), std::nullopt);
  }
  EXPECT_EQ(CutOfBlob("V"), std::nullopt);
}

}  // namespace
}  // namespace verdict::aggregate
