// What one fold adds: tiles by (measure, entity, day), gathered in memory, then written key by key.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "base/hash.h"
#include "feature/tile.h"

namespace verdict::aggregate {

// Digest of tiles by day: sums of hashes, so that order does not matter (section 12).
base::Hash128 TileDigest(const BlobKey& key, const std::vector<feature::DayTile>& tiles);
base::Hash128 AddDigests(const base::Hash128& a, const base::Hash128& b);

// Thread-compatible. 64 bytes a cell of one (key, day), 11 to 21 bytes of index a key, 20 once
// sorted. Add everything, Sort once, then read. What is added waits among a few dozen others until
// its cell has come from memory.
class Increments {
 public:
  struct Key {
    model::EntityKey entity;
    uint16_t measure = 0;  // index into FeatureSet::measures()
    friend bool operator==(const Key&, const Key&) = default;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  void Add(const feature::Contribution& contribution);
  // Orders the keys by entity, then measure, as stores lay them out; gives the index's memory back
  // first. Nothing may be added afterwards.
  void Sort();
  size_t size() const { return sorted_.size(); }  // keys, once sorted
  Key KeyAt(size_t i) const;
  // Ascending days. Quickest for one key after the other.
  std::vector<feature::DayTile> TilesAt(size_t i) const;
  void TilesAt(size_t i, std::vector<feature::DayTile>* tiles) const;  // which is overwritten
  // Of everything that was added, by measure; `measures` of them. REQUIRES: sorted.
  struct Totals {
    uint64_t keys = 0;
    feature::Int128 sum = 0;
    int64_t count = 0;
    friend bool operator==(const Totals&, const Totals&) = default;
  };
  std::vector<Totals> TotalsByMeasure(size_t measures) const;
  // What so many cells of so many keys cost, with the index or sorted: the most.
  static double BytesFor(double cells, double keys);

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr size_t kChunkCells = 4096;
  static constexpr size_t kPendingMax = 48;
  struct alignas(64) Cell {  // a cell is one line of the cache
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
    uint16_t measure = 0;
  };
  static bool Before(const SortedKey& a, const SortedKey& b);

  Cell& At(uint32_t cell) { return chunks_[cell / kChunkCells][cell % kChunkCells]; }
  const Cell& At(uint32_t cell) const { return chunks_[cell / kChunkCells][cell % kChunkCells]; }
  static feature::Tile TileOf(const Cell& cell);
  static void SetTile(const feature::Tile& tile, Cell* cell);
  uint32_t NewCell(const feature::Contribution& contribution, uint32_t next);
  void AddPending();
  void AddNow(const feature::Contribution& contribution);
  void Grow();
  // Calls visit(cell) for the newest day's cell of every key, in the order they were made.
  template <typename Visit>
  void ForHeads(const std::vector<bool>& is_later, const Visit& visit) const;

  std::vector<std::unique_ptr<Cell[]>> chunks_;
  uint32_t cells_ = 0;
  std::vector<Slot> slots_;  // open addressing, at most 3/4 full
  size_t keys_ = 0;
  std::vector<feature::Contribution> pending_;
  std::vector<SortedKey> sorted_;
};

}  // namespace verdict::aggregate
