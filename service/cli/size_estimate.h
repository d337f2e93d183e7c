// What a deployment will need of memory and disk (AGGREGATES R43): from its features and its
// traffic, by the sizes of the structures themselves.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "feature/feature_set.h"
#include "settings/settings.h"

namespace verdict::cli {

// Payments are taken to fall on entities evenly, which touches the most of them: the figures are
// upper ones.
struct Traffic {
  // By entity type: how many are seen within the longest window. One that is not named here: as
  // many as there are payments.
  std::map<std::string, double> active = {
      {"merchant", 100'000}, {"card", 2'000'000}, {"customer", 1'500'000}, {"device", 2'000'000}};
  double payments_per_day = 1'000'000;
  double peak_per_s = 0;   // 0: three times the mean
  double where_share = 1;  // of the payments that a `where` lets in
  double event_lag_s = 5;  // from a Score until its event is counted
  int live_epochs = 3;     // days of the log in memory before they are dropped
  int log_days = 7;        // days that the log keeps
  int partitions = 8;      // of the log
  bool embedded = true;    // log, fold and blobs in verdictd's own folder
  double peak() const { return peak_per_s > 0 ? peak_per_s : 3 * payments_per_day / 86'400; }
};

// One measure: days of its entity.
struct MeasureSize {
  std::string features;  // that read it
  std::string entity;
  double daily_keys = 0;      // entities with a payment on a day
  double cells = 0;           // in memory, all live epochs
  double bytes_per_cell = 0;  // index and all
  double cell_bytes = 0;      // cells and their tables
  double keys = 0;            // blobs
  double busy_days = 0;       // tiles a blob
  double blob_bytes = 0;      // one blob
  double guard_bytes = 0;
};

// One sliding measure: events of its entity.
struct SlidingSize {
  std::string features;
  std::string entity;
  double events = 0;  // in memory at the peak
  double keys = 0;
  double bytes = 0;
};

struct SizeLine {
  enum class Where : uint8_t { kMemory, kDisk, kRedis };
  std::string what;
  Where where = Where::kMemory;
  double count = 0;
  double bytes = 0;
  std::string note;
};

// A setting that the estimate does not fit into.
struct Exceeded {
  std::string setting;  // "memory.cells_bytes_max"
  double limit = 0;
  double needed = 0;
  std::string then;  // what happens
};

struct SizeEstimate {
  std::vector<MeasureSize> measures;
  std::vector<SlidingSize> sliding;
  std::vector<SizeLine> lines;
  double memory_bytes = 0;
  double disk_bytes = 0;
  double redis_bytes = 0;  // where blobs lie there instead of on disk
  std::vector<Exceeded> exceeded;
};

SizeEstimate EstimateSize(const feature::FeatureSet& features, const Traffic& traffic,
                          const settings::Settings& settings);

}  // namespace verdict::cli
