// Which event ids a partition has seen of late (R19): exact, bounded, the same in stream, replay and batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "model/entity_key.h"

namespace verdict::eventlog {

inline constexpr int64_t kDedupBucketMs = 15 * 60 * 1000;
inline constexpr int kDedupBucketsBack = 8;
// How much log before a cut must be read (ids only) so that duplicates across it are told: 2 h 15 min.
inline constexpr int64_t kDedupWarmUpMs = (kDedupBucketsBack + 1) * kDedupBucketMs;

struct DedupEntry {
  model::EntityKey id;
  int64_t bucket = 0;  // record time / kDedupBucketMs
};

// Thread-compatible.
class DedupWindow {
 public:
  explicit DedupWindow(size_t max_ids) : max_ids_(max_ids) {}
  // True where `id` was seen within the window; else remembers it. Record times must not go back.
  bool SeenOrInsert(const model::EntityKey& id, int64_t record_time_ms);
  bool Contains(const model::EntityKey& id) const;
  // The oldest moment (record time) from which ids are surely still known; INT64_MIN before anything was forgotten.
  int64_t horizon_ms() const;
  size_t size() const;
  uint64_t evicted() const { return evicted_; }  // forgotten for max_ids while still within the window
  // Ids in log order, oldest first; Restore puts them back as they were.
  std::vector<DedupEntry> Entries() const;
  void Restore(const std::vector<DedupEntry>& entries);

 private:
  void Forget(int64_t newest_bucket);
  size_t max_ids_;
  std::deque<DedupEntry> order_;
  std::unordered_map<model::EntityKey, int64_t, model::EntityKeyHash> bucket_of_;
  int64_t newest_bucket_ = INT64_MIN;
  int64_t forgotten_before_ms_ = INT64_MIN;
  uint64_t evicted_ = 0;
};

}  // namespace verdict::eventlog
