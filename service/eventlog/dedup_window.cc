// Invariants. 1: buckets do not fall from begin_ to end_, and none is older than newest - 8. 2: an
// index slot names the newest occurrence of its id; an id without one is unknown. 3: one id has at
// most one occurrence a bucket, unless the earlier one was evicted.
#include "eventlog/dedup_window.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/poisson.h"

namespace verdict::eventlog {
namespace {

constexpr size_t kSlotsMin = 16;
constexpr uint32_t kFree = UINT32_MAX;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int32_t BucketOf(int64_t record_time_ms) {
  const int64_t bucket = FloorDivide(record_time_ms, kDedupBucketMs);
  return static_cast<int32_t>(std::clamp<int64_t>(bucket, INT32_MIN + 1, INT32_MAX - 1));
}

size_t ShardOf(const model::EntityKey& id) { return id.table_hash() >> 56; }
uint32_t TagOf(const model::EntityKey& id) { return static_cast<uint32_t>(id.table_hash()); }

}  // namespace

// `position` is the low half of an occurrence's number: fewer than 2^32 - 1 are held at once.
struct DedupWindow::Slot {
  uint32_t position = kFree;
  uint32_t tag = 0;  // its low bits are the slot's home
};

// Thread-compatible. Open addressing, linear probing, at most 3/4 full; removal shifts back, so no
// tombstones pile up.
class DedupWindow::Shard {
 public:
  // `matches(slot)`: whether the occurrence it names is the wanted one.
  template <typename Matches>
  size_t Find(uint32_t tag, const Matches& matches) const {
    if (slots_.empty()) return kNone;
    for (size_t i = tag & mask(); slots_[i].position != kFree; i = (i + 1) & mask()) {
      if (slots_[i].tag == tag && matches(slots_[i])) return i;
    }
    return kNone;
  }
  Slot& at(size_t i) { return slots_[i]; }
  const Slot& at(size_t i) const { return slots_[i]; }

  void Insert(Slot slot) {
    if ((used_ + 1) * 4 > slots_.size() * 3) Resize(std::max(kSlotsMin, slots_.size() * 2));
    Place(slot);
    ++used_;
  }

  void Erase(size_t hole) {
    --used_;
    for (size_t i = (hole + 1) & mask(); slots_[i].position != kFree; i = (i + 1) & mask()) {
      const size_t home = slots_[i].tag & mask();
      // It may fill the hole unless its home lies cyclically in (hole, i].
      if (((i - home) & mask()) < ((i - hole) & mask())) continue;
      slots_[hole] = slots_[i];
      hole = i;
    }
    slots_[hole].position = kFree;
    if (slots_.size() > kSlotsMin && used_ * 8 < slots_.size()) Resize(slots_.size() / 2);
  }

  size_t bytes() const { return slots_.capacity() * sizeof(Slot); }
  // bytes() of a shard that has grown to so many, as Insert grows it.
  static size_t BytesFor(uint64_t used) {
    if (used == 0) return 0;
    size_t slots = kSlotsMin;
    while (used * 4 > slots * 3) slots *= 2;
    return slots * sizeof(Slot);
  }

  static constexpr size_t kNone = SIZE_MAX;

 private:
  size_t mask() const { return slots_.size() - 1; }
  void Place(Slot slot) {
    size_t i = slot.tag & mask();
    while (slots_[i].position != kFree) i = (i + 1) & mask();
    slots_[i] = slot;
  }
  void Resize(size_t size) {
    std::vector<Slot> old(size);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.position != kFree) Place(slot);
    }
  }

  std::vector<Slot> slots_;
  size_t used_ = 0;
};

DedupWindow::DedupWindow(size_t max_ids)
    : max_ids_(std::min<size_t>(max_ids, kFree - kChunkEntries)), index_(new Shard[kShards]) {
  CHECK(max_ids_ >= 1);
}
DedupWindow::~DedupWindow() = default;
DedupWindow::DedupWindow(DedupWindow&&) noexcept = default;
DedupWindow& DedupWindow::operator=(DedupWindow&&) noexcept = default;

DedupWindow::Occurrence& DedupWindow::At(uint64_t sequence) {
  const uint64_t chunk = sequence / kChunkEntries - begin_ / kChunkEntries;
  return chunks_[chunk][sequence % kChunkEntries];
}
const DedupWindow::Occurrence& DedupWindow::At(uint64_t sequence) const {
  return const_cast<DedupWindow*>(this)->At(sequence);
}

const DedupWindow::Slot* DedupWindow::Find(const model::EntityKey& id) const {
  const Shard& shard = index_[ShardOf(id)];
  const size_t slot = shard.Find(TagOf(id), [&](const Slot& candidate) {
    const uint32_t ahead = candidate.position - static_cast<uint32_t>(begin_);
    return At(begin_ + ahead).id == id;
  });
  return slot == Shard::kNone ? nullptr : &shard.at(slot);
}

bool DedupWindow::SeenOrInsert(const model::EntityKey& id, int64_t record_time_ms) {
  AdvanceTo(BucketOf(record_time_ms));
  const Occurrence* newest = Newest(id);
  if (newest == nullptr || newest->bucket != newest_bucket_) Append(id, newest_bucket_);
  return newest != nullptr;
}

