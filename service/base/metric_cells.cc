// A thread takes a block at its first count and gives it back when it ends; the block keeps its
// sums and the next thread counts on in it. Blocks are never freed, so a scrape may read them at
// any time.
#include "base/metric_cells.h"

#include <array>
#include <atomic>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/mutex.h"

namespace verdict::base {
namespace {

constexpr uint32_t kCellsPerChunk = 256;
constexpr uint32_t kChunks = kMetricCellsMax / kCellsPerChunk;

// Aligned, so that no two threads ever write one cache line.
struct alignas(64) Chunk {
  std::array<std::atomic<uint64_t>, kCellsPerChunk> cells{};
};

// Chunks come at the first count into them: a thread that counts little costs little.
struct alignas(64) Block {
  std::array<std::atomic<Chunk*>, kChunks> chunks{};
};

// **Thread-safe.** All blocks of the process.
class Blocks {
 public:
  Block* Take() EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    if (!idle_.empty()) {
      Block* block = idle_.back();
      idle_.pop_back();
      return block;
    }
    all_.push_back(std::make_unique<Block>());
    idle_.reserve(all_.size());  // GiveBack must not fail
    return all_.back().get();
  }

  void GiveBack(Block* block) EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    idle_.push_back(block);
  }

  size_t count() const EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    return all_.size();
  }

  uint64_t Sum(uint32_t cell) const EXCLUDES_LOCK(mutex_) {
    MutexLock lock(mutex_);
    uint64_t sum = 0;
    for (const auto& block : all_) {
      const Chunk* chunk = block->chunks[cell / kCellsPerChunk].load(std::memory_order_acquire);
      if (chunk != nullptr) {
        sum += chunk->cells[cell % kCellsPerChunk].load(std::memory_order_relaxed);
      }
    }
    return sum;
  }

 private:
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Block>> all_ GUARDED_BY(mutex_);
  std::vector<Block*> idle_ GUARDED_BY(mutex_);
};

// Never destroyed: threads may count until the very end of the process.
Blocks& AllBlocks() {
  static Blocks* const blocks = new Blocks;
  return *blocks;
}

thread_local Block* this_threads_block = nullptr;

// Gives the block back when its thread ends. A destructor that runs later still may count: it takes
// a block again, which then stays taken.
struct BlockReturner {
  bool armed = false;
  ~BlockReturner() {
    if (this_threads_block != nullptr) AllBlocks().GiveBack(this_threads_block);
    this_threads_block = nullptr;
  }
};
thread_local BlockReturner block_returner;

[[gnu::noinline]] Chunk* MakeChunk(uint32_t index) {
  if (this_threads_block == nullptr) {
    this_threads_block = AllBlocks().Take();
    block_returner.armed = true;  // touching it is what registers its destructor
  }
  std::atomic<Chunk*>& slot = this_threads_block->chunks[index];
  Chunk* chunk = slot.load(std::memory_order_relaxed);
  if (chunk == nullptr) {
    chunk = new Chunk;
    slot.store(chunk, std::memory_order_release);  // a scrape must see its zeros
  }
  return chunk;
}

}  // namespace

void AddToMetricCell(uint32_t cell, uint64_t n) {
  const uint32_t index = cell / kCellsPerChunk;
  Block* const block = this_threads_block;
  Chunk* chunk = block == nullptr ? nullptr : block->chunks[index].load(std::memory_order_relaxed);
  if (chunk == nullptr) [[unlikely]] {
    CHECK(cell < kMetricCellsMax);
    chunk = MakeChunk(index);
  }
  std::atomic<uint64_t>& sum = chunk->cells[cell % kCellsPerChunk];
  sum.store(sum.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

uint64_t SumOfMetricCell(uint32_t cell) {
  CHECK(cell < kMetricCellsMax);
  return AllBlocks().Sum(cell);
}

size_t MetricThreadsAtOnce() { return AllBlocks().count(); }

}  // namespace verdict::base
