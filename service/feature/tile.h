// The partial aggregate of one entity and measure for one day, and its arithmetic. Merged, never
// subtracted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "model/business_day.h"
#include "model/entity_key.h"

namespace verdict::feature {

using Int128 = __int128;

// Why a tile is not quite what its day was: bits, kept in cells and blobs.
enum TileMark : uint8_t { kMarkFx = 1, kMarkRange = 2, kMarkLimit = 4 };

// What the words `min` and `max` of a tile hold. A measure has one kind of tile: what it does not
// ask for costs no byte.
enum class TileKind : uint8_t {
  kTotals,   // the least and the greatest value, of payments
  kSquares,  // the sum of the squares of the values; sum and count are of payments alone
  kLast,     // the newest payment: its value, and its place in time (LastPlace)
};
inline constexpr int kTileKinds = 3;

// The place of a payment among others, to tell the newest: its event time, and of those of one
// millisecond the id's hash, so that the order of merging cannot matter.
constexpr int kLastIdBits = 20;
inline int64_t LastPlace(int64_t event_time_ms, uint64_t id_hash) {
  return static_cast<int64_t>(static_cast<uint64_t>(event_time_ms) << kLastIdBits |
                              id_hash >> (64 - kLastIdBits));
}

// sum and count may be below zero (refunds and reversals have a day of their own). min > max: no
// payment took part.
struct Tile {
  static constexpr int64_t kNoMin = std::numeric_limits<int64_t>::max();
  static constexpr int64_t kNoMax = std::numeric_limits<int64_t>::min();

  Int128 sum = 0;
  int64_t count = 0;
  int64_t min = kNoMin;
  int64_t max = kNoMax;
  uint8_t marks = 0;
  TileKind kind = TileKind::kTotals;

  static Tile OfSquares(Int128 squares) {
    Tile tile;
    tile.kind = TileKind::kSquares;
    tile.SetSquares(squares);
    return tile;
  }
  static Tile OfLast(int64_t place, int64_t value) {
    Tile tile;
    tile.kind = TileKind::kLast;
    tile.max = place;
    tile.min = value;
    return tile;
  }

  bool has_extremes() const { return kind == TileKind::kTotals && min <= max; }
  // `min` and `max` hold something, of whatever kind.
  bool has_words() const { return min != kNoMin || max != kNoMax; }
  // REQUIRES: kind == kSquares.
  Int128 squares() const {
    return static_cast<Int128>(static_cast<unsigned __int128>(static_cast<uint64_t>(max)) << 64 |
                               static_cast<uint64_t>(min));
  }
  bool has_last() const { return kind == TileKind::kLast && max != kNoMax; }
  int64_t last_value() const { return min; }  // REQUIRES: has_last()

  // REQUIRES: of one kind, unless nothing but marks was added to one of them.
  void Merge(const Tile& other) {
    sum += other.sum;
    count += other.count;
    marks |= other.marks;
    if (kind != other.kind) return MergeWithNothing(other);
    switch (kind) {
      case TileKind::kTotals:
        min = std::min(min, other.min);
        max = std::max(max, other.max);
        return;
      case TileKind::kSquares:
        SetSquares(squares() + other.squares());
        return;
      case TileKind::kLast:
        if (std::pair(other.max, other.min) > std::pair(max, min)) max = other.max, min = other.min;
        return;
    }
  }
  friend bool operator==(const Tile&, const Tile&) = default;

 private:
  void SetSquares(Int128 squares) {
    min = static_cast<int64_t>(static_cast<uint64_t>(squares));
    max = static_cast<int64_t>(squares >> 64);
  }
  // One of the two is a tile as it begins: totals of nothing.
  void MergeWithNothing(const Tile& other) {
    if (kind != TileKind::kTotals) return;
    kind = other.kind;
    min = other.min;
    max = other.max;
  }
};
static_assert(sizeof(Tile) == 48);

// What one event adds to one measure.
struct Contribution {
  uint16_t measure = 0;  // index into FeatureSet::measures()
  model::EntityKey key;
  model::DayNumber day = 0;
  Tile tile;
};

struct DayTile {
  model::DayNumber day = 0;
  Tile tile;
  friend bool operator==(const DayTile&, const DayTile&) = default;
};

}  // namespace verdict::feature
