// Invariants, each with its test: the same total wherever the flip between blob and live cells lies
// (I2); the order of cells does not matter (I4); inputs are read alone (I8).
#include "feature/merge.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "feature/variance.h"
#include "model/money.h"

namespace verdict::feature {
namespace {

constexpr Int128 kInt64Max = std::numeric_limits<int64_t>::max();
constexpr Int128 kInt64Min = std::numeric_limits<int64_t>::min();
constexpr int64_t kNanosPerMs = 1'000'000;
constexpr int64_t kAgeMaxMs = std::numeric_limits<int64_t>::max() / kNanosPerMs;
constexpr int64_t kAverageScale = 10'000;  // 4 decimal digits more than the amounts have

// The business days of a window, both included.
struct DayRange {
  model::DayNumber first;
  model::DayNumber last;
  bool Holds(model::DayNumber day) const { return first <= day && day <= last; }
};

int64_t Saturated(Int128 value, uint16_t* reasons) {
  if (value > kInt64Max || value < kInt64Min) *reasons |= model::kPartialRange;
  return static_cast<int64_t>(std::clamp(value, kInt64Min, kInt64Max));
}

// numerator / denominator, halves to the even neighbour. REQUIRES: denominator > 0.
Int128 DivideHalfEven(Int128 numerator, int64_t denominator) {
  Int128 quotient = numerator / denominator;
  Int128 rest = numerator % denominator;
  if (rest < 0) {
    rest += denominator;
    --quotient;
  }
  const Int128 twice = 2 * rest;
  const bool up = twice > denominator || (twice == denominator && quotient % 2 != 0);
  return quotient + (up ? 1 : 0);
}

// sum / count in units of 1/kAverageScale. REQUIRES: count > 0.
Int128 ScaledAverage(Int128 sum, int64_t count, uint16_t* reasons) {
  const Int128 whole = sum / count;
  if (whole > kInt64Max || whole < kInt64Min) {
    return Int128{Saturated(whole, reasons)} * kAverageScale;
  }
  return whole * kAverageScale + DivideHalfEven(sum % count * kAverageScale, count);
}

double RealOf(const Feature& feature, int64_t integer) {
  if (feature.money) return model::ToMajorUnits(integer, feature.money_currency);
  return static_cast<double>(integer);
}

double AverageOf(const Feature& feature, const Tile& tile, uint16_t* reasons) {
  const Int128 scaled = ScaledAverage(tile.sum, tile.count, reasons);
  int64_t units = kAverageScale;
  if (feature.money) units *= model::MinorUnitsPerMajor(feature.money_currency);
  // One division alone, so that the double is the nearest one wherever `scaled` fits into it.
  return static_cast<double>(scaled) / static_cast<double>(units);
}

// Variance or standard deviation, in major units of money (squared) where the feature is money.
double SpreadOf(const Feature& feature, const Tile& tile) {
  const double variance = VarianceOf(tile.count, tile.sum, tile.squares());
  const double units =
      feature.money ? static_cast<double>(model::MinorUnitsPerMajor(feature.money_currency)) : 1.0;
  if (feature.aggregate == Aggregate::kStddev) return std::sqrt(variance) / units;
  return variance / (units * units);
}

void SetInteger(const Feature& feature, int64_t integer, FeatureResult* result) {
  result->known = true;
  result->integer = integer;
  result->real = RealOf(feature, integer);
}

// Merges parts into one tile and, where asked, keeps them.
class Accumulator {
 public:
  Accumulator(DayRange range, std::vector<Part>* parts) : range_(range), parts_(parts) {}

