// Which stretch of the log fills the sliding windows again after a start, and what their answers
// say until it is read.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "counters/live_state.h"
#include "eventlog/event_source.h"
#include "ingest/start_up.h"

namespace verdict::ingest {

struct SlidingPlan {
  // Of one partition: from `read_from` ids alone, from `count_from` up to `until` events. From
  // `until` on the apply thread counts.
  struct Range {
    eventlog::Offset read_from = 0, count_from = 0, until = 0;
    bool nothing() const { return count_from >= until; }
  };
  std::vector<Range> ranges;
  // Windows hold every event later than this, by what the apply thread counts alone. INT64_MIN:
  // all.
  int64_t from_ms_before = 0;
  // The same once all is read, and why they do not reach further back: log_gone, or 0 where they
  // reach as far back as windows are kept.
  int64_t from_ms_after = 0;
  uint16_t reasons_after = 0;

  bool nothing() const;
};

// An event is recorded at most future_skew before its own time, so that the records of the last
// (longest window + kSlidingLateMs + future_skew) hold every event of the windows that are kept;
// whatever was removed from the log before, or of the 2 h 15 min in which repeats of them can
// stand, is said by `from_ms_after`. REQUIRES: StartUp() is over and has reported `start`, nothing
// was applied since. Errors: those of the source.
absl::StatusOr<SlidingPlan> PlanSliding(eventlog::EventSource* source,
                                        const counters::LiveState& live, const base::Clock& clock,
                                        const StartUpReport& start);

}  // namespace verdict::ingest
