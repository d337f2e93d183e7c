#include "aggregate/blob_codec.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "aggregate/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/status.h"

namespace verdict::aggregate {
namespace {

using feature::Blob;
using feature::DayTile;
using feature::Tile;

constexpr uint8_t kMagic = 'V';
constexpr uint16_t kFlagDay = 1;
constexpr uint16_t kFlagMarked = 2;
constexpr uint16_t kFlagWords = 4;  // a tile's `min` and `max` follow where they hold something
constexpr uint16_t kFlagKind = 24;  // of which kind they are; one kind in a blob
constexpr int kKindShift = 3;
constexpr uint16_t kFlagPrevious = 32;
constexpr uint16_t kKnownFlags = kFlagDay | kFlagMarked | kFlagWords | kFlagKind | kFlagPrevious;
constexpr int kLateShift = 8;  // with flag DAY the high byte is L
static_assert(kKnownFlags < 1 << kLateShift);
constexpr int kDaysMax = 255 * 8;
constexpr size_t kBytesMin = 26;

uint16_t FlagsOfWords(const Blob& blob) {
  uint16_t flags = 0;
  for (const auto* tiles : {&blob.tiles, &blob.increment}) {
    for (const DayTile& day : *tiles) {
      if (day.tile.has_words()) flags |= kFlagWords;
      flags |= static_cast<uint16_t>(static_cast<int>(day.tile.kind) << kKindShift);
    }
  }
  return flags;
}

feature::TileKind KindOf(uint16_t flags) {
  return static_cast<feature::TileKind>((flags & kFlagKind) >> kKindShift);
}

bool AnyMarks(const Blob& blob) {
  for (const auto* tiles : {&blob.tiles, &blob.increment}) {
    for (const DayTile& day : *tiles) {
      if (day.tile.marks != 0) return true;
    }
  }
  return false;
}

model::DayNumber BaseDay(const Blob& blob) {
  if (blob.day) return blob.day->first_day;
  if (blob.tiles.empty()) return blob.increment.empty() ? 0 : blob.increment.front().day;
  if (blob.increment.empty()) return blob.tiles.front().day;
  return std::min(blob.tiles.front().day, blob.increment.front().day);
}

void PutTile(const Tile& tile, uint16_t flags, std::string* out) {
  PutZigzag(tile.sum, out);
  PutZigzag(tile.count, out);
  if ((flags & kFlagWords) == 0) return;
  PutFixed<uint8_t>(tile.has_words() ? 1 : 0, out);
  if (!tile.has_words()) return;
  if (tile.kind == feature::TileKind::kSquares) {
    PutZigzag(tile.squares(), out);
    return;
  }
  PutZigzag(tile.min, out);
  PutZigzag(tile.max, out);
}

Tile GetTile(uint16_t flags, ByteReader* in) {
  Tile tile;
  tile.sum = in->Zigzag();
  tile.count = in->Zigzag64();
  tile.kind = KindOf(flags);
  if ((flags & kFlagWords) == 0 || in->Fixed<uint8_t>() == 0) return tile;
  if (tile.kind == feature::TileKind::kSquares) {
    const Tile squares = Tile::OfSquares(in->Zigzag());
    tile.min = squares.min;
    tile.max = squares.max;
    return tile;
  }
  tile.min = in->Zigzag64();
  tile.max = in->Zigzag64();
  return tile;
}

// One bit a tile for which `wanted` holds.
template <typename Wanted>
std::string Bitmap(const Blob& blob, model::DayNumber base, size_t bytes, Wanted wanted) {
  std::string bitmap(bytes, '\0');
  for (const DayTile& day : blob.tiles) {
    const int bit = day.day - base;
    if (wanted(day)) bitmap[bit / 8] = static_cast<char>(bitmap[bit / 8] | (1 << (bit % 8)));
  }
  return bitmap;
}

bool BitOf(std::string_view bitmap, int bit) {
  return ((static_cast<uint8_t>(bitmap[bit / 8]) >> (bit % 8)) & 1) != 0;
}

absl::Status Damaged(const char* what) {
  return absl::DataLossError(absl::StrCat("damaged blob: ", what));
}

void GetTiles(std::string_view bitmap, model::DayNumber base, uint16_t flags, ByteReader* in,
              Blob* blob) {
  size_t days = 0;
  for (const char byte : bitmap) {
    days += static_cast<size_t>(std::popcount(static_cast<uint8_t>(byte)));
  }
  blob->tiles.reserve(std::min(days, in->left() / 2));  // a tile takes two bytes or more
  for (int bit = 0; bit < static_cast<int>(bitmap.size()) * 8 && in->ok(); ++bit) {
    if (BitOf(bitmap, bit)) blob->tiles.push_back({base + bit, GetTile(flags, in)});
  }
  if ((flags & kFlagMarked) == 0) return;
  const std::string_view marked = in->Take(bitmap.size());
  if (!in->ok()) return;
  for (DayTile& day : blob->tiles) {
    if (BitOf(marked, day.day - base)) day.tile.marks = in->Fixed<uint8_t>();
  }
}

void GetIncrement(model::DayNumber base, uint16_t flags, ByteReader* in, Blob* blob) {
  const unsigned __int128 count = in->Varint();
  for (unsigned __int128 i = 0; i < count && in->ok(); ++i) {
    const int64_t offset = in->Zigzag64();
    DayTile day{static_cast<model::DayNumber>(base + offset), GetTile(flags, in)};
    if ((flags & kFlagMarked) != 0) day.tile.marks = in->Fixed<uint8_t>();
    blob->increment.push_back(day);
  }
}

}  // namespace

std::string EncodeBlob(const Blob& blob) {
  const model::DayNumber base = BaseDay(blob);
  const int days = blob.tiles.empty() ? 0 : blob.tiles.back().day - base + 1;
  CHECK(base >= 0 && base <= 0xffff && days >= 0 && days <= kDaysMax);
  const auto bitmap_bytes = static_cast<size_t>((days + 7) / 8);
  const int day_flags = blob.day ? kFlagDay | blob.day->late_days << kLateShift : 0;
  const auto flags = static_cast<uint16_t>((AnyMarks(blob) ? kFlagMarked : 0) | FlagsOfWords(blob) |
                                           (blob.previous ? kFlagPrevious : 0) | day_flags);
  std::string out;
  out.reserve(64 + blob.tiles.size() * 8);
  PutFixed<uint8_t>(kMagic, &out);
  PutFixed<uint8_t>(kBlobFormat, &out);
  PutFixed<uint16_t>(flags, &out);
  PutFixed<uint64_t>(blob.measure_hash, &out);
  PutFixed<uint32_t>(static_cast<uint32_t>(blob.cut), &out);
  PutFixed<uint16_t>(blob.rev, &out);
  PutFixed<uint16_t>(static_cast<uint16_t>(base), &out);
  PutFixed<uint8_t>(static_cast<uint8_t>(bitmap_bytes), &out);
  out += Bitmap(blob, base, bitmap_bytes, [](const DayTile&) { return true; });
  for (const DayTile& day : blob.tiles) PutTile(day.tile, flags, &out);
  if ((flags & kFlagMarked) != 0) {
    out += Bitmap(blob, base, bitmap_bytes, [](const DayTile& day) { return day.tile.marks != 0; });
    for (const DayTile& day : blob.tiles) {
      if (day.tile.marks != 0) PutFixed<uint8_t>(day.tile.marks, &out);
    }
  }
  PutVarint(blob.increment.size(), &out);
  for (const DayTile& day : blob.increment) {
    PutZigzag(day.day - base, &out);
    PutTile(day.tile, flags, &out);
    if ((flags & kFlagMarked) != 0) PutFixed<uint8_t>(day.tile.marks, &out);
  }
  if (blob.previous) PutFixed<uint32_t>(static_cast<uint32_t>(*blob.previous), &out);
  PutFixed<uint32_t>(base::Crc32c(out), &out);
  return out;
}

std::optional<feature::CutId> CutOfBlob(std::string_view bytes) {
  constexpr size_t kCutAt = 12;
  if (bytes.size() < kBytesMin) return std::nullopt;
  ByteReader head(bytes);
  if (head.Fixed<uint8_t>() != kMagic || head.Fixed<uint8_t>() != kBlobFormat) return std::nullopt;
  ByteReader crc(bytes.substr(bytes.size() - 4));
  if (base::Crc32c(bytes.substr(0, bytes.size() - 4)) != crc.Fixed<uint32_t>()) return std::nullopt;
  return static_cast<feature::CutId>(ByteReader(bytes.substr(kCutAt)).Fixed<uint32_t>());
}

absl::StatusOr<Blob> DecodeBlob(std::string_view bytes) {
  if (bytes.size() < kBytesMin) return Damaged("too short");
  ByteReader crc(bytes.substr(bytes.size() - 4));
  const std::string_view body = bytes.substr(0, bytes.size() - 4);
  ByteReader in(body);
  if (in.Fixed<uint8_t>() != kMagic) return Damaged("it does not begin with a blob's magic");
  const auto format = in.Fixed<uint8_t>();
  if (format != kBlobFormat) {
    return absl::DataLossError(
        absl::StrCat("blob of format ", format, ", this build reads ", kBlobFormat));
  }
  if (base::Crc32c(body) != crc.Fixed<uint32_t>()) return Damaged("its checksum does not match");
  const auto flags = in.Fixed<uint16_t>();
  const bool by_days = (flags & kFlagDay) != 0;
  const auto late_days = static_cast<uint8_t>(by_days ? flags >> kLateShift : 0);
  if ((flags & ~kKnownFlags) != late_days << kLateShift ||
      static_cast<int>(KindOf(flags)) >= feature::kTileKinds) {
    return Damaged("unknown flags");
  }
  Blob blob;
  blob.measure_hash = in.Fixed<uint64_t>();
  blob.cut = static_cast<feature::CutId>(in.Fixed<uint32_t>());
  blob.rev = in.Fixed<uint16_t>();
  const model::DayNumber base = in.Fixed<uint16_t>();
  const auto bitmap_bytes = in.Fixed<uint8_t>();
  const std::string_view bitmap = in.Take(bitmap_bytes);
  if (in.ok()) GetTiles(bitmap, base, flags, &in, &blob);
  if (in.ok()) GetIncrement(base, flags, &in, &blob);
  if ((flags & kFlagPrevious) != 0) {
    blob.previous = static_cast<feature::CutId>(in.Fixed<uint32_t>());
  }
  if (!in.ok() || in.left() != 0) return Damaged("its parts do not fit its length");
  if (by_days) {
    if (!blob.tiles.empty() && blob.tiles.back().day >= blob.cut) {
      return Damaged("it holds a day that it does not own");
    }
    blob.day = {.late_days = late_days, .first_day = base};
  }
  return blob;
}

}  // namespace verdict::aggregate