  void AddBlob(const Blob& blob) {
    auto tile =
        std::lower_bound(blob.tiles.begin(), blob.tiles.end(), range_.first,
                         [](const DayTile& tile, model::DayNumber day) { return tile.day < day; });
    for (; tile != blob.tiles.end() && tile->day <= range_.last; ++tile) {
      Add({Part::Source::kBatch, tile->day, blob.cut, {}}, tile->tile);
    }
  }
  void AddLive(std::span<const LiveCell> cells, CutId from, model::DayNumber from_day) {
    for (const LiveCell& cell : cells) {
      if (cell.epoch < from || cell.day < from_day || !range_.Holds(cell.day)) continue;
      Add({Part::Source::kLive, cell.day, cell.epoch, {}}, cell.tile);
    }
  }
  void AddOverlay(std::span<const DayTile> overlay) {
    for (const DayTile& tile : overlay) {
      if (!range_.Holds(tile.day)) continue;
      Add({Part::Source::kProvisional, tile.day, 0, {}}, tile.tile);
    }
  }
  const Tile& total() const { return total_; }

 private:
  void Add(const Part& part, const Tile& tile) {
    total_.Merge(tile);
    if (parts_ == nullptr) return;
    parts_->push_back(part);
    parts_->back().tile = tile;
  }

