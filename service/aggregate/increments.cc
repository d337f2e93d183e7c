#include "aggregate/increments.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "feature/stretch_digest.h"

namespace verdict::aggregate {
namespace {
constexpr size_t kSlotsMin = 1024;

uint32_t TagOf(uint16_t measure, const model::EntityKey& entity) {
  return static_cast<uint32_t>((entity.table_hash() ^ measure) * 0x9e3779b97f4a7c15ULL >> 32);
}
}  // namespace

base::Hash128 TileDigest(const BlobKey& key, const std::vector<feature::DayTile>& tiles) {
  base::Hash128 digest;
  for (const feature::DayTile& day : tiles) {
    digest = feature::AddDigests(digest, feature::CellDigest(key.measure_hash, key.entity, day));
  }
  return digest;
}

feature::Tile Increments::TileOf(const Cell& cell) {
  const auto sum = static_cast<feature::Int128>(
      (static_cast<unsigned __int128>(cell.sum_high) << 64) | cell.sum_low);
  return {.sum = sum,
          .count = cell.count,
          .min = cell.min,
          .max = cell.max,
          .marks = cell.marks,
          .kind = cell.kind};
}

void Increments::SetTile(const feature::Tile& tile, Cell* cell) {
  const auto sum = static_cast<unsigned __int128>(tile.sum);
  cell->sum_low = static_cast<uint64_t>(sum);
  cell->sum_high = static_cast<uint64_t>(sum >> 64);
  cell->count = tile.count;
  cell->min = tile.min;
  cell->max = tile.max;
  cell->marks = tile.marks;
  cell->kind = tile.kind;
}

uint32_t Increments::NewCell(const feature::Contribution& contribution, uint32_t next) {
  CHECK(cells_ < kNone);
  if (cells_ % kChunkCells == 0) chunks_.push_back(std::make_unique<Cell[]>(kChunkCells));
  Cell& cell = At(cells_);
  cell.entity = contribution.key;
  cell.measure = contribution.measure;
  cell.day = contribution.day;
  cell.next = next;
  SetTile(contribution.tile, &cell);
  return cells_++;
}

void Increments::Add(const feature::Contribution& contribution) {
  if ((keys_ + 1) * 4 > slots_.size() * 3) Grow();
  const uint32_t tag = TagOf(contribution.measure, contribution.key);
  const size_t mask = slots_.size() - 1;
  size_t i = tag & mask;
  for (; slots_[i].head != kNone; i = (i + 1) & mask) {
    if (slots_[i].tag != tag) continue;
    const Cell& head = At(slots_[i].head);
    if (head.entity == contribution.key && head.measure == contribution.measure) break;
  }
  // The key's days, newest first: events come almost in order of their days, so the first cell is
  // mostly the one.
  uint32_t* link = &slots_[i].head;
  if (*link == kNone) {
    slots_[i].tag = tag;
    ++keys_;
  }
  while (*link != kNone && At(*link).day > contribution.day) link = &At(*link).next;
  if (*link == kNone || At(*link).day != contribution.day) {
    const uint32_t next = *link;
    *link = NewCell(contribution, next);  // cells never move: `link` is good still
    return;
  }
  Cell& cell = At(*link);
  feature::Tile tile = TileOf(cell);
  tile.Merge(contribution.tile);
  SetTile(tile, &cell);
}

void Increments::Grow() {
  std::vector<Slot> old(std::max(kSlotsMin, slots_.size() * 2));
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.head == kNone) continue;
    size_t i = slot.tag & mask;
    while (slots_[i].head != kNone) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

void Increments::Sort() {
  sorted_.reserve(keys_);
  for (const Slot& slot : slots_) {
    if (slot.head != kNone) sorted_.push_back({At(slot.head).entity, slot.head});
  }
  slots_ = {};
  std::sort(sorted_.begin(), sorted_.end(), [this](const SortedKey& a, const SortedKey& b) {
    if (a.entity != b.entity) return a.entity < b.entity;
    return At(a.head).measure < At(b.head).measure;
  });
}

double Increments::BytesFor(double cells, double keys) {
  const auto slots = std::bit_ceil(std::max(kSlotsMin, static_cast<size_t>(keys * 4 / 3)));
  return cells * static_cast<double>(sizeof(Cell)) + static_cast<double>(slots * sizeof(Slot)) +
         keys * static_cast<double>(sizeof(SortedKey));
}

Increments::Key Increments::KeyAt(size_t i) const {
  return {sorted_[i].entity, At(sorted_[i].head).measure};
}

std::vector<feature::DayTile> Increments::TilesAt(size_t i) const {
  std::vector<feature::DayTile> tiles;
  for (uint32_t cell = sorted_[i].head; cell != kNone; cell = At(cell).next) {
    tiles.push_back({At(cell).day, TileOf(At(cell))});
  }
  std::reverse(tiles.begin(), tiles.end());
  return tiles;
}

}  // namespace verdict::aggregate
