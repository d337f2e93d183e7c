// What one fold adds: tiles by (measure, entity, day), gathered in memory, then written key by key.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "base/hash.h"
#include "feature/tile.h"

namespace verdict::aggregate {

// Digest of tiles by day: sums of hashes, so that order does not matter (section 12).
base::Hash128 TileDigest(const BlobKey& key, const std::vector<feature::DayTile>& tiles);
base::Hash128 AddDigests(const base::Hash128& a, const base::Hash128& b);

// Thread-compatible.
class Increments {
 public:
  struct Key {
    uint16_t measure = 0;  // index into FeatureSet::measures()
    model::EntityKey entity;
    friend bool operator==(const Key&, const Key&) = default;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  void Add(const feature::Contribution& contribution);
  // All keys, ascending. Call once everything is added.
  std::vector<Key> SortedKeys() const;
  // Ascending days.
  const std::vector<feature::DayTile>& TilesOf(const Key& key) const;
  size_t size() const { return tiles_.size(); }

 private:
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return key.entity.table_hash() ^ (key.measure * 0x9e3779b97f4a7c15ULL);
    }
  };
  std::unordered_map<Key, std::vector<feature::DayTile>, KeyHash> tiles_;
};

}  // namespace verdict::aggregate