  DayRange range_;
  std::vector<Part>* parts_;
  Tile total_;
};

// Why an answer in DAY mode is not whole; live cells count from `live_from` on.
uint16_t ReasonsOfDays(const MeasureView& view, const DayRange& range, model::DayNumber live_from) {
  const Blob* blob = view.blob_failed ? nullptr : view.blob;
  uint16_t reasons = 0;
  if (blob != nullptr) {
    // What was recorded up to L days after the last day of the blob may be in it, unseen here.
    if (blob->cut + blob->day->late_days > view.newest_epoch) reasons |= model::kPartialBehind;
    if (range.first < blob->day->first_day) reasons |= model::kPartialTooOld;
  }
  if (view.day_mode == nullptr) return reasons;
  if (blob != nullptr && blob->cut < view.day_mode->kept_from) reasons |= model::kPartialSuspect;
  if (blob == nullptr && range.first < view.day_mode->first_day) reasons |= model::kPartialTooOld;
  const model::DayNumber first_live = std::max(range.first, live_from);
  if (first_live <= range.last && first_live < view.day_mode->log_from) {
    reasons |= model::kPartialBefore;
  }
  return reasons;
}

}  // namespace

model::DayNumber LiveFrom(const MeasureView& view) {
  if (view.blob != nullptr && !view.blob_failed) {
    return view.blob->day.has_value() ? view.blob->cut : kNoDay;
  }
  return view.day_mode == nullptr ? kNoDay : view.day_mode->before;
}

uint16_t ReasonsOfMarks(uint8_t marks) {
  uint16_t reasons = 0;
  if ((marks & kMarkFx) != 0) reasons |= model::kPartialFx;
  if ((marks & kMarkRange) != 0) reasons |= model::kPartialRange;
  if ((marks & kMarkLimit) != 0) reasons |= model::kPartialLimit;
  return reasons;
}

Tile MergeWindow(const MeasureView& view, int window_days, model::DayNumber day, uint16_t* reasons,
                 std::vector<Part>* parts) {
  CHECK(window_days >= 1);
  const DayRange range{day - window_days + 1, day};
  *reasons = view.reasons;
  if (view.blob_failed) *reasons |= model::kPartialBatch;
  if (range.first < view.oldest_day_kept) *reasons |= model::kPartialTooOld;

  Accumulator accumulator(range, parts);
  CutId cut = kNoCut;
  if (view.blob != nullptr && !view.blob_failed) {
    if (!view.blob->day) cut = view.blob->cut;
    if (cut > view.newest_epoch) *reasons |= model::kPartialBehind;
    accumulator.AddBlob(*view.blob);
  }
  const model::DayNumber live_from = LiveFrom(view);
  if (live_from != kNoDay) *reasons |= ReasonsOfDays(view, range, live_from);
  accumulator.AddLive(view.live, cut, live_from);
  accumulator.AddOverlay(view.overlay);
  *reasons |= ReasonsOfMarks(accumulator.total().marks);
  return accumulator.total();
}

Tile MergeSliding(const SlidingWindow& window, const Tile& live, std::span<const TimedTile> overlay,
                  uint16_t* reasons, std::vector<Part>* parts) {
  Tile total = live;
  if (parts != nullptr && live != Tile{}) {
    parts->push_back({.source = Part::Source::kLive, .tile = live, .window = window});
  }
  for (const TimedTile& one : overlay) {
    if (!window.Holds(one.time_ms)) continue;
    total.Merge(one.tile);
    if (parts == nullptr) continue;
    parts->push_back({.source = Part::Source::kProvisional,
                      .tile = one.tile,
                      .window = {.after_ms = one.time_ms - 1, .until_ms = one.time_ms}});
  }
  *reasons |= ReasonsOfMarks(total.marks);
  return total;
}

FeatureResult UnknownAmount() {
  FeatureResult result;
  result.provenance = model::Provenance::kPartial;
  result.reasons = model::kPartialFx;
  result.reads_as_missing = true;
  return result;
}

FeatureResult Finalize(const Feature& feature, const Tile& tile, uint16_t reasons) {
  FeatureResult result;
  switch (feature.aggregate) {
    case Aggregate::kSum:
      SetInteger(feature, Saturated(tile.sum, &reasons), &result);
      break;
    case Aggregate::kCount:
      SetInteger(feature, tile.count, &result);
      break;
    case Aggregate::kAvg:
      result.known = tile.count > 0;
      if (result.known) result.real = AverageOf(feature, tile, &reasons);
      break;
    case Aggregate::kMin:
      if (tile.has_extremes()) SetInteger(feature, tile.min, &result);
      break;
    case Aggregate::kMax:
      if (tile.has_extremes()) SetInteger(feature, tile.max, &result);
      break;
    case Aggregate::kVariance:
    case Aggregate::kStddev:
      result.known = tile.count > 0;
      if (result.known) result.real = SpreadOf(feature, tile);
      break;
    case Aggregate::kLast:
      if (tile.has_last()) SetInteger(feature, tile.last_value(), &result);
      break;
    case Aggregate::kFirstSeen:
      if (tile.has_extremes()) SetInteger(feature, tile.min, &result);
      break;
    case Aggregate::kLastSeen:
      if (tile.has_extremes()) SetInteger(feature, tile.max, &result);
      break;
  }
  result.reasons = reasons;
  result.provenance = reasons == 0 ? model::Provenance::kFull : model::Provenance::kPartial;
  const bool withheld = (reasons & model::kPartialReadsAsMissing) != 0 && !feature.use_partial;
  result.reads_as_missing = !result.known || withheld;
  return result;
}

model::Provenance AgedProvenance(model::Provenance provenance, int64_t age_ms,
                                 int64_t fresh_within_ms) {
  if (provenance > model::Provenance::kStale) return provenance;
  return age_ms > fresh_within_ms ? model::Provenance::kStale : model::Provenance::kFull;
}

void StoreResult(const Feature& feature, const FeatureResult& result, int64_t age_ms,
                 rule::Record* record) {
  const bool missing = !result.known || result.reads_as_missing;
  rule::Value& slot = record->slots[feature.slot];
  if (missing) {
    slot = rule::Value::Missing(feature.slot);
  } else if (feature.money || IsRealAlone(feature.aggregate)) {
    slot = rule::Value::Double(result.real);
  } else if (IsMoment(feature.aggregate)) {
    slot = rule::Value::TimestampMs(result.integer);
  } else {
    slot = rule::Value::Int(result.integer);
  }
  rule::Value& age = record->slots[feature.age_slot];
  rule::Value& provenance = record->slots[feature.provenance_slot];
  if (missing) {
    age = rule::Value::Missing(feature.age_slot);
    provenance = rule::Value::Missing(feature.provenance_slot);
  } else {
    age = rule::Value::Duration(std::min(age_ms, kAgeMaxMs) * kNanosPerMs);
    provenance = rule::Value::String(model::ProvenanceName(result.provenance));
  }
  if (!feature.minor_slot) return;
  rule::Value& minor = record->slots[*feature.minor_slot];
  minor = missing ? rule::Value::Missing(*feature.minor_slot) : rule::Value::Int(result.integer);
}

}  // namespace verdict::feature
