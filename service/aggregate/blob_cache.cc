#include "aggregate/blob_cache.h"

#include <unordered_map>
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

// Its entries are written by whoever brings them, each once; the last to come calls `done`.
struct BlobCache::Caller {
  std::vector<Entry> entries;
  std::atomic<size_t> missing;
  OnFetched done;

  Caller(size_t keys, OnFetched on_fetched)
      : entries(keys), missing(keys + 1), done(std::move(on_fetched)) {}
  void Arrived() {
    if (missing.fetch_sub(1, std::memory_order_acq_rel) == 1) done(std::move(entries));
  }
};

struct BlobCache::Flight {
  BlobKey key;
  uint64_t clears = 0;                                              // when it began
  std::vector<std::pair<std::shared_ptr<Caller>, size_t>> waiting;  // under the shard's lock
};

struct alignas(64) BlobCache::Shard {
  struct Hash {
    size_t operator()(const BlobKey& key) const {
      return key.entity.table_hash() ^ key.measure_hash;
    }
  };
  base::Mutex mutex;
  BlobTable table GUARDED_BY(mutex);
  std::unordered_map<BlobKey, std::shared_ptr<Flight>, Hash> flights GUARDED_BY(mutex);
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

std::shared_ptr<BlobCache::Flight> BlobCache::Join(const BlobKey& key, size_t place,
                                                   const std::shared_ptr<Caller>& caller) {
  const uint64_t clears = clears_.load();
  Shard& shard = ShardOf(key);
  {
    base::MutexLock lock(shard.mutex);
    const BlobTable::Found found = shard.table.Find(
        key, Seconds(Clock::now()), static_cast<uint32_t>(options_.max_age.count()));
    if (!found.known) {
      std::shared_ptr<Flight>& flight = shard.flights[key];
      // What was asked for before everything was forgotten goes to those who asked then.
      const bool begins = flight == nullptr || flight->clears != clears;
      if (begins) flight = std::make_shared<Flight>(Flight{key, clears, {}});
      flight->waiting.emplace_back(caller, place);
      return begins ? flight : nullptr;
    }
    caller->entries[place] = {found.blob == nullptr ? State::kAbsent : State::kFound, found.blob};
  }
  caller->Arrived();
  return nullptr;
}

void BlobCache::Fetch(const std::vector<BlobKey>& keys, OnFetched done) {
  const auto caller = std::make_shared<Caller>(keys.size(), std::move(done));
  Flights flights;
  std::vector<BlobKey> asked;
  for (size_t i = 0; i < keys.size(); ++i) {
    std::shared_ptr<Flight> flight = Join(keys[i], i, caller);
    if (flight == nullptr) continue;
    asked.push_back(keys[i]);
    flights.push_back(std::move(flight));
  }
  if (!asked.empty()) {
    store_->Get(std::move(asked), options_.fetch_within,
                [this, flights = std::move(flights)](std::vector<BlobResult> results) {
                  Land(flights, std::move(results));
                });
  }
  caller->Arrived();
}

// Who waits is told once no lock is held: it goes on with a whole decision.
void BlobCache::Land(const Flights& flights, std::vector<BlobResult> results) {
  std::vector<std::pair<std::shared_ptr<Caller>, size_t>> waiting;
  std::vector<std::shared_ptr<Caller>> arrived;
  for (size_t i = 0; i < flights.size(); ++i) {
    waiting.clear();
    const Entry entry = Keep(std::move(results[i]), flights[i], &waiting);
    for (auto& [caller, place] : waiting) {
      caller->entries[place] = entry;
      arrived.push_back(std::move(caller));
    }
  }
  for (const std::shared_ptr<Caller>& caller : arrived) caller->Arrived();
}

BlobCache::Entry BlobCache::Keep(BlobResult result, const std::shared_ptr<Flight>& flight,
                                 std::vector<std::pair<std::shared_ptr<Caller>, size_t>>* waiting) {
  Entry entry{.state = State::kFailed, .blob = nullptr};
  if (result.state == BlobResult::State::kAbsent) entry.state = State::kAbsent;
  if (result.state == BlobResult::State::kFound) {
    entry.state = State::kFound;
    result.blob.increment = {};  // for the proof alone
    result.blob.tiles.shrink_to_fit();
    entry.blob = std::make_shared<const feature::Blob>(std::move(result.blob));
  }
  Shard& shard = ShardOf(flight->key);
  base::MutexLock lock(shard.mutex);
  const auto found = shard.flights.find(flight->key);
  if (found != shard.flights.end() && found->second == flight) shard.flights.erase(found);
  waiting->swap(flight->waiting);
  // What was read before everything was forgotten is not kept.
  if (entry.state != State::kFailed && clears_.load() == flight->clears) {
    shard.table.Put(flight->key, entry.blob, Seconds(Clock::now()), options_.max_bytes / kShards);
  }
  return entry;
}

void BlobCache::Forget(const BlobKey& key) {
  Shard& shard = ShardOf(key);
  base::MutexLock lock(shard.mutex);
  shard.table.Forget(key);
}

void BlobCache::Clear() {
  clears_.fetch_add(1);
  for (size_t i = 0; i < kShards; ++i) {
    base::MutexLock lock(shards_[i].mutex);
    shards_[i].table.Clear();
  }
}

}  // namespace verdict::aggregate
