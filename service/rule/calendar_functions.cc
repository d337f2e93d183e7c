// getHours and its like, and `matches`: with a time zone or pattern that only the evaluation knows.
#include <memory>
#include <string>

#include "rule/builtins.h"
#include "rule/calendar.h"
#include "rule/pattern.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

template <CalendarPart kPart>
Value PartInUtc(Arguments v, EvaluationArena*) {
  return ReadCalendar(kPart, v[0], absl::UTCTimeZone());
}

template <CalendarPart kPart>
Value PartInZone(Arguments v, EvaluationArena*) {
  const std::optional<absl::TimeZone> zone = FindTimeZone(v[1].string());
  return zone.has_value() ? ReadCalendar(kPart, v[0], *zone) : Value::Error(ErrorCode::kConversion);
}

Value Matches(Arguments v, EvaluationArena*) {
  std::string error;
  const std::unique_ptr<const Pattern> pattern = Pattern::Compile(v[1].string(), &error);
  if (pattern == nullptr) return Value::Error(ErrorCode::kRegex);
  return Value::Bool(pattern->FoundIn(v[0].string()));
}

using enum TypeKind;

template <CalendarPart kPart>
constexpr Overload InUtc(std::string_view name) {
  return {name, true, 1, {kTimestamp}, kInt, PartInUtc<kPart>};
}
template <CalendarPart kPart>
constexpr Overload InZone(std::string_view name) {
  return {name, true, 2, {kTimestamp, kString}, kInt, PartInZone<kPart>};
}

constexpr Overload kOverloads[] = {
    InUtc<CalendarPart::kFullYear>("getFullYear"),
    InZone<CalendarPart::kFullYear>("getFullYear"),
    InUtc<CalendarPart::kMonth>("getMonth"),
    InZone<CalendarPart::kMonth>("getMonth"),
    InUtc<CalendarPart::kDayOfMonth>("getDayOfMonth"),
    InZone<CalendarPart::kDayOfMonth>("getDayOfMonth"),
    InUtc<CalendarPart::kDate>("getDate"),
    InZone<CalendarPart::kDate>("getDate"),
    InUtc<CalendarPart::kDayOfWeek>("getDayOfWeek"),
    InZone<CalendarPart::kDayOfWeek>("getDayOfWeek"),
    InUtc<CalendarPart::kDayOfYear>("getDayOfYear"),
    InZone<CalendarPart::kDayOfYear>("getDayOfYear"),
    InUtc<CalendarPart::kHours>("getHours"),
    InZone<CalendarPart::kHours>("getHours"),
    InUtc<CalendarPart::kMinutes>("getMinutes"),
    InZone<CalendarPart::kMinutes>("getMinutes"),
    InUtc<CalendarPart::kSeconds>("getSeconds"),
    InZone<CalendarPart::kSeconds>("getSeconds"),
    InUtc<CalendarPart::kMilliseconds>("getMilliseconds"),
    InZone<CalendarPart::kMilliseconds>("getMilliseconds"),
    {"matches", false, 2, {kString, kString}, kBool, Matches},
    {"matches", true, 2, {kString, kString}, kBool, Matches},
};

}  // namespace

std::span<const Overload> CalendarOverloads() { return kOverloads; }

}  // namespace verdict::rule
