// The partial aggregate of one entity and measure for one day, and its arithmetic. Merged, never
// subtracted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "model/business_day.h"
#include "model/entity_key.h"

namespace verdict::feature {

using Int128 = __int128;

// Why a tile is not quite what its day was: bits, kept in cells and blobs.
enum TileMark : uint8_t { kMarkFx = 1, kMarkRange = 2, kMarkLimit = 4 };

// sum and count may be below zero (refunds and reversals have a day of their own). min > max: no
// payment took part.
struct Tile {
  Int128 sum = 0;
  int64_t count = 0;
  int64_t min = std::numeric_limits<int64_t>::max();
  int64_t max = std::numeric_limits<int64_t>::min();
  uint8_t marks = 0;

  bool has_extremes() const { return min <= max; }
  void Merge(const Tile& other) {
    sum += other.sum;
    count += other.count;
    min = std::min(min, other.min);
    max = std::max(max, other.max);
    marks |= other.marks;
  }
  friend bool operator==(const Tile&, const Tile&) = default;
};

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
