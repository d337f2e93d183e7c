// Blobs in memory, so that a Score rarely asks the store. Safe by construction: an old blob has an
// old cut, and more live epochs are added to it; its age stays far below the time an epoch is kept.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "feature/blob.h"

namespace verdict::aggregate {

// Thread-safe. Shards under their own locks; beyond `max_bytes`, what was not asked for of late
// goes first.
class BlobCache {
 public:
  struct Options {
    size_t max_bytes = size_t{512} << 20;
    std::chrono::seconds max_age{3600};  // steady clock
  };
  enum class State : uint8_t { kMiss, kFound, kAbsent, kFailed };
  struct Entry {
    State state = State::kMiss;
    std::shared_ptr<const feature::Blob> blob;  // kFound alone
  };
  using OnFetched = std::function<void(std::vector<Entry>)>;

  BlobCache(AggregateStore* store, const Options& options);  // `store` must outlive it
  ~BlobCache();

  // Memory alone; kMiss where it is not there (that the store has none is remembered too: kAbsent).
  // `now` tells what is too old.
  Entry Lookup(const BlobKey& key, std::chrono::steady_clock::time_point now);
  // Asks the store for all of `keys`; `done` is called once, on the store's thread, in order; what
  // fails is not kept.
  void Fetch(std::vector<BlobKey> keys, std::chrono::milliseconds timeout, OnFetched done);
  // Forgets everything, and what is being fetched is not kept.
  void Clear();

 private:
  struct Shard;
  Shard& ShardOf(const BlobKey& key) const;
  AggregateStore* store_;
  Options options_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<uint64_t> clears_{0};
};

}  // namespace verdict::aggregate
