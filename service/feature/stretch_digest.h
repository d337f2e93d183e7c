// By what two folds of one stretch of the log are compared cell by cell, without moving the cells
// (AGGREGATES section 12): sums mod 2^128 of a hash of each cell, by stripe. Order does not matter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/hash.h"
#include "feature/tile.h"
#include "model/entity_key.h"

namespace verdict::feature {

// As EntityKey::stripe() numbers them.
inline constexpr size_t kDigestStripes = 1024;

// Of (measure, entity, day, tile): every state of the tile and its marks.
base::Hash128 CellDigest(uint64_t measure_hash, const model::EntityKey& entity,
                         const DayTile& cell);
base::Hash128 AddDigests(const base::Hash128& a, const base::Hash128& b);

struct StripeDigest {
  uint16_t stripe = 0;
  base::Hash128 digest;
  friend bool operator==(const StripeDigest&, const StripeDigest&) = default;
};

// The cells of one measure in a stretch of epochs, those of one (entity, day) merged.
struct StretchDigest {
  uint64_t cells = 0;
  Int128 sum = 0;
  int64_t count = 0;
  std::vector<StripeDigest> stripes = {};  // ascending; those without cells are left out
  friend bool operator==(const StretchDigest&, const StretchDigest&) = default;
};

// Where they are not equal; ascending.
std::vector<uint16_t> DifferingStripes(const StretchDigest& a, const StretchDigest& b);

// **Thread-compatible.** 16 KiB.
class StretchSummer {
 public:
  explicit StretchSummer(uint64_t measure_hash) : measure_hash_(measure_hash) {}
  // Each (entity, day) once, whole. Returns the cell's digest.
  base::Hash128 Add(const model::EntityKey& entity, const DayTile& cell);
  StretchDigest Sum() const;

 private:
  uint64_t measure_hash_;
  uint64_t cells_ = 0;
  Int128 sum_ = 0;
  int64_t count_ = 0;
  std::array<base::Hash128, kDigestStripes> stripes_{};
};

}  // namespace verdict::feature
