// Blobs in memory, so that a Score rarely asks the store. Safe by construction: an old blob has an
// old cut, and more live epochs are added to it; its age stays far below the time an epoch is kept.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
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
    // So long the store may take: longer than a Score waits, so that what comes too late for one is
    // there for the next.
    std::chrono::milliseconds fetch_within{1000};
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
  // Asks the store for those of `keys` that nobody is asking for already; `done` is called once,
  // with one entry a key in order: on the store's thread, or at once where all has come meanwhile
  // or nobody can be asked. What fails is not kept.
  void Fetch(const std::vector<BlobKey>& keys, OnFetched done);
  // Forgets what is known of one key, so that Fetch() asks the store.
  void Forget(const BlobKey& key);
  // Forgets everything. What is being fetched is not kept, and nobody joins in waiting for it.
  void Clear();

 private:
  struct Shard;
  struct Caller;  // one Fetch
  struct Flight;  // one key, asked for
  using Flights = std::vector<std::shared_ptr<Flight>>;
  Shard& ShardOf(const BlobKey& key) const;
  // The flight that `caller` has to begin; null where it joins another's, or needs none.
  std::shared_ptr<Flight> Join(const BlobKey& key, size_t place,
                               const std::shared_ptr<Caller>& caller);
  void Land(const Flights& flights, std::vector<BlobResult> results);
  Entry Keep(BlobResult result, const std::shared_ptr<Flight>& flight,
             std::vector<std::pair<std::shared_ptr<Caller>, size_t>>* waiting);
  AggregateStore* store_;
  Options options_;
  std::unique_ptr<Shard[]> shards_;
  std::atomic<uint64_t> clears_{0};
};

}  // namespace verdict::aggregate
