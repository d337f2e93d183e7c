// Lateness (R9) and the cut rule (R16): functions of a record and the calendar alone.
#include "eventlog/rules_of_the_log.h"

#include "base/check.h"

namespace verdict::eventlog {
namespace {

constexpr int64_t kHourMs = 60 * 60 * 1000;
constexpr int64_t kDayMs = 24 * kHourMs;
constexpr int kMinutesPerDay = 24 * 60;

// n midnights cannot pass in less: one day of 23 hours, or one that a zone skipped whole, is
// allowed for.
int64_t ShortestSpanMs(int days) { return (int64_t{days} * 24 - 26) * kHourMs; }

}  // namespace

std::string_view EventClassName(EventClass event_class) {
  switch (event_class) {
    case EventClass::kCounted:
      return "counted";
    case EventClass::kFiltered:
      return "filtered";
    case EventClass::kDuplicate:
      return "duplicate";
    case EventClass::kQuarantined:
      return "quarantined";
    case EventClass::kOrphan:
      return "orphan";
    case EventClass::kDeadLettered:
      return "dead_lettered";
  }
  return "unknown";
}

bool IsQuarantined(int64_t event_time_ms, int64_t record_time_ms,
                   const feature::FeatureOptions& options,
                   const model::BusinessCalendar& calendar) {
  // Within a day of the edges the zone decides.
  if (event_time_ms < (kFirstDayCounted + 1) * kDayMs || event_time_ms > kLastDayCounted * kDayMs) {
    const model::DayNumber day = calendar.DayOf(event_time_ms);
    if (day < kFirstDayCounted || day > kLastDayCounted) return true;
  }
  // Wider than int64: an event time may be any number.
  const feature::Int128 age_ms = feature::Int128{record_time_ms} - event_time_ms;
  if (age_ms < 0) return -age_ms > options.future_skew_ms;
  // Nearly every event: too young for its day to matter, whatever the zone.
  if (age_ms < ShortestSpanMs(options.late_accept_days)) return false;
  return calendar.DayOf(event_time_ms) < calendar.DayOf(record_time_ms) - options.late_accept_days;
}

bool IsOrphan(model::DayNumber day, int64_t record_time_ms, const feature::DayMode& mode,
              const model::BusinessCalendar& calendar) {
  return record_time_ms >= mode.since_ms && calendar.DayOf(record_time_ms) - day > mode.late_days;
}

CutSchedule::CutSchedule(const model::BusinessCalendar& calendar, int minutes_after_midnight)
    : calendar_(calendar), minutes_(minutes_after_midnight) {
  CHECK(minutes_ >= 0 && minutes_ < kMinutesPerDay);
}

feature::CutId CutSchedule::EpochOf(int64_t record_time_ms) const {
  CutOfDay known;
  return EpochOf(record_time_ms, &known);
}

feature::CutId CutSchedule::EpochOf(int64_t record_time_ms, CutOfDay* known) const {
  const model::DayNumber day = calendar_.DayOf(record_time_ms);
  if (known->day != day) *known = {day, CutTimeMs(day)};
  return record_time_ms < known->time_ms ? day - 1 : day;
}

int64_t CutSchedule::CutTimeMs(feature::CutId cut) const {
  return calendar_.TimeOfDayMs(cut, minutes_);
}

}  // namespace verdict::eventlog
