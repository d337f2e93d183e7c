// Invariants. 1: entries and blocks ascend by time; a block's times are not before those of the
// block in front of it. 2: an entry lies in no folded minute. 3: a block's total is that of its
// entries.
#include "counters/sliding_series.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace verdict::counters {
namespace {

using feature::SlidingEntry;
using feature::SlidingWindow;
using feature::Tile;

constexpr int64_t kMinuteMs = 60'000;
constexpr uint32_t kFirstCapacity = 2;
// Blocks that hold so few are one array again.
constexpr uint32_t kFewAgain = SlidingSeries::kBlockEntries / 4;

int64_t StartOfMinute(int64_t time_ms) {
  const int64_t into = time_ms % kMinuteMs;
  return time_ms - (into < 0 ? into + kMinuteMs : into);
}

uint32_t CapacityFor(uint32_t entries) {
  return entries == 0 ? 0 : std::max(kFirstCapacity, std::bit_ceil(entries));
}

// Behind all that are not later. Events come nearly in order: the place is mostly the end.
void InsertSorted(SlidingEntry* entries, uint32_t size, const SlidingEntry& entry) {
  uint32_t place = size;
  for (; place > 0 && entries[place - 1].time_ms() > entry.time_ms(); --place) {
    entries[place] = entries[place - 1];
  }
  entries[place] = entry;
}

// How many of the first entries lie at or before `until_ms`.
uint32_t CountUntil(const SlidingEntry* entries, uint32_t size, int64_t until_ms) {
  const SlidingEntry* end =
      std::upper_bound(entries, entries + size, until_ms,
                       [](int64_t ms, const SlidingEntry& one) { return ms < one.time_ms(); });
  return static_cast<uint32_t>(end - entries);
}

Tile TotalOf(const SlidingEntry* begin, const SlidingEntry* end) {
  Tile total;
  for (; begin != end; ++begin) total.Merge(begin->tile());
  return total;
}

Tile TotalWithin(const SlidingEntry* entries, uint32_t size, const SlidingWindow& window) {
  return TotalOf(entries + CountUntil(entries, size, window.after_ms),
                 entries + CountUntil(entries, size, window.until_ms));
}

}  // namespace

void SlidingSeries::Resize(uint32_t capacity) {
  auto grown = capacity == 0 ? nullptr : std::make_unique<SlidingEntry[]>(capacity);
  std::copy_n(few_.get(), entries_, grown.get());
  few_ = std::move(grown);
  few_capacity_ = capacity;
}

void SlidingSeries::Add(const SlidingEntry& entry) {
  if (blocks_ == nullptr && entries_ == kBlockEntries) ToBlocks();
  if (blocks_ != nullptr) return AddToBlocks(entry);
  if (entries_ == few_capacity_) Resize(std::max(kFirstCapacity, 2 * few_capacity_));
  InsertSorted(few_.get(), entries_++, entry);
}

// All few become one block.
void SlidingSeries::ToBlocks() {
  CHECK(entries_ > 0);
  if (few_capacity_ != kBlockEntries) Resize(kBlockEntries);
  Block block;
  block.size = entries_;
  block.first_ms = few_[0].time_ms();
  block.last_ms = few_[entries_ - 1].time_ms();
  block.total = TotalOf(few_.get(), few_.get() + entries_);
  block.entries = std::move(few_);
  few_capacity_ = 0;
  blocks_ = std::make_unique<Blocks>();
  blocks_->push_back(std::move(block));
  arrays_ = 1;
}

// REQUIRES: no block is folded.
void SlidingSeries::ToFew() {
  const std::unique_ptr<Blocks> blocks = std::move(blocks_);
  arrays_ = 0;
  const uint32_t entries = std::exchange(entries_, 0);
  Resize(CapacityFor(entries));
  for (const Block& block : *blocks) {
    std::copy_n(block.entries.get(), block.size, few_.get() + entries_);
    entries_ += block.size;
  }
}

size_t SlidingSeries::NewBlock(size_t place) {
  Block block;
  block.entries = std::make_unique<SlidingEntry[]>(kBlockEntries);
  blocks_->insert(blocks_->begin() + static_cast<ptrdiff_t>(place), std::move(block));
  ++arrays_;
  return place;
}

void SlidingSeries::AddToBlocks(const SlidingEntry& entry) {
  Blocks& blocks = *blocks_;
  const int64_t time_ms = entry.time_ms();
  // The last block that does not begin later, or none.
  const auto later =
      std::upper_bound(blocks.begin(), blocks.end(), time_ms,
                       [](int64_t ms, const Block& block) { return ms < block.first_ms; });
  auto place = static_cast<size_t>(later - blocks.begin());
  const bool any = place > 0;
  if (any && blocks[place - 1].folded() && time_ms <= blocks[place - 1].last_ms) {
    blocks[place - 1].total.Merge(entry.tile());
    return;
  }
  if (any && !blocks[place - 1].folded()) {
    --place;
    const bool full = blocks[place].size == kBlockEntries;
    if (full && time_ms >= blocks[place].last_ms) {
      NewBlock(++place);
    } else if (full) {
      Halve(place);
      if (time_ms >= blocks[place + 1].first_ms) ++place;
    }
  } else if (place == blocks.size() || blocks[place].folded() ||
             blocks[place].size == kBlockEntries) {
    NewBlock(place);
  }
  Block& block = blocks[place];
  InsertSorted(block.entries.get(), block.size, entry);
  block.first_ms = block.size == 0 ? time_ms : std::min(block.first_ms, time_ms);
  block.last_ms = block.size == 0 ? time_ms : std::max(block.last_ms, time_ms);
  block.total.Merge(entry.tile());
  ++block.size;
  ++entries_;
}

