// A CSV of days that somebody else has added up, one measure's: entity, id, day, sum, count[, min,
// max], in any order of columns. Plain or gzip.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregate/imported_days.h"
#include "cli/importer.h"
#include "feature/feature_set.h"
#include "model/entity_key.h"

namespace verdict::cli {

struct TilesOptions {
  std::string path;
  const feature::FeatureSet* features = nullptr;
  uint16_t measure =
      0;  // index into FeatureSet::measures(); aggregate::CheckImportable has allowed it
  const model::KeyHasher* hasher = nullptr;
  std::optional<model::DayNumber> before;  // b; nothing: the day after the newest row
  std::optional<model::DayNumber> from;    // nothing: the day of the oldest row that is taken
};

inline constexpr size_t kBadTilesShown = 100;

struct TilesSummary {
  int64_t rows = 0;
  int64_t taken = 0;
  int64_t too_old = 0;      // no window reaches so far back from b
  int64_t not_owned = 0;    // of day b or later
  int64_t before_from = 0;  // earlier than what the file is to speak of
  int64_t empty = 0;        // nothing was added up
  int64_t negative = 0;     // taken, with a count below zero: more reversals than payments
  int64_t bad = 0;
  std::vector<BadRow> first_bad;           // by line, kBadTilesShown at most
  std::vector<std::string> other_columns;  // that are not read
  double seconds = 0;
};

struct Tiles {
  std::vector<aggregate::ImportedDay> rows;  // by entity and day
  model::DayNumber before = 0;
  model::DayNumber from = 0;
  TilesSummary summary;
};

// Reads the whole file; a bad row costs its line alone. Errors: the file's; InvalidArgument where
// the first line names no such columns, or no row is left.
absl::StatusOr<Tiles> ReadTiles(const TilesOptions& options);

}  // namespace verdict::cli
