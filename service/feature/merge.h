// value = tiles of the blob + live cells of the epochs it does not hold + provisionals (+ the
// current transaction, which is one of them). Pure: nothing it is given is changed (I8).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "feature/blob.h"
#include "feature/day_mode.h"
#include "feature/feature_set.h"
#include "feature/sliding.h"
#include "feature/tile.h"
#include "model/decision.h"
#include "rule/schema.h"

namespace verdict::feature {

// One live cell of an entity and measure.
struct LiveCell {
  CutId epoch = 0;
  model::DayNumber day = 0;
  Tile tile;
};

// What is known of one (measure, entity) at one point of the log.
struct MeasureView {
  // Null: the store has none (a quiet key): cut = -infinity, no tiles.
  const Blob* blob = nullptr;
  // The store did not answer: PARTIAL(batch).
  bool blob_failed = false;
  // Every epoch still in memory.
  std::span<const LiveCell> live = {};
  // Provisionals of this replica, the current transaction included.
  std::span<const DayTile> overlay = {};
  // Epoch of the newest record applied here; a blob with a later cut: PARTIAL(behind).
  CutId newest_epoch = 0;
  // Windows reaching before it are PARTIAL(too_old).
  model::DayNumber oldest_day_kept = 0;
  // Further PartialReason bits that apply: before, log_gone, current ...
  uint16_t reasons = 0;
  // Null: the measure is not known to be imported. A blob in DAY mode says so by itself.
  const DayMode* day_mode = nullptr;
};

struct Part {
  enum class Source : uint8_t { kBatch, kLive, kProvisional } source = Source::kBatch;
  model::DayNumber day = 0;
  CutId cut = 0;
  Tile tile;
  SlidingWindow window = {};  // where the feature slides, in place of day and cut
};

struct FeatureResult {
  // False: empty window of avg, min or max; absent entity; unknown amount.
  bool known = false;
  int64_t integer = 0;  // sum, count, min, max, last; first_seen, last_seen: Unix epoch, ms
  double real = 0;      // as rules read it: major units of money, averages, variance, stddev
  model::Provenance provenance = model::Provenance::kFull;
  uint16_t reasons = 0;           // PartialReason bits
  bool reads_as_missing = false;  // what rules see (R35)
};

// The first day of which live cells count: b in DAY mode, else there is none (kNoDay).
model::DayNumber LiveFrom(const MeasureView& view);

// The PartialReason bits that the marks of a tile say.
uint16_t ReasonsOfMarks(uint8_t marks);

// The tile of the window of `window_days` ending on `day`, and the reasons that apply to it.
// `parts` may be null.
Tile MergeWindow(const MeasureView& view, int window_days, model::DayNumber day, uint16_t* reasons,
                 std::vector<Part>* parts);

// What the log's events in a window that slides add up to (`live`), with the provisionals that lie
// in it. `reasons` also gets what the marks of the whole say. `parts` may be null.
Tile MergeSliding(const SlidingWindow& window, const Tile& live, std::span<const TimedTile> overlay,
                  uint16_t* reasons, std::vector<Part>* parts);

// Of a scored transaction whose own amount is not known in the base currency: missing, PARTIAL(fx)
// (R40).
FeatureResult UnknownAmount();

// Finalises one feature: averages in integers with 4 extra decimal digits, half-even (R14); beyond
// int64 saturates with PARTIAL(range).
FeatureResult Finalize(const Feature& feature, const Tile& tile, uint16_t reasons);

// FULL of what is counted up to a moment older than `fresh_within_ms` is STALE; else as it is
// (AGGREGATES R35).
model::Provenance AgedProvenance(model::Provenance provenance, int64_t age_ms,
                                 int64_t fresh_within_ms);

// Puts a result into the slots that rules read, with its provenance and its age: how old the newest
// moment is up to which the log is counted, in ms. One that is not known, or reads as missing,
// leaves them missing.
void StoreResult(const Feature& feature, const FeatureResult& result, int64_t age_ms,
                 rule::Record* record);

}  // namespace verdict::feature
