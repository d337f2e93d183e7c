#include "aggregate/increments.h"

#include <algorithm>
#include <string>

#include "aggregate/bytes.h"
#include "base/hash.h"

namespace verdict::aggregate {
namespace {
constexpr base::SipKey kDigestKey = {0x7665726469637421ULL, 0x666f6c6464696765ULL};
}

base::Hash128 TileDigest(const BlobKey& key, const std::vector<feature::DayTile>& tiles) {
  base::Hash128 digest;
  std::string bytes;
  for (const feature::DayTile& day : tiles) {
    bytes.clear();
    PutFixed(key.measure_hash, &bytes);
    bytes.append(reinterpret_cast<const char*>(key.entity.bytes.data()), key.entity.bytes.size());
    PutFixed(day.day, &bytes);
    PutZigzag(day.tile.sum, &bytes);
    PutZigzag(day.tile.count, &bytes);
    PutZigzag(day.tile.min, &bytes);
    PutZigzag(day.tile.max, &bytes);
    PutFixed(day.tile.marks, &bytes);
    digest = AddDigests(digest, base::SipHash128(kDigestKey, bytes));
  }
  return digest;
}

base::Hash128 AddDigests(const base::Hash128& a, const base::Hash128& b) {
  base::Hash128 sum;
  sum.low = a.low + b.low;
  sum.high = a.high + b.high + (sum.low < a.low ? 1 : 0);
  return sum;
}

void Increments::Add(const feature::Contribution& contribution) {
  std::vector<feature::DayTile>& tiles = tiles_[{contribution.measure, contribution.key}];
  // Events come almost in order of their days: look from the back.
  auto at = tiles.end();
  while (at != tiles.begin() && std::prev(at)->day > contribution.day) --at;
  if (at != tiles.begin() && std::prev(at)->day == contribution.day) {
    std::prev(at)->tile.Merge(contribution.tile);
  } else {
    tiles.insert(at, {contribution.day, contribution.tile});
  }
}

std::vector<Increments::Key> Increments::SortedKeys() const {
  std::vector<Key> keys;
  keys.reserve(tiles_.size());
  for (const auto& [key, tiles] : tiles_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

const std::vector<feature::DayTile>& Increments::TilesOf(const Key& key) const {
  return tiles_.find(key)->second;
}

}  // namespace verdict::aggregate
