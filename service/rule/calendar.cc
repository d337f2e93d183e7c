// Parts of a timestamp in a time zone.
#include "rule/calendar.h"

#include <string>

#include "absl/time/civil_time.h"

namespace verdict::rule {
namespace {

struct Getter {
  std::string_view method;
  CalendarPart part;
};
constexpr Getter kGetters[] = {
    {"getFullYear", CalendarPart::kFullYear},     {"getMonth", CalendarPart::kMonth},
    {"getDayOfMonth", CalendarPart::kDayOfMonth}, {"getDate", CalendarPart::kDate},
    {"getDayOfWeek", CalendarPart::kDayOfWeek},   {"getDayOfYear", CalendarPart::kDayOfYear},
    {"getHours", CalendarPart::kHours},           {"getMinutes", CalendarPart::kMinutes},
    {"getSeconds", CalendarPart::kSeconds},       {"getMilliseconds", CalendarPart::kMilliseconds}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// `+05:30`, `-08:00`, `02:00`.
std::optional<absl::TimeZone> FixedZone(std::string_view name) {
  const int sign = name.starts_with('-') ? -1 : 1;
  if (name.starts_with('-') || name.starts_with('+')) name.remove_prefix(1);
  if (name.size() != 5 || name[2] != ':' || !IsDigit(name[0]) || !IsDigit(name[1]) ||
      !IsDigit(name[3]) || !IsDigit(name[4])) {
    return std::nullopt;
  }
  const int hours = (name[0] - '0') * 10 + (name[1] - '0');
  const int minutes = (name[3] - '0') * 10 + (name[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return absl::FixedTimeZone(sign * (hours * 3600 + minutes * 60));
}

}  // namespace

std::optional<CalendarPart> FindCalendarPart(std::string_view method) {
  for (const Getter& getter : kGetters) {
    if (getter.method == method) return getter.part;
  }
  return std::nullopt;
}

std::optional<absl::TimeZone> FindTimeZone(std::string_view name) {
  if (std::optional<absl::TimeZone> fixed = FixedZone(name)) return fixed;
  absl::TimeZone zone;
  if (name.empty() || !absl::LoadTimeZone(std::string(name), &zone)) return std::nullopt;
  return zone;
}

Value ReadCalendar(CalendarPart part, const Value& timestamp, const absl::TimeZone& zone) {
  if (part == CalendarPart::kMilliseconds) {
    const int64_t ms = timestamp.integer() % 1000;
    return Value::Int(ms < 0 ? ms + 1000 : ms);
  }
  const absl::CivilSecond local =
      absl::ToCivilSecond(absl::FromUnixMillis(timestamp.integer()), zone);
  switch (part) {
    case CalendarPart::kFullYear:
      return Value::Int(local.year());
    case CalendarPart::kMonth:
      return Value::Int(local.month() - 1);
    case CalendarPart::kDayOfMonth:
      return Value::Int(local.day() - 1);
    case CalendarPart::kDate:
      return Value::Int(local.day());
    case CalendarPart::kDayOfWeek:
      // absl counts from Monday, CEL from Sunday.
      return Value::Int((static_cast<int>(absl::GetWeekday(local)) + 1) % 7);
    case CalendarPart::kDayOfYear:
      return Value::Int(absl::GetYearDay(absl::CivilDay(local)) - 1);
    case CalendarPart::kHours:
      return Value::Int(local.hour());
    case CalendarPart::kMinutes:
      return Value::Int(local.minute());
    case CalendarPart::kSeconds:
      return Value::Int(local.second());
    case CalendarPart::kMilliseconds:
      break;
  }
  return Value::Error(ErrorCode::kType);
}

}  // namespace verdict::rule
