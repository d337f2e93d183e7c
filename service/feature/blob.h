// The batch's value of one (measure, entity): tiles by day, and the cut they reach.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "feature/tile.h"

namespace verdict::feature {

// Daily cuts are numbered by the business day they are taken on: cut D is the first record of each
// partition with record time >= 00:10 of day D. Epoch e holds the records from cut e up to cut e
// + 1. Numbers only grow.
using CutId = int32_t;
inline constexpr CutId kNoCut = std::numeric_limits<CutId>::min();

// Of a blob in DAY mode (R5).
struct DayShare {
  uint8_t late_days = 0;           // L, DayMode::late_days
  model::DayNumber first_day = 0;  // days before it are in no import
  friend bool operator==(const DayShare&, const DayShare&) = default;
};

struct Blob {
  uint64_t measure_hash = 0;
  CutId cut = kNoCut;                   // every event before this cut is in; none after
  uint16_t rev = 0;                     // grows where a cut is computed again
  std::vector<DayTile> tiles = {};      // ascending days, each once, no empty ones
  std::vector<DayTile> increment = {};  // what this cut added; the proof reads it
  // The cut that wrote the value before, kNoCut where there was none: by it a fold knows how many
  // keys there are, however often it was broken off. Nothing: written by who kept no count.
  std::optional<CutId> previous = std::nullopt;
  // DAY mode: `cut` is b, the first day that is not in; days before it are, whatever the log says.
  std::optional<DayShare> day = std::nullopt;
  friend bool operator==(const Blob&, const Blob&) = default;
};

}  // namespace verdict::feature
