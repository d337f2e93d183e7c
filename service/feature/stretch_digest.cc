#include "feature/stretch_digest.h"

#include <cstring>

namespace verdict::feature {
namespace {

constexpr base::SipKey kDigestKey = {0x7665726469637421ULL, 0x666f6c6464696765ULL};

// A fixed place for each member: numbers are hashed as they lie in memory.
class CellBytes {
 public:
  template <typename T>
  void Put(const T& value) {
    std::memcpy(bytes_.data() + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 128> bytes_;
  size_t size_ = 0;
};

}  // namespace

base::Hash128 CellDigest(uint64_t measure_hash, const model::EntityKey& entity,
                         const DayTile& cell) {
  static_assert(sizeof(Tile) == 48, "a new state of a tile belongs into its digest");
  const Tile& tile = cell.tile;
  CellBytes bytes;
  bytes.Put(measure_hash);
  bytes.Put(entity.bytes);
  bytes.Put(cell.day);
  bytes.Put(tile.sum);
  bytes.Put(tile.count);
  bytes.Put(tile.min);
  bytes.Put(tile.max);
  bytes.Put(tile.marks);
  bytes.Put(tile.kind);
  return base::SipHash128(kDigestKey, bytes.view());
}

base::Hash128 AddDigests(const base::Hash128& a, const base::Hash128& b) {
  base::Hash128 sum;
  sum.low = a.low + b.low;
  sum.high = a.high + b.high + (sum.low < a.low ? 1 : 0);
  return sum;
}

std::vector<uint16_t> DifferingStripes(const StretchDigest& a, const StretchDigest& b) {
  std::vector<uint16_t> differing;
  auto x = a.stripes.begin();
  auto y = b.stripes.begin();
  while (x != a.stripes.end() || y != b.stripes.end()) {
    if (y == b.stripes.end() || (x != a.stripes.end() && x->stripe < y->stripe)) {
      differing.push_back((x++)->stripe);
    } else if (x == a.stripes.end() || y->stripe < x->stripe) {
      differing.push_back((y++)->stripe);
    } else {
      if (x->digest != y->digest) differing.push_back(x->stripe);
      ++x;
      ++y;
    }
  }
  return differing;
}

base::Hash128 StretchSummer::Add(const model::EntityKey& entity, const DayTile& cell) {
  const base::Hash128 digest = CellDigest(measure_hash_, entity, cell);
  base::Hash128& stripe = stripes_[entity.stripe()];
  stripe = AddDigests(stripe, digest);
  ++cells_;
  sum_ += cell.tile.sum;
  count_ += cell.tile.count;
  return digest;
}

StretchDigest StretchSummer::Sum() const {
  StretchDigest sum{.cells = cells_, .sum = sum_, .count = count_, .stripes = {}};
  for (size_t i = 0; i < stripes_.size(); ++i) {
    if (stripes_[i] != base::Hash128()) {
      sum.stripes.push_back({static_cast<uint16_t>(i), stripes_[i]});
    }
  }
  return sum;
}

}  // namespace verdict::feature
