// DAY mode (R5): the past days of a measure were added up by somebody else, and are told from those
// that are counted here by the day, not by a cut of the log.
#pragma once

#include <cstdint>
#include <limits>

#include "model/business_day.h"

namespace verdict::feature {

// As b: nothing is imported yet, every day is counted here.
inline constexpr model::DayNumber kNoDay = std::numeric_limits<model::DayNumber>::min();

// What live state knows of an imported measure. b is the first day that an import does not own:
// days before it come from blobs, b and later ones from memory. Each blob carries its own b; what
// stands here is for keys of which the store has nothing, and for what no blob can say.
struct DayMode {
  // L: an event recorded more than so many days after its day is an orphan, counted on neither
  // side.
  int late_days = 2;
  // Records before this were counted by other rules, and are never orphans.
  int64_t since_ms = 0;
  // b of a key that the store has nothing of: it has nothing before it.
  model::DayNumber before = kNoDay;
  // Days before it no import holds.
  model::DayNumber first_day = kNoDay;
  // From here on the log holds every day whole.
  model::DayNumber log_from = kNoDay;
  // Days before it may be gone from memory: a blob with an earlier b is one that the store should
  // have replaced.
  model::DayNumber kept_from = kNoDay;
  friend bool operator==(const DayMode&, const DayMode&) = default;
};

}  // namespace verdict::feature
