// The cells of one (measure, epoch, stripe): chunks of cells and a compact index to each entity's
// first one (R26).
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "counters/cell.h"
#include "feature/tile.h"
#include "model/entity_key.h"

namespace verdict::counters {

// Thread-compatible: its stripe's mutex guards it. At most 59 bytes a cell once it has some
// hundreds: 48 for the cell, 5 to 10 for the index. Cells never move once their chunk is full; the
// first chunk doubles up to its size, so that a table of few cells stays small.
class CellTable {
 public:
  static constexpr uint32_t kChunkCells = 4096 / sizeof(Cell);
  static constexpr uint32_t kNone = (1u << 26) - 1;  // no cell; also the limit of cells in a table

  // The number of the cell of (key, day), or kNone.
  uint32_t Find(const model::EntityKey& key, model::DayNumber day) const;
  // A new empty cell. REQUIRES: Find() says kNone; kFirstDay <= day <= kLastDay; cells() < kNone
  // - 1.
  uint32_t Insert(const model::EntityKey& key, model::DayNumber day);
  // Adds to a cell. Returns true where it was not dirty before.
  bool Merge(uint32_t number, const feature::Tile& tile);
  feature::Tile Read(uint32_t number) const;
  const Cell& At(uint32_t number) const {
    return chunks_[number / kChunkCells][number % kChunkCells];
  }
  void ClearDirty(uint32_t number) { MutableAt(number).flags &= ~kCellDirty; }

  // Calls visit(day, number) for each cell of `key`.
  template <typename Visit>
  void ForEach(const model::EntityKey& key, Visit visit) const {
    for (uint32_t number = Head(key); number != kNone;) {
      const Cell& cell = At(number);
      visit(model::DayNumber{cell.day}, number);
      number = cell.next == 0 ? kNone : cell.next;
    }
  }
  // Asks for the index slot of `key` early; then, once that is here, for the first cell it names.
  void PrefetchSlot(const model::EntityKey& key) const;
  void PrefetchCell(const model::EntityKey& key) const;

  uint32_t cells() const { return cells_; }
  uint32_t entities() const { return entities_; }
  model::DayNumber first_day() const { return first_day_; }  // of its cells
  model::DayNumber last_day() const { return last_day_; }
  size_t cell_bytes() const;
  size_t bytes() const { return cell_bytes() + index_bytes(); }
  size_t index_bytes() const { return index_.capacity() * sizeof(uint32_t); }
  // bytes() of a table that has grown to so many cells, none of them wide.
  static size_t BytesFor(uint64_t cells, uint64_t entities);

 private:
  struct Wide {
    feature::Int128 sum = 0;
    int64_t count = 0;
  };
  static constexpr uint32_t kFirstChunkCells = 2;
  static constexpr size_t kFirstSlots = 4;

  Cell& MutableAt(uint32_t number) { return chunks_[number / kChunkCells][number % kChunkCells]; }
  uint32_t Head(const model::EntityKey& key) const;
  uint32_t NewCell();
  void AddToIndex(const model::EntityKey& key, uint32_t number);
  void GrowIndex();
  void Put(uint64_t hash, uint32_t number);

  std::vector<std::unique_ptr<Cell[]>> chunks_;
  uint32_t first_chunk_cells_ = 0;  // how many the first chunk holds as yet
  uint32_t cells_ = 0;
  uint32_t entities_ = 0;
  model::DayNumber first_day_ = kLastDay;
  model::DayNumber last_day_ = kFirstDay;
  std::vector<uint32_t> index_;  // power of two; 26 bits cell number, 6 bits tag
  std::unordered_map<uint32_t, Wide> wide_;
};

}  // namespace verdict::counters
