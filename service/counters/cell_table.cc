// Linear probing over 4-byte slots: growth wastes slots, never cells, and regrowing a stripe
// touches few bytes.
#include "counters/cell_table.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/check.h"

namespace verdict::counters {
namespace {

constexpr uint32_t kNumberBits = 26;
constexpr uint32_t kNumberMask = (1u << kNumberBits) - 1;
constexpr uint32_t kEmpty = UINT32_MAX;

// The tag comes from the top of the hash, the slot from its bottom.
uint32_t TagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 58) << kNumberBits; }

bool FitsNarrow(const feature::Int128& sum, int64_t count) {
  return sum >= std::numeric_limits<int64_t>::min() && sum <= std::numeric_limits<int64_t>::max() &&
         count >= std::numeric_limits<int32_t>::min() &&
         count <= std::numeric_limits<int32_t>::max();
}

}  // namespace

uint32_t CellTable::Head(const model::EntityKey& key) const {
  if (index_.empty()) return kNone;
  const uint64_t hash = key.table_hash();
  const uint32_t tag = TagOf(hash);
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const uint32_t entry = index_[slot];
    if (entry == kEmpty) return kNone;
    if ((entry & ~kNumberMask) != tag) continue;
    const uint32_t number = entry & kNumberMask;
    if (At(number).key == key) return number;
  }
}

uint32_t CellTable::Find(const model::EntityKey& key, model::DayNumber day) const {
  uint32_t number = Head(key);
  while (number != kNone && At(number).day != day) {
    const uint32_t next = At(number).next;
    number = next == 0 ? kNone : next;
  }
  return number;
}

uint32_t CellTable::Insert(const model::EntityKey& key, model::DayNumber day) {
  CHECK(day >= kFirstDay && day <= kLastDay && cells_ + 1 < kNone);
  const uint32_t head = Head(key);
  const uint32_t number = NewCell();
  Cell& cell = MutableAt(number);
  cell = Cell{.key = key,
              .next = 0,
              .sum = 0,
              .min = std::numeric_limits<int64_t>::max(),
              .max = std::numeric_limits<int64_t>::min(),
              .count = 0,
              .day = static_cast<uint16_t>(day),
              .flags = 0};
  first_day_ = std::min(first_day_, day);
  last_day_ = std::max(last_day_, day);
  if (head == kNone) {
    AddToIndex(key, number);
  } else {
    // Behind the head, so that the index keeps pointing at it. Cell 0 is a head: 0 can mean the end
    // of a list.
    cell.next = At(head).next;
    MutableAt(head).next = number;
  }
  return number;
}

uint32_t CellTable::NewCell() {
  if (cells_ < kChunkCells && cells_ == first_chunk_cells_) {
    const uint32_t wanted =
        std::min(kChunkCells, std::max(kFirstChunkCells, 2 * first_chunk_cells_));
    auto grown = std::make_unique<Cell[]>(wanted);
    if (chunks_.empty()) chunks_.emplace_back();
    std::copy_n(chunks_[0].get(), cells_, grown.get());
    chunks_[0] = std::move(grown);
    first_chunk_cells_ = wanted;
  } else if (cells_ >= kChunkCells && cells_ % kChunkCells == 0) {
    chunks_.push_back(std::make_unique<Cell[]>(kChunkCells));
  }
  return cells_++;
}

void CellTable::AddToIndex(const model::EntityKey& key, uint32_t number) {
  if ((size_t{entities_} + 1) * 5 > index_.size() * 4) GrowIndex();  // load at most 0.8
  Put(key.table_hash(), number);
  ++entities_;
}

void CellTable::Put(uint64_t hash, uint32_t number) {
  const size_t mask = index_.size() - 1;
  size_t slot = hash & mask;
  while (index_[slot] != kEmpty) slot = (slot + 1) & mask;
  index_[slot] = TagOf(hash) | number;
}

void CellTable::GrowIndex() {
  std::vector<uint32_t> old(std::max(kFirstSlots, 2 * index_.size()), kEmpty);
  old.swap(index_);
  for (const uint32_t entry : old) {
    if (entry == kEmpty) continue;
    const uint32_t number = entry & kNumberMask;
    Put(At(number).key.table_hash(), number);
  }
}

bool CellTable::Merge(uint32_t number, const feature::Tile& tile) {
  Cell& cell = MutableAt(number);
  feature::Tile sum = Read(number);
  sum.Merge(tile);
  if (FitsNarrow(sum.sum, sum.count)) {
    if ((cell.flags & kCellWide) != 0) wide_.erase(number);
    cell.flags &= ~kCellWide;
    cell.sum = static_cast<int64_t>(sum.sum);
    cell.count = static_cast<int32_t>(sum.count);
  } else {
    cell.flags |= kCellWide;
    wide_[number] = {sum.sum, sum.count};
  }
  cell.min = sum.min;
  cell.max = sum.max;
  cell.flags |= sum.marks;
  cell.flags |= static_cast<uint16_t>(static_cast<int>(sum.kind) << kCellKindShift);
  const bool was_clean = (cell.flags & kCellDirty) == 0;
  cell.flags |= kCellDirty;
  return was_clean;
}

feature::Tile CellTable::Read(uint32_t number) const {
  const Cell& cell = At(number);
  feature::Tile tile;
  tile.sum = cell.sum;
  tile.count = cell.count;
  tile.min = cell.min;
  tile.max = cell.max;
  tile.marks = static_cast<uint8_t>(cell.flags & kCellMarks);
  tile.kind = static_cast<feature::TileKind>((cell.flags & kCellKind) >> kCellKindShift);
  if ((cell.flags & kCellWide) != 0) {
    const Wide& wide = wide_.at(number);
    tile.sum = wide.sum;
    tile.count = wide.count;
  }
  return tile;
}

void CellTable::PrefetchSlot(const model::EntityKey& key) const {
  if (!index_.empty()) __builtin_prefetch(&index_[key.table_hash() & (index_.size() - 1)]);
}

void CellTable::PrefetchCell(const model::EntityKey& key) const {
  if (index_.empty()) return;
  const uint64_t hash = key.table_hash();
  const size_t mask = index_.size() - 1;
  for (size_t slot = hash & mask; index_[slot] != kEmpty; slot = (slot + 1) & mask) {
    if ((index_[slot] & ~kNumberMask) != TagOf(hash)) continue;
    __builtin_prefetch(&At(index_[slot] & kNumberMask));
    return;
  }
}

// As NewCell, AddToIndex and the vectors grow.
size_t CellTable::BytesFor(uint64_t cells, uint64_t entities) {
  if (cells == 0) return 0;
  uint64_t held = kFirstChunkCells;
  while (held < cells && held < kChunkCells) held = std::min<uint64_t>(kChunkCells, 2 * held);
  const uint64_t chunks = std::max<uint64_t>(1, (cells + kChunkCells - 1) / kChunkCells);
  if (chunks > 1) held = chunks * kChunkCells;
  uint64_t slots = kFirstSlots;
  while (entities * 5 > slots * 4) slots *= 2;
  return held * sizeof(Cell) + std::bit_ceil(chunks) * sizeof(std::unique_ptr<Cell[]>) +
         slots * sizeof(uint32_t);
}

size_t CellTable::cell_bytes() const {
  if (chunks_.empty()) return 0;
  const size_t wide_bytes = wide_.size() * (sizeof(Wide) + 32);
  return (first_chunk_cells_ + (chunks_.size() - 1) * kChunkCells) * sizeof(Cell) + wide_bytes +
         chunks_.capacity() * sizeof(chunks_[0]);
}

}  // namespace verdict::counters