void SlidingSeries::Halve(size_t place) {
  Block& upper = (*blocks_)[NewBlock(place + 1)];
  Block& lower = (*blocks_)[place];
  upper.size = lower.size / 2;
  lower.size -= upper.size;
  std::copy_n(lower.entries.get() + lower.size, upper.size, upper.entries.get());
  for (Block* block : {&lower, &upper}) {
    block->first_ms = block->entries[0].time_ms();
    block->last_ms = block->entries[block->size - 1].time_ms();
    block->total = TotalOf(block->entries.get(), block->entries.get() + block->size);
  }
}

Tile SlidingSeries::Read(const SlidingWindow& window, bool* exact) const {
  if (blocks_ == nullptr) return TotalWithin(few_.get(), entries_, window);
  Tile total;
  auto block = std::partition_point(blocks_->begin(), blocks_->end(), [&](const Block& one) {
    return one.last_ms <= window.after_ms;
  });
  for (; block != blocks_->end() && block->first_ms <= window.until_ms; ++block) {
    const bool whole = window.after_ms < block->first_ms && block->last_ms <= window.until_ms;
    if (whole || block->folded()) {
      total.Merge(block->total);
      *exact = *exact && whole;
    } else {
      total.Merge(TotalWithin(block->entries.get(), block->size, window));
    }
  }
  return total;
}

void SlidingSeries::DropUntil(int64_t until_ms) {
  if (blocks_ == nullptr) {
    const uint32_t gone = CountUntil(few_.get(), entries_, until_ms);
    std::copy(few_.get() + gone, few_.get() + entries_, few_.get());
    entries_ -= gone;
    if (entries_ <= few_capacity_ / 4) Resize(CapacityFor(entries_));
    return;
  }
  const auto kept = std::partition_point(blocks_->begin(), blocks_->end(), [&](const Block& block) {
    return block.last_ms <= until_ms;
  });
  for (auto block = blocks_->begin(); block != kept; ++block) {
    entries_ -= block->size;
    arrays_ -= block->folded() ? 0 : 1;
  }
  blocks_->erase(blocks_->begin(), kept);
  if (blocks_->empty()) {
    blocks_.reset();
  } else if (arrays_ == blocks_->size() && entries_ <= kFewAgain) {
    ToFew();
  } else if (blocks_->capacity() > 4 * blocks_->size()) {
    blocks_->shrink_to_fit();
  }
}

size_t SlidingSeries::Fold(size_t entries_max) {
  size_t minutes = 0;
  if (entries_ > entries_max && blocks_ == nullptr) ToBlocks();
  for (; entries_ > entries_max; ++minutes) FoldOldestMinute();
  return minutes;
}

void SlidingSeries::FoldOldestMinute() {
  Blocks& blocks = *blocks_;
  const auto oldest = std::find_if(blocks.begin(), blocks.end(),
                                   [](const Block& block) { return !block.folded(); });
  Block minute;
  minute.first_ms = StartOfMinute(oldest->first_ms);
  minute.last_ms = minute.first_ms + kMinuteMs - 1;
  auto block = oldest;
  for (; block != blocks.end() && !block->folded() && block->last_ms <= minute.last_ms; ++block) {
    minute.total.Merge(block->total);
    entries_ -= block->size;
    --arrays_;
  }
  if (block != blocks.end() && !block->folded() && block->first_ms <= minute.last_ms) {
    SlidingEntry* const entries = block->entries.get();
    const uint32_t gone = CountUntil(entries, block->size, minute.last_ms);
    minute.total.Merge(TotalOf(entries, entries + gone));
    std::copy(entries + gone, entries + block->size, entries);
    block->size -= gone;
    entries_ -= gone;
    block->first_ms = entries[0].time_ms();
    block->total = TotalOf(entries, entries + block->size);
  }
  const auto place = blocks.erase(oldest, block);
  blocks.insert(place, std::move(minute));
}

size_t SlidingSeries::bytes() const {
  constexpr size_t kArrayBytes = kBlockEntries * sizeof(SlidingEntry);
  if (blocks_ == nullptr) return few_capacity_ * sizeof(SlidingEntry);
  return sizeof(Blocks) + blocks_->capacity() * sizeof(Block) + arrays_ * kArrayBytes;
}

}  // namespace verdict::counters
