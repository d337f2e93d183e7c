// The record of a measure's imports (DAY mode, R5): what readers go by where a blob cannot tell,
// and what the next import is held against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aggregate/bytes.h"
#include "base/hash.h"
#include "feature/day_mode.h"
#include "feature/tile.h"
#include "model/business_day.h"

namespace verdict::aggregate {

// One import. It speaks of the days [from, before); earlier days stay as they were imported before.
struct DayImport {
  model::DayNumber before = feature::kNoDay;  // b
  uint16_t rev = 0;                           // grows where the days before b are imported again
  model::DayNumber from = feature::kNoDay;
  model::DayNumber first_day = feature::kNoDay;  // of all imports together
  base::Hash128 digest = {};                     // of its rows: the same file again is no import
  uint64_t rows = 0;
  uint64_t keys = 0;  // that have rows
  feature::Int128 sum = 0;
  int64_t count = 0;
  uint64_t zone_digest = 0;  // of [first_day, before]
  friend bool operator==(const DayImport&, const DayImport&) = default;
};

struct DayManifest {
  uint8_t late_days = 2;  // L
  int64_t since_ms = 0;   // the first import was announced just before
  model::DayNumber log_from = feature::kNoDay;
  std::optional<DayImport> announced = std::nullopt;  // begun; its blobs may be in the store
  std::optional<DayImport> published = std::nullopt;  // the newest one that every key has
  friend bool operator==(const DayManifest&, const DayManifest&) = default;
};

void PutDayManifest(const DayManifest& manifest, std::string* out);
// False where the bytes are none.
bool GetDayManifest(ByteReader* in, DayManifest* manifest);

}  // namespace verdict::aggregate
