// A step of an iterator costs a tenth of a look-up, a seek more than one: so keys that lie close
// are stepped to, and where they turn out to lie apart, they are looked up.
#include "rocks_store/get_many.h"

#include <memory>
#include <vector>

namespace verdict::rocks_store {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr size_t kManyKeys = 64;
constexpr int kStepsMax = 8;      // from one key to the next, before it is sought
constexpr size_t kSeeksFree = 8;  // then one in so many keys may be sought
constexpr size_t kKeysPerSeek = 4;

bool Ascend(std::span<const Slice> keys) {
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i - 1].compare(keys[i]) >= 0) return false;
  }
  return true;
}

void LookUp(rocksdb::DB* db, std::span<const Slice> keys, size_t first, const OnValue& on_value) {
  const size_t count = keys.size() - first;
  std::vector<rocksdb::PinnableSlice> values(count);
  std::vector<Status> statuses(count);
  db->MultiGet(rocksdb::ReadOptions(), db->DefaultColumnFamily(), count, keys.data() + first,
               values.data(), statuses.data());
  for (size_t i = 0; i < count; ++i) on_value(first + i, statuses[i], values[i]);
}

// To the first key at or behind `key`. True: by steps alone.
bool GoTo(const Slice& key, rocksdb::Iterator* at) {
  for (int steps = 0; at->Valid() && at->key().compare(key) < 0; ++steps) {
    if (steps == kStepsMax) {
      at->Seek(key);
      return false;
    }
    at->Next();
  }
  return true;
}

}  // namespace

void GetMany(rocksdb::DB* db, std::span<const Slice> keys, const OnValue& on_value) {
  if (keys.size() < kManyKeys || !Ascend(keys)) return LookUp(db, keys, 0, on_value);
  rocksdb::ReadOptions options;
  options.fill_cache = false;  // nobody comes back for them; the cache is for payments
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(options));
  at->Seek(keys.front());
  size_t seeks = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!GoTo(keys[i], at.get())) ++seeks;
    // Behind the last key, or before a block that cannot be read.
    const Status status = at->Valid() ? Status::OK() : at->status();
    if (!status.ok()) return LookUp(db, keys, i, on_value);  // others may be readable
    const bool found = at->Valid() && at->key() == keys[i];
    on_value(i, found ? Status::OK() : Status::NotFound(), found ? at->value() : Slice());
    const bool apart = seeks > kSeeksFree && seeks * kKeysPerSeek > i;
    if (apart) return LookUp(db, keys, i + 1, on_value);
  }
}

}  // namespace verdict::rocks_store
