// Which event ids a partition has seen of late (R19): exact, bounded, the same in stream, replay
// and batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "model/entity_key.h"

namespace verdict::eventlog {

inline constexpr int64_t kDedupBucketMs = 15 * 60 * 1000;
inline constexpr int kDedupBucketsBack = 8;
// How much log before a cut must be read (ids only) so that duplicates across it are told: 2 h 15
// min.
inline constexpr int64_t kDedupWarmUpMs = (kDedupBucketsBack + 1) * kDedupBucketMs;

struct DedupEntry {
  model::EntityKey id;
  int64_t bucket = 0;  // record time / kDedupBucketMs, rounded down
  friend bool operator==(const DedupEntry&, const DedupEntry&) = default;
};

// Thread-compatible. A ring of occurrences in log order, 16 bytes each, and an index of 8-byte
// slots to the newest occurrence of each id: at most 38 bytes an id. Every record that repeats an
// id in a new bucket is an occurrence too
// ("stands earlier in the partition"), so that what is known is a function of the last 2 h 15 min
// of the log alone.
class DedupWindow {
 public:
  // `max_ids`: how many occurrences are kept; beyond, the oldest go. REQUIRES: max_ids >= 1.
  explicit DedupWindow(size_t max_ids);
  ~DedupWindow();
  DedupWindow(DedupWindow&&) noexcept;
  DedupWindow& operator=(DedupWindow&&) noexcept;

  // True where `id` was seen within the window; remembers it either way. Record times must not go
  // back.
  bool SeenOrInsert(const model::EntityKey& id, int64_t record_time_ms);
  bool Contains(const model::EntityKey& id) const;
  // The oldest moment (record time) from which ids are surely still known; INT64_MIN before
  // anything was forgotten.
  int64_t horizon_ms() const { return horizon_ms_; }
  // Says that nothing before `record_time_ms` was read: the horizon is not older than it.
  void KnowsOnlyFrom(int64_t record_time_ms);
  size_t size() const { return static_cast<size_t>(end_ - known_); }  // occurrences known
  uint64_t evicted() const {
    return evicted_;
  }  // forgotten for max_ids while still within the window
  size_t bytes() const;
  // bytes() of a window that holds so many ids, each once; the mean over how they spread.
  static double BytesFor(double ids);

  // Occurrences are numbered from 0 as they come; those known are [begin_sequence, end_sequence).
  uint64_t begin_sequence() const { return known_; }
  uint64_t end_sequence() const { return end_; }
  // In log order, oldest first; those of `from` and later that are still known.
  std::vector<DedupEntry> Entries(uint64_t from = 0) const;
  // Puts back what Entries() gave, as it was. REQUIRES: empty.
  void Restore(const std::vector<DedupEntry>& entries);

 private:
  static constexpr size_t kChunkEntries = 4096;
  static constexpr int kForgottenPerRecord = 16;
  static constexpr size_t kShards =
      256;  // each grows alone: a growing window never stalls for long
  struct Occurrence {
    model::EntityKey id;
    int32_t bucket;
  };
  static_assert(sizeof(Occurrence) == 16);
  struct Slot;
  class Shard;

  const Occurrence& At(uint64_t sequence) const;
  Occurrence& At(uint64_t sequence);
  const Slot* Find(const model::EntityKey& id) const;
  const Occurrence* Newest(const model::EntityKey& id) const;  // null where none is known
  void Append(const model::EntityKey& id, int32_t bucket);
  void AdvanceTo(int32_t bucket);
  void LeaveBehind(int64_t oldest_bucket);
  bool ForgetOldest();  // true where it was its id's newest occurrence

  size_t max_ids_;
  std::deque<std::unique_ptr<Occurrence[]>> chunks_;  // chunks_[0] holds `begin_`
  std::unique_ptr<Shard[]> index_;
  uint64_t begin_ = 0;  // the first that is held
  uint64_t known_ = 0;  // the first within the window: what is held before it goes little by little
  uint64_t end_ = 0;
  int32_t newest_bucket_ = INT32_MIN;
  int64_t horizon_ms_ = INT64_MIN;
  uint64_t evicted_ = 0;
};

}  // namespace verdict::eventlog
