// From which day on blobs hold what windows ask of them.
#pragma once

#include <optional>

#include "aggregate/aggregate_store.h"
#include "model/business_day.h"

namespace verdict::aggregate {

// The days that windows reach, and where blobs lie.
struct DaysAsked {
  int kept_days = 0;           // FeatureSet::kept_days()
  bool expire = false;         // the store lets blobs expire: it is not their base
  model::DayNumber today = 0;  // by the clock that they expire by
};

// Days before this one may be missing from the measure's blobs: folds left them out, since windows
// were shorter then or the log had lost them; or blobs expire that were written while windows were
// shorter, until a fold has written the base's again. Nothing: no window reaches such a day.
std::optional<model::DayNumber> WholeFrom(const Manifest& manifest, const DaysAsked& asked);

// Were windows shorter when the measure was published last?
bool WasKeptShorter(const Manifest& manifest, int kept_days);

}  // namespace verdict::aggregate
