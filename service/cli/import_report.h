// What became of an import of days, for people and for machines.
#pragma once

#include <cstdint>
#include <string>

#include "cli/tiles_reader.h"
#include "feature/day_mode.h"
#include "model/business_day.h"

namespace verdict::cli {

struct ImportOutcome {
  std::string readers;  // features of the measure: "merchant.volume_30d, merchant.avg_30d"
  int late_days = 2;
  TilesSummary tiles;
  model::DayNumber before = 0, from = 0;
  model::DayNumber log_from = feature::kNoDay;
  uint16_t rev = 0;
  uint64_t keys = 0;          // that have rows
  uint64_t others = 0;        // that the store had before, and that have none
  bool refused_rows = false;  // bad rows, and nothing was written
  bool unchanged = false;     // imported already
};

void PrintImportText(const ImportOutcome& outcome);
void PrintImportJson(const ImportOutcome& outcome);

}  // namespace verdict::cli
