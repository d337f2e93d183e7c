#include "aggregate/whole_days.h"

#include <algorithm>

namespace verdict::aggregate {
namespace {

model::DayNumber KeptThen(const Manifest& manifest) {
  return manifest.published - manifest.zone_first;
}

}  // namespace

bool WasKeptShorter(const Manifest& manifest, int kept_days) {
  return manifest.published != feature::kNoCut && KeptThen(manifest) < kept_days;
}

std::optional<model::DayNumber> WholeFrom(const Manifest& manifest, const DaysAsked& asked) {
  model::DayNumber from = manifest.oldest_day;
  // A blob outlives by a week the days that were kept when it was written.
  if (asked.expire && WasKeptShorter(manifest, asked.kept_days)) {
    from = std::max(from, asked.today - KeptThen(manifest));
  }
  if (from == kNothingTrimmed || from <= manifest.cut - asked.kept_days) return std::nullopt;
  return from;
}

}  // namespace verdict::aggregate
