// Which business day a moment belongs to, in the deployment's time zone.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace verdict::model {

// Civil days since 1970-01-01.
using DayNumber = int32_t;

// **Immutable.** Copies share their table. Days are civil days of one time zone: 23 or 25 hours
// long where the clocks change.
class BusinessCalendar {
 public:
  // Errors: InvalidArgument where the zone database has no such zone.
  static absl::StatusOr<BusinessCalendar> Load(
      std::string_view zone_name);  // "UTC", "Europe/Paris"

  // A few nanoseconds from 1970 to 2099, except on days on which the clocks change; slower outside.
  DayNumber DayOf(int64_t time_ms) const;
  int64_t StartOfDayMs(DayNumber day) const;  // the first moment of the day
  // The moment `minutes` civil minutes after midnight of `day` (the first one at or after it where
  // it is skipped).
  int64_t TimeOfDayMs(DayNumber day, int minutes) const;
  const std::string& zone_name() const { return zone_name_; }
  // Digest of the zone's transitions over [first, last]: unlike digests mean that days were cut
  // otherwise.
  uint64_t TransitionsDigest(DayNumber first, DayNumber last) const;

 private:
  // UTC offset in seconds of each UTC day since 1970-01-01, or kClocksChange where the offset
  // changes within that day.
  using OffsetTable = std::vector<int32_t>;

  BusinessCalendar(absl::TimeZone zone, std::string name);
  absl::TimeZone zone_;
  std::string zone_name_;
  std::shared_ptr<const OffsetTable> offsets_;
};

std::string FormatDay(DayNumber day);  // "2019-03-31"
// "2019-03-31", as FormatDay writes it. Errors: InvalidArgument.
absl::StatusOr<DayNumber> ParseDay(std::string_view text);
std::string FormatTimeMs(int64_t time_ms);  // "2019-03-31T08:15:00.250Z", UTC
// RFC 3339; a blank may stand for the T, seconds or the whole time of day may be left out; without
// Z or an offset: UTC. Digits below the millisecond are cut off. Errors: InvalidArgument.
absl::StatusOr<int64_t> ParseTimeMs(std::string_view text);

}  // namespace verdict::model
