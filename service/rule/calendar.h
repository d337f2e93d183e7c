// Parts of a timestamp in a time zone: getHours('Europe/Paris') and its like.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"
#include "rule/value.h"

namespace verdict::rule {

enum class CalendarPart : uint8_t {
  kFullYear,
  kMonth,
  kDayOfMonth,
  kDate,
  kDayOfWeek,
  kDayOfYear,
  kHours,
  kMinutes,
  kSeconds,
  kMilliseconds
};

std::optional<CalendarPart> FindCalendarPart(std::string_view method);

// `Europe/Paris`, `UTC`, `+05:30`; nothing where there is no such zone.
std::optional<absl::TimeZone> FindTimeZone(std::string_view name);

// An int, zero-based where CEL's getter is. REQUIRES: a timestamp.
Value ReadCalendar(CalendarPart part, const Value& timestamp, const absl::TimeZone& zone);

}  // namespace verdict::rule