bool DedupWindow::Contains(const model::EntityKey& id) const { return Newest(id) != nullptr; }

const DedupWindow::Occurrence* DedupWindow::Newest(const model::EntityKey& id) const {
  const Slot* slot = Find(id);
  if (slot == nullptr) return nullptr;
  const uint64_t sequence = begin_ + (slot->position - static_cast<uint32_t>(begin_));
  return sequence < known_ ? nullptr : &At(sequence);
}

void DedupWindow::KnowsOnlyFrom(int64_t record_time_ms) {
  horizon_ms_ = std::max(horizon_ms_, record_time_ms);
}

void DedupWindow::Append(const model::EntityKey& id, int32_t bucket) {
  if (end_ - begin_ == max_ids_) {
    horizon_ms_ = std::max(horizon_ms_, (int64_t{At(begin_).bucket} + 1) * kDedupBucketMs);
    const bool was_known = begin_ == known_;
    if (ForgetOldest() && was_known) ++evicted_;
  }
  if (chunks_.empty() || end_ % kChunkEntries == 0) {
    chunks_.push_back(std::make_unique<Occurrence[]>(kChunkEntries));
  }
  const Slot slot{static_cast<uint32_t>(end_), TagOf(id)};
  // An earlier occurrence gives its slot up to this one.
  if (const Slot* earlier = Find(id); earlier != nullptr) {
    const_cast<Slot*>(earlier)->position = slot.position;
  } else {
    index_[ShardOf(id)].Insert(slot);
  }
  At(end_) = {id, bucket};
  ++end_;
}

// A bucket that leaves the window may hold a million ids: they are unknown at once, and a few go
// with each record, so that nobody waits for it.
void DedupWindow::AdvanceTo(int32_t bucket) {
  if (bucket > newest_bucket_) {
    newest_bucket_ = bucket;
    LeaveBehind(int64_t{bucket} - kDedupBucketsBack);
  }
  for (int i = 0; i < kForgottenPerRecord && begin_ < known_; ++i) ForgetOldest();
}

// Buckets ascend with the sequence.
void DedupWindow::LeaveBehind(int64_t oldest_bucket) {
  uint64_t last = end_;
  uint64_t first = known_;
  while (first < last) {
    const uint64_t middle = first + (last - first) / 2;
    if (At(middle).bucket < oldest_bucket) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  if (first == known_) return;
  known_ = first;
  horizon_ms_ = std::max(horizon_ms_, oldest_bucket * kDedupBucketMs);
}

bool DedupWindow::ForgetOldest() {
  const Occurrence& oldest = At(begin_);
  const uint32_t position = static_cast<uint32_t>(begin_);
  Shard& shard = index_[ShardOf(oldest.id)];
  const size_t slot = shard.Find(
      TagOf(oldest.id), [&](const Slot& candidate) { return candidate.position == position; });
  const bool was_newest = slot != Shard::kNone;
  if (was_newest) shard.Erase(slot);
  ++begin_;
  known_ = std::max(known_, begin_);
  if (begin_ % kChunkEntries == 0) chunks_.pop_front();
  return was_newest;
}

size_t DedupWindow::bytes() const {
  size_t bytes = chunks_.size() * kChunkEntries * sizeof(Occurrence) + kShards * sizeof(Shard);
  for (size_t i = 0; i < kShards; ++i) bytes += index_[i].bytes();
  return bytes;
}

double DedupWindow::BytesFor(double ids) {
  const double shards = kShards;
  const double of_shards = shards * base::MeanOverPoisson(ids / shards, [](uint64_t used) {
                             return Shard::BytesFor(used);
                           });
  // One more chunk: the oldest is given back whole, the newest is begun.
  const double chunks = std::ceil(ids / static_cast<double>(kChunkEntries)) + 1;
  return chunks * static_cast<double>(kChunkEntries * sizeof(Occurrence)) + of_shards +
         shards * static_cast<double>(sizeof(Shard));
}

std::vector<DedupEntry> DedupWindow::Entries(uint64_t from) const {
  std::vector<DedupEntry> entries;
  from = std::max(from, known_);
  if (from < end_) entries.reserve(end_ - from);
  for (uint64_t i = from; i < end_; ++i) entries.push_back({At(i).id, At(i).bucket});
  return entries;
}

void DedupWindow::Restore(const std::vector<DedupEntry>& entries) {
  CHECK(size() == 0);
  if (entries.empty()) return;
  for (const DedupEntry& entry : entries) {
    AdvanceTo(BucketOf(entry.bucket * kDedupBucketMs));
    Append(entry.id, newest_bucket_);
  }
  // What was forgotten before is not known here: assume that something was.
  const int64_t surely = size() == max_ids_ ? int64_t{At(known_).bucket} + 1
                                            : int64_t{newest_bucket_} - kDedupBucketsBack;
  horizon_ms_ = std::max(horizon_ms_, surely * kDedupBucketMs);
}

}  // namespace verdict::eventlog
