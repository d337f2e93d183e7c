#include "aggregate/increments.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "aggregate/bytes.h"
#include "base/check.h"
#include "base/hash.h"

namespace verdict::aggregate {
namespace {
constexpr base::SipKey kDigestKey = {0x7665726469637421ULL, 0x666f6c6464696765ULL};
constexpr size_t kSlotsMin = 1024;
// Buckets of keys by their first bits, each small enough to be sorted in the nearest cache.
constexpr size_t kKeysPerBucket = 32;
constexpr size_t kBucketsMax = size_t{1} << 16;
constexpr size_t kReadAhead = 16;  // keys

uint64_t FirstBytes(const model::EntityKey& key) {  // as a number that is ordered as the bytes are
  uint64_t head;
  std::memcpy(&head, key.bytes.data(), sizeof head);
  return __builtin_bswap64(head);
}

uint32_t LastBytes(const model::EntityKey& key) {
  uint32_t tail;
  std::memcpy(&tail, key.bytes.data() + sizeof(uint64_t), sizeof tail);
  return __builtin_bswap32(tail);
}

size_t BucketOf(const model::EntityKey& key, size_t buckets) {
  return (FirstBytes(key) >> 32) * buckets >> 32;
}

uint32_t TagOf(uint16_t measure, const model::EntityKey& entity) {
  return static_cast<uint32_t>((entity.table_hash() ^ measure) * 0x9e3779b97f4a7c15ULL >> 32);
}
}  // namespace

base::Hash128 TileDigest(const BlobKey& key, const std::vector<feature::DayTile>& tiles) {
  base::Hash128 digest;
  std::string bytes;
  for (const feature::DayTile& day : tiles) {
    bytes.clear();
    PutFixed(key.measure_hash, &bytes);
    bytes.append(reinterpret_cast<const char*>(key.entity.bytes.data()), key.entity.bytes.size());
    PutFixed(day.day, &bytes);
    PutZigzag(day.tile.sum, &bytes);
    PutZigzag(day.tile.count, &bytes);
    PutZigzag(day.tile.min, &bytes);
    PutZigzag(day.tile.max, &bytes);
    PutFixed(day.tile.marks, &bytes);
    PutFixed(static_cast<uint8_t>(day.tile.kind), &bytes);
    digest = AddDigests(digest, base::SipHash128(kDigestKey, bytes));
  }
  return digest;
}

base::Hash128 AddDigests(const base::Hash128& a, const base::Hash128& b) {
  base::Hash128 sum;
  sum.low = a.low + b.low;
  sum.high = a.high + b.high + (sum.low < a.low ? 1 : 0);
  return sum;
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
  if (!slots_.empty()) {
    const uint32_t tag = TagOf(contribution.measure, contribution.key);
    __builtin_prefetch(&slots_[tag & (slots_.size() - 1)]);
  }
  pending_.push_back(contribution);
  if (pending_.size() == kPendingMax) AddPending();
}

// By now their slots have come: ask for the cells, too, before the first is touched.
void Increments::AddPending() {
  const size_t mask = slots_.size() - 1;
  for (const feature::Contribution& contribution : pending_) {
    if (slots_.empty()) break;
    const Slot& slot = slots_[TagOf(contribution.measure, contribution.key) & mask];
    if (slot.head != kNone) __builtin_prefetch(&At(slot.head));
  }
  for (const feature::Contribution& contribution : pending_) AddNow(contribution);
  pending_.clear();
}

void Increments::AddNow(const feature::Contribution& contribution) {
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

template <typename Visit>
void Increments::ForHeads(const std::vector<bool>& is_later, const Visit& visit) const {
  for (uint32_t cell = 0; cell < cells_; ++cell) {
    if (!is_later[cell]) visit(cell);
  }
}

bool Increments::Before(const SortedKey& a, const SortedKey& b) {
  const uint64_t a_first = FirstBytes(a.entity), b_first = FirstBytes(b.entity);
  if (a_first != b_first) return a_first < b_first;
  const uint32_t a_last = LastBytes(a.entity), b_last = LastBytes(b.entity);
  return a_last != b_last ? a_last < b_last : a.measure < b.measure;
}

// Keys are hashes: their first bits spread them over the buckets.
void Increments::Sort() {
  AddPending();
  std::vector<Slot>().swap(slots_);
  std::vector<bool> is_later(cells_);  // of another cell of its key
  for (uint32_t cell = 0; cell < cells_; ++cell) {
    if (At(cell).next != kNone) is_later[At(cell).next] = true;
  }
  const size_t buckets = std::clamp<size_t>(std::bit_floor(keys_ / kKeysPerBucket), 1, kBucketsMax);
  std::vector<size_t> ends(buckets + 1);  // while they are filled: where each bucket's next goes
  ForHeads(is_later, [&](uint32_t cell) { ++ends[BucketOf(At(cell).entity, buckets) + 1]; });
  for (size_t i = 0; i < buckets; ++i) ends[i + 1] += ends[i];
  sorted_.resize(keys_);
  ForHeads(is_later, [&](uint32_t cell) {
    const Cell& head = At(cell);
    sorted_[ends[BucketOf(head.entity, buckets)]++] = {head.entity, cell, head.measure};
  });
  auto begin = sorted_.begin();
  for (size_t i = 0; i < buckets; ++i) {
    const auto end = sorted_.begin() + static_cast<std::ptrdiff_t>(ends[i]);
    std::sort(begin, end, Before);
    begin = end;
  }
}

double Increments::BytesFor(double cells, double keys) {
  const auto slots = std::bit_ceil(std::max(kSlotsMin, static_cast<size_t>(keys * 4 / 3)));
  const double index = static_cast<double>(slots * sizeof(Slot));
  const double buckets = std::min(keys / kKeysPerBucket, static_cast<double>(kBucketsMax));
  const double sorted = keys * static_cast<double>(sizeof(SortedKey)) + cells / 8 +
                        buckets * static_cast<double>(sizeof(size_t));
  return cells * static_cast<double>(sizeof(Cell)) + std::max(index, sorted);
}

std::vector<Increments::Totals> Increments::TotalsByMeasure(size_t measures) const {
  std::vector<Totals> totals(measures);
  for (const SortedKey& key : sorted_) ++totals[key.measure].keys;
  for (uint32_t i = 0; i < cells_; ++i) {
    const Cell& cell = At(i);
    totals[cell.measure].sum += TileOf(cell).sum;
    totals[cell.measure].count += cell.count;
  }
  return totals;
}

Increments::Key Increments::KeyAt(size_t i) const {
  return {sorted_[i].entity, sorted_[i].measure};
}

std::vector<feature::DayTile> Increments::TilesAt(size_t i) const {
  std::vector<feature::DayTile> tiles;
  TilesAt(i, &tiles);
  return tiles;
}

void Increments::TilesAt(size_t i, std::vector<feature::DayTile>* tiles) const {
  if (i + kReadAhead < sorted_.size()) __builtin_prefetch(&At(sorted_[i + kReadAhead].head));
  tiles->clear();
  for (uint32_t cell = sorted_[i].head; cell != kNone; cell = At(cell).next) {
    tiles->push_back({At(cell).day, TileOf(At(cell))});
  }
  std::reverse(tiles->begin(), tiles->end());
}

}  // namespace verdict::aggregate
