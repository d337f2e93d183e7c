// What all blobs of a measure add up to: kept by the folds, compared by the sweep (AGGREGATES
// section 14: a value that the store has lost long after its proof).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "feature/blob.h"
#include "feature/tile.h"
#include "model/business_day.h"

namespace verdict::aggregate {

// **Thread-compatible.** Sums by day do not depend on what a blob held before, and a blob names the
// cut that wrote it before: so a fold that died anywhere counts again without counting twice.
// Both are of days from `oldest` on: what no window reaches may have expired.
struct Census {
  struct Day {
    model::DayNumber day = 0;
    feature::Int128 sum = 0;
    int64_t count = 0;
    friend bool operator==(const Day&, const Day&) = default;
  };
  // How many blobs were last written by a cut. Below zero only where values came and went that no
  // fold has counted.
  struct Stamp {
    feature::CutId cut = feature::kNoCut;
    int64_t keys = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  // False: some blobs were written by who kept no census. A healing recompute takes it anew.
  bool known = false;
  model::DayNumber oldest = 0;
  std::vector<Day> days = {};      // ascending, each once
  std::vector<Stamp> stamps = {};  // ascending, each once

  // A blob that a fold wrote at `cut`, read back.
  void AddWritten(const feature::Blob& blob);
  // Every blob of the store, for the sweep.
  void AddStored(const feature::Blob& blob);
  // Forgets the days before `day`, and the blobs that have none later. The newest cut of such a
  // blob; nothing where there was none.
  std::optional<feature::CutId> Trim(model::DayNumber day);
  int64_t keys() const;
  friend bool operator==(const Census&, const Census&) = default;

 private:
  Day& DayOf(model::DayNumber day);
  Stamp& StampOf(feature::CutId cut);
};

// One line a difference, for people; empty where there is none.
std::vector<std::string> Differences(const Census& kept, const Census& found);

}  // namespace verdict::aggregate
