// The zone's rules come from the system's zone database through absl; a table of offsets by UTC day
// makes DayOf cheap.
#include "model/business_day.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "base/hash.h"

namespace verdict::model {
namespace {

constexpr int64_t kMsPerDay = 86'400'000;
constexpr int64_t kSecondsPerDay = 86'400;
constexpr absl::CivilDay kFirstDay(1970, 1, 1);
constexpr int32_t kTableDays = 47'482;  // up to 2099-12-31
constexpr int32_t kClocksChange = std::numeric_limits<int32_t>::max();

constexpr int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

// One moment at which the zone's offset changes.
struct OffsetChange {
  int64_t at_seconds = 0;
  int32_t offset_after = 0;
};

int32_t OffsetAt(const absl::TimeZone& zone, int64_t seconds) {
  return zone.At(absl::FromUnixSeconds(seconds)).offset;
}

// The changes after `first_seconds` and up to `last_seconds`. The database also lists changes of
// name alone: left out.
std::vector<OffsetChange> ChangesBetween(const absl::TimeZone& zone, int64_t first_seconds,
                                         int64_t last_seconds) {
  std::vector<OffsetChange> changes;
  int32_t offset = OffsetAt(zone, first_seconds);
  absl::Time time = absl::FromUnixSeconds(first_seconds);
  absl::TimeZone::CivilTransition transition;
  while (zone.NextTransition(time, &transition)) {
    time = zone.At(transition.to).trans;
    const int64_t seconds = absl::ToUnixSeconds(time);
    if (seconds > last_seconds) break;
    const int32_t offset_after = OffsetAt(zone, seconds);
    if (offset_after != offset) changes.push_back({seconds, offset_after});
    offset = offset_after;
  }
  return changes;
}

}  // namespace

absl::StatusOr<BusinessCalendar> BusinessCalendar::Load(std::string_view zone_name) {
  absl::TimeZone zone;
  if (zone_name.empty() || !absl::LoadTimeZone({zone_name.data(), zone_name.size()}, &zone)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "unknown time zone `%s`: write a name of the zone database, such as Europe/Paris or UTC",
        zone_name));
  }
  return BusinessCalendar(zone, std::string(zone_name));
}

BusinessCalendar::BusinessCalendar(absl::TimeZone zone, std::string name)
    : zone_(zone), zone_name_(std::move(name)) {
  auto offsets = std::make_shared<OffsetTable>();
  offsets->reserve(kTableDays);
  const auto fill_up_to = [&offsets](int64_t day, int32_t offset) {
    while (static_cast<int64_t>(offsets->size()) < day) offsets->push_back(offset);
  };
  // From one second before: a change at the very start of a day leaves no moment of that day with
  // the old offset.
  int32_t offset = OffsetAt(zone_, -1);
  for (const OffsetChange& change : ChangesBetween(zone_, -1, kTableDays * kSecondsPerDay - 1)) {
    const int64_t day = change.at_seconds / kSecondsPerDay;
    fill_up_to(day, offset);
    offset = change.offset_after;
    if (change.at_seconds % kSecondsPerDay == 0) continue;
    if (static_cast<int64_t>(offsets->size()) == day) offsets->push_back(kClocksChange);
  }
  fill_up_to(kTableDays, offset);
  offsets_ = std::move(offsets);
}

DayNumber BusinessCalendar::DayOf(int64_t time_ms) const {
  const int64_t utc_day = FloorDivide(time_ms, kMsPerDay);
  if (utc_day >= 0 && utc_day < kTableDays) {
    const int32_t offset = (*offsets_)[utc_day];
    if (offset != kClocksChange) {
      return static_cast<DayNumber>(FloorDivide(time_ms + int64_t{offset} * 1'000, kMsPerDay));
    }
  }
  return static_cast<DayNumber>(absl::CivilDay(zone_.At(absl::FromUnixMillis(time_ms)).cs) -
                                kFirstDay);
}

int64_t BusinessCalendar::StartOfDayMs(DayNumber day) const { return TimeOfDayMs(day, 0); }

int64_t BusinessCalendar::TimeOfDayMs(DayNumber day, int minutes) const {
  const absl::CivilSecond civil(absl::CivilMinute(kFirstDay + day) + minutes);
  const absl::TimeZone::TimeInfo found = zone_.At(civil);
  const bool skipped = found.kind == absl::TimeZone::TimeInfo::SKIPPED;
  return absl::ToUnixMillis(skipped ? found.trans : found.pre);
}

uint64_t BusinessCalendar::TransitionsDigest(DayNumber first, DayNumber last) const {
  const int64_t from = FloorDivide(StartOfDayMs(first), 1'000);
  const int64_t to = FloorDivide(StartOfDayMs(last + 1), 1'000);
  std::string text = absl::StrFormat("%d", OffsetAt(zone_, from));
  for (const OffsetChange& change : ChangesBetween(zone_, from, to)) {
    absl::StrAppendFormat(&text, ";%d:%d", change.at_seconds, change.offset_after);
  }
  constexpr base::SipKey kPublicKey = {0, 0};  // a digest, not a secret
  return base::SipHash128(kPublicKey, text).low;
}

std::string FormatDay(DayNumber day) {
  const absl::CivilDay civil = kFirstDay + day;
  return absl::StrFormat("%04d-%02d-%02d", civil.year(), civil.month(), civil.day());
}

absl::StatusOr<DayNumber> ParseDay(std::string_view text) {
  int year = 0, month = 0, day = 0;
  const auto number = [&](size_t from, size_t digits, int* value) {
    const char* end = text.data() + from + digits;
    const auto [stop, error] = std::from_chars(text.data() + from, end, *value);
    return error == std::errc() && stop == end && text[from] != '-';
  };
  const bool shaped = text.size() == 10 && text[4] == '-' && text[7] == '-' &&
                      number(0, 4, &year) && number(5, 2, &month) && number(8, 2, &day);
  const absl::CivilDay civil(year, month, day);  // makes another day of one that there is not
  if (shaped && civil.month() == month && civil.day() == day) {
    return static_cast<DayNumber>(civil - kFirstDay);
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "`%s` is not a day like 2019-03-31", text.substr(0, std::min<size_t>(text.size(), 32))));
}

std::string FormatTimeMs(int64_t time_ms) {
  const int64_t day = FloorDivide(time_ms, kMsPerDay);
  const int64_t ms = time_ms - day * kMsPerDay;
  return absl::StrFormat("%sT%02d:%02d:%02d.%03dZ", FormatDay(static_cast<DayNumber>(day)),
                         ms / 3'600'000, ms / 60'000 % 60, ms / 1'000 % 60, ms % 1'000);
}

}  // namespace verdict::model
