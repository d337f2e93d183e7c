// One (entity, day) of one measure in 48 bytes.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "feature/tile.h"
#include "model/entity_key.h"

namespace verdict::counters {

// The low bits of Cell::flags are feature::TileMark.
enum CellFlag : uint16_t {
  kCellMarks = 0x00ff,
  kCellWide = 0x0100,   // sum and count stand in the table's side table: they left int64 or int32
  kCellDirty = 0x0200,  // changed since the last checkpoint took it
  kCellKind = 0x0c00,   // feature::TileKind: what `min` and `max` hold
};
inline constexpr int kCellKindShift = 10;

struct Cell {
  model::EntityKey key;
  uint32_t next;  // next cell of the same entity in this table (another day); 0: the end
  int64_t sum;
  int64_t min;
  int64_t max;
  int32_t count;
  uint16_t day;  // since 1970-01-01
  uint16_t flags;
};
static_assert(sizeof(Cell) == 48);

// Days a cell can name.
inline constexpr model::DayNumber kFirstDay = 0;
inline constexpr model::DayNumber kLastDay = std::numeric_limits<uint16_t>::max();

}  // namespace verdict::counters
