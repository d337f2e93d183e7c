// The events of one entity in one sliding measure, in the order of their times (R10), and what is
// kept of them where they are too many (R11).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "feature/sliding.h"
#include "feature/tile.h"

namespace verdict::counters {

// Thread-compatible: its stripe's mutex guards it. Few entries lie in one array. Many lie in blocks
// of up to kBlockEntries, each with its sub-total, so that a read adds up sub-totals and looks into
// the two blocks at its edges alone. A folded minute is a block without entries: its sub-total is
// all that is left.
class SlidingSeries {
 public:
  static constexpr uint32_t kBlockEntries = 128;

  SlidingSeries() = default;
  SlidingSeries(SlidingSeries&&) noexcept = default;
  SlidingSeries& operator=(SlidingSeries&&) noexcept = default;

  // In any order of times. Where its minute was folded, the sub-total takes it.
  void Add(const feature::SlidingEntry& entry);
  // What lies in the window. `exact` becomes false where an edge of it lies within a folded minute,
  // which is then counted whole.
  feature::Tile Read(const feature::SlidingWindow& window, bool* exact) const;
  // Lets go of what lies at or before `until_ms`, but for what shares a block with later entries.
  void DropUntil(int64_t until_ms);
  // Folds the oldest minutes until at most `entries_max` entries are left. How many minutes.
  size_t Fold(size_t entries_max);
  // What a long series keeps where memory is tight; what lies in one array gives nothing up.
  static size_t HalfOf(size_t entries) { return std::max<size_t>(entries / 2, kBlockEntries); }

  uint32_t entries() const { return entries_; }  // folded ones are none
  bool in_blocks() const { return blocks_ != nullptr; }
  bool empty() const { return entries_ == 0 && blocks_ == nullptr; }
  // An entry can be added without asking for memory.
  bool has_room() const { return blocks_ == nullptr && entries_ < few_capacity_; }
  size_t bytes() const;  // beside the object itself

 private:
  struct Block {
    int64_t first_ms = 0;  // of its entries, or of the folded minute
    int64_t last_ms = 0;
    feature::Tile total;
    std::unique_ptr<feature::SlidingEntry[]> entries;  // null: folded
    uint32_t size = 0;

    bool folded() const { return entries == nullptr; }
  };
  using Blocks = std::vector<Block>;

  void Resize(uint32_t capacity);  // of few_
  void ToBlocks();
  void ToFew();
  void AddToBlocks(const feature::SlidingEntry& entry);
  size_t NewBlock(size_t place);
  void Halve(size_t place);
  void FoldOldestMinute();

  std::unique_ptr<feature::SlidingEntry[]> few_;  // while there are no blocks
  std::unique_ptr<Blocks> blocks_;                // ascending, apart from each other
  uint32_t entries_ = 0;
  uint32_t few_capacity_ = 0;
  uint32_t arrays_ = 0;  // blocks with entries
};

}  // namespace verdict::counters
