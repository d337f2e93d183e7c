#include "aggregate/blob_cache.h"

#include <list>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"

namespace verdict::aggregate {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kShards = 64;

struct BlobKeyHash {
  size_t operator()(const BlobKey& key) const {
    return key.entity.table_hash() ^ (key.measure_hash * 0x9e3779b97f4a7c15ULL);
  }
};

// What an entry takes, with the nodes of list and map around it.
size_t BytesOf(const feature::Blob* blob) {
  constexpr size_t kNode = 192;
  if (blob == nullptr) return kNode;
  return kNode + sizeof(feature::Blob) +
         (blob->tiles.capacity() + blob->increment.capacity()) * sizeof(feature::DayTile);
}

}  // namespace

struct BlobCache::Shard {
  struct Slot {
    BlobKey key;
    std::shared_ptr<const feature::Blob> blob;  // null: the store has none
    Clock::time_point fetched;
    size_t bytes = 0;
  };
  using Order = std::list<Slot>;  // most recently used first

  base::Mutex mutex;
  Order order GUARDED_BY(mutex);
  std::unordered_map<BlobKey, Order::iterator, BlobKeyHash> by_key GUARDED_BY(mutex);
  size_t bytes GUARDED_BY(mutex) = 0;

  void Erase(Order::iterator slot) REQUIRES_LOCK(mutex) {
    bytes -= slot->bytes;
    by_key.erase(slot->key);
    order.erase(slot);
  }

  Entry Lookup(const BlobKey& key, std::chrono::seconds max_age) EXCLUDES_LOCK(mutex) {
    base::MutexLock lock(mutex);
    const auto found = by_key.find(key);
    if (found == by_key.end()) return {};
    const auto slot = found->second;
    if (Clock::now() - slot->fetched > max_age) {
      Erase(slot);
      return {};
    }
    order.splice(order.begin(), order, slot);
    return {slot->blob == nullptr ? State::kAbsent : State::kFound, slot->blob};
  }

  void Put(const BlobKey& key, std::shared_ptr<const feature::Blob> blob, size_t max_bytes)
      EXCLUDES_LOCK(mutex) {
    base::MutexLock lock(mutex);
    const auto found = by_key.find(key);
    if (found != by_key.end()) Erase(found->second);
    const size_t size = BytesOf(blob.get());
    order.push_front({key, std::move(blob), Clock::now(), size});
    by_key[key] = order.begin();
    bytes += size;
    while (bytes > max_bytes && order.size() > 1) Erase(std::prev(order.end()));
  }

  void Clear() EXCLUDES_LOCK(mutex) {
    base::MutexLock lock(mutex);
    by_key.clear();
    order.clear();
    bytes = 0;
  }
};

BlobCache::BlobCache(AggregateStore* store, const Options& options)
    : store_(store), options_(options) {
  for (size_t i = 0; i < kShards; ++i) shards_.push_back(std::make_unique<Shard>());
}

BlobCache::~BlobCache() = default;

BlobCache::Entry BlobCache::Lookup(const BlobKey& key) {
  return shards_[BlobKeyHash()(key) % kShards]->Lookup(key, options_.max_age);
}

void BlobCache::Fetch(std::vector<BlobKey> keys, std::chrono::milliseconds timeout,
                      OnFetched done) {
  std::vector<BlobKey> asked = keys;
  store_->Get(
      std::move(asked), timeout,
      [this, keys = std::move(keys), done = std::move(done)](std::vector<BlobResult> results) {
        std::vector<Entry> entries(keys.size());
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
          shards_[BlobKeyHash()(keys[i]) % kShards]->Put(keys[i], entries[i].blob,
                                                         options_.max_bytes / kShards);
        }
        done(std::move(entries));
      });
}

void BlobCache::Clear() {
  for (const auto& shard : shards_) shard->Clear();
}

}  // namespace verdict::aggregate
