// The verdicts on a record that depend on the log alone: the same live, on replay and in the batch.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "feature/blob.h"
#include "feature/day_mode.h"
#include "feature/feature_set.h"
#include "model/business_day.h"
#include "model/entity_key.h"

namespace verdict::eventlog {

// Every record read ends in exactly one (I7).
enum class EventClass : uint8_t {
  kCounted,
  kFiltered,
  kDuplicate,
  kQuarantined,
  kOrphan,
  kDeadLettered
};
inline constexpr int kEventClasses = 6;
std::string_view EventClassName(EventClass event_class);  // "counted" ...

// Cells and blobs keep a day in 16 bits, from 1970-01-01 on.
inline constexpr model::DayNumber kFirstDayCounted = 0;
inline constexpr model::DayNumber kLastDayCounted = 65'535;

// R9: an event whose time is over future_skew past its record time, or whose day is over
// late_accept days before its record's day or none that can be kept, stays in the log but is
// counted nowhere.
bool IsQuarantined(int64_t event_time_ms, int64_t record_time_ms,
                   const feature::FeatureOptions& options, const model::BusinessCalendar& calendar);

// R5: an event of `day` that was recorded over late_days days after it, once the measure is an
// imported one: in no import, and counted here neither. By the record's day, as lateness is.
bool IsOrphan(model::DayNumber day, int64_t record_time_ms, const feature::DayMode& mode,
              const model::BusinessCalendar& calendar);

// Immutable. When cuts are taken: `minutes_after_midnight` (default 00:10) of each business day.
class CutSchedule {
 public:
  explicit CutSchedule(const model::BusinessCalendar& calendar, int minutes_after_midnight = 10);
  // The epoch a record belongs to: the newest cut at or before its record time.
  feature::CutId EpochOf(int64_t record_time_ms) const;
  // The same for many records of few days: `known` keeps the cut of the day it was asked of last,
  // and belongs to one schedule.
  struct CutOfDay {
    model::DayNumber day = std::numeric_limits<model::DayNumber>::min();
    int64_t time_ms = 0;
  };
  feature::CutId EpochOf(int64_t record_time_ms, CutOfDay* known) const;
  int64_t CutTimeMs(feature::CutId cut) const;

 private:
  model::BusinessCalendar calendar_;
  int minutes_;
};

// R19. Thread-compatible. The event ids of one partition, as far back as they are told apart: an id
// is a duplicate iff it stands in its own or one of the 8 previous 15-minute buckets of the
// partition's running maximum of record time. At most `max_ids`; beyond, the oldest are forgotten
// (tallied), in log order, so that stream, replay and batch forget the same ones.
class DedupWindow;  // eventlog/dedup_window.h

}  // namespace verdict::eventlog
