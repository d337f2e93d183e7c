#include "aggregate/blob_cache.h"

#include <utility>

#include "aggregate/blob_table.h"
#include "base/mutex.h"

namespace verdict::aggregate {
namespace {

using Clock = std::chrono::steady_clock;
// Many, since a shard that grows moves all its slots under its lock; few, since all blobs of a busy
// entity lie in one.
constexpr size_t kShards = 256;

uint32_t Seconds(Clock::time_point time) {
  return static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

}  // namespace

struct alignas(64) BlobCache::Shard {
  base::Mutex mutex;
  BlobTable table GUARDED_BY(mutex);
};

BlobCache::BlobCache(AggregateStore* store, const Options& options)
    : store_(store), options_(options), shards_(std::make_unique<Shard[]>(kShards)) {}

BlobCache::~BlobCache() = default;

// By other bits than the table's.
BlobCache::Shard& BlobCache::ShardOf(const BlobKey& key) const {
  return shards_[(key.entity.table_hash() >> 40) % kShards];
}

BlobCache::Entry BlobCache::Lookup(const BlobKey& key, Clock::time_point now) {
  Shard& shard = ShardOf(key);
  BlobTable::Found found;
  {
    base::MutexLock lock(shard.mutex);
    found = shard.table.Find(key, Seconds(now), static_cast<uint32_t>(options_.max_age.count()));
  }
  if (!found.known) return {};
  return {found.blob == nullptr ? State::kAbsent : State::kFound, std::move(found.blob)};
}

void BlobCache::Fetch(std::vector<BlobKey> keys, std::chrono::milliseconds timeout,
                      OnFetched done) {
  std::vector<BlobKey> asked = keys;
  store_->Get(std::move(asked), timeout,
              [this, clears = clears_.load(), keys = std::move(keys),
               done = std::move(done)](std::vector<BlobResult> results) {
                std::vector<Entry> entries(keys.size());
                const uint32_t now = Seconds(Clock::now());
                for (size_t i = 0; i < keys.size(); ++i) {
                  BlobResult& result = results[i];
                  if (result.state == BlobResult::State::kFailed) {
                    entries[i].state = State::kFailed;
                    continue;
                  }
                  const bool found = result.state == BlobResult::State::kFound;
                  entries[i].state = found ? State::kFound : State::kAbsent;
                  if (found) {
                    // The increment is for the proof alone.
                    result.blob.increment = {};
                    result.blob.tiles.shrink_to_fit();
                    entries[i].blob = std::make_shared<const feature::Blob>(std::move(result.blob));
                  }
                  Shard& shard = ShardOf(keys[i]);
                  base::MutexLock lock(shard.mutex);
                  if (clears_.load() != clears) continue;  // read before everything was forgotten
                  shard.table.Put(keys[i], entries[i].blob, now, options_.max_bytes / kShards);
                }
                done(std::move(entries));
              });
}

void BlobCache::Clear() {
  clears_.fetch_add(1);
  for (size_t i = 0; i < kShards; ++i) {
    base::MutexLock lock(shards_[i].mutex);
    shards_[i].table.Clear();
  }
}

}  // namespace verdict::aggregate
