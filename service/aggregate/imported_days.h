// The rows of an import (DAY mode, R5): one measure, an entity's day each, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/hash.h"
#include "feature/tile.h"
#include "model/business_day.h"
#include "model/entity_key.h"

namespace verdict::aggregate {

// 56 bytes: whole files are held in memory.
struct ImportedDay {
  model::EntityKey entity;
  model::DayNumber day = 0;
  uint32_t line = 0;  // of the file; not part of what is imported
  int64_t sum = 0;
  int64_t count = 0;
  int64_t min = std::numeric_limits<int64_t>::max();  // min > max: no payment took part
  int64_t max = std::numeric_limits<int64_t>::min();

  feature::Tile tile() const {
    feature::Tile tile;
    tile.sum = sum;
    tile.count = count;
    tile.min = min;
    tile.max = max;
    return tile;
  }
};
static_assert(sizeof(ImportedDay) == 56);

// **Immutable.**
class ImportedDays {
 public:
  // REQUIRES: no (entity, day) twice, no empty tile, fewer than 2^32 rows.
  explicit ImportedDays(std::vector<ImportedDay> rows);

  size_t rows() const { return rows_.size(); }
  size_t keys() const { return first_rows_.size(); }
  // Ascending entities.
  const model::EntityKey& KeyAt(size_t key) const { return rows_[first_rows_[key]].entity; }
  // Of one key, ascending days.
  std::vector<feature::DayTile> TilesAt(size_t key) const;
  // The index of the key, or keys() where it has no rows.
  size_t Find(const model::EntityKey& entity) const;
  // Of all rows; whatever their order in the file.
  const base::Hash128& digest() const { return digest_; }
  feature::Int128 sum() const { return sum_; }
  int64_t count() const { return count_; }

 private:
  std::vector<ImportedDay> rows_;
  std::vector<uint32_t> first_rows_;  // by key
  base::Hash128 digest_;
  feature::Int128 sum_ = 0;
  int64_t count_ = 0;
};

}  // namespace verdict::aggregate
