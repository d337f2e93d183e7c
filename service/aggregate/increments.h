// What one fold adds: tiles by (measure, entity, day), gathered in memory, then written key by key.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "base/hash.h"
#include "feature/tile.h"

namespace verdict::aggregate {

// Digest of tiles by day: sums of feature::CellDigest, so that order does not matter (section 12).
base::Hash128 TileDigest(const BlobKey& key, const std::vector<feature::DayTile>& tiles);

// Thread-compatible. 64 bytes a cell of one (key, day), 11 to 21 bytes of index a key. Add
// everything, Sort once, then read.
class Increments {
 public:
  struct Key {
    model::EntityKey entity;
    uint16_t measure = 0;  // index into FeatureSet::measures()
    friend bool operator==(const Key&, const Key&) = default;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  void Add(const feature::Contribution& contribution);
  // Orders the keys by entity, then measure, as stores lay them out; gives the index's memory back.
  // Nothing may be added afterwards.
  void Sort();
  size_t size() const { return sorted_.size(); }  // keys, once sorted
  Key KeyAt(size_t i) const;
  // Ascending days.
  std::vector<feature::DayTile> TilesAt(size_t i) const;
  // What so many cells of so many keys cost while they are sorted: the most.
  static double BytesFor(double cells, double keys);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kChunkCells = 4096;
  struct Cell {
    model::EntityKey entity;
    uint32_t next = kNone;  // another day of the same key, before this one
    model::DayNumber day = 0;
    uint16_t measure = 0;
    uint8_t marks = 0;
    feature::TileKind kind = feature::TileKind::kTotals;
    uint64_t sum_low = 0, sum_high = 0;
    int64_t count = 0, min = 0, max = 0;
  };
  static_assert(sizeof(Cell) == 64);
  struct Slot {
    uint32_t tag = 0;
    uint32_t head = kNone;  // the cell of the key's newest day
  };
  struct SortedKey {
    model::EntityKey entity;
    uint32_t head = kNone;
  };

  Cell& At(uint32_t cell) { return chunks_[cell / kChunkCells][cell % kChunkCells]; }
  const Cell& At(uint32_t cell) const { return chunks_[cell / kChunkCells][cell % kChunkCells]; }
  static feature::Tile TileOf(const Cell& cell);
  static void SetTile(const feature::Tile& tile, Cell* cell);
  uint32_t NewCell(const feature::Contribution& contribution, uint32_t next);
  void Grow();

  std::vector<std::unique_ptr<Cell[]>> chunks_;
  uint32_t cells_ = 0;
  std::vector<Slot> slots_;  // open addressing, at most 3/4 full
  size_t keys_ = 0;
  std::vector<SortedKey> sorted_;
};

}  // namespace verdict::aggregate
