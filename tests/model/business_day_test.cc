// Days against the zone database, where clocks change above all.
#include "model/business_day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/time/civil_time.h"
#include "support/status_matchers.h"

namespace verdict::model {
namespace {

using ::testing::HasSubstr;
using verdict::testing::IsOk;
using verdict::testing::StatusIs;

constexpr int64_t kHourMs = 3'600'000;

BusinessCalendar Calendar(const std::string& zone) {
  auto calendar = BusinessCalendar::Load(zone);
  EXPECT_THAT(calendar, IsOk());
  return *std::move(calendar);
}

DayNumber Day(int year, int month, int day) {
  return static_cast<DayNumber>(absl::CivilDay(year, month, day) - absl::CivilDay(1970, 1, 1));
}

// The reference: the date on the wall in that zone, by absl alone.
DayNumber WallDay(const absl::TimeZone& zone, int64_t time_ms) {
  return static_cast<DayNumber>(absl::ToCivilDay(absl::FromUnixMillis(time_ms), zone) -
                                absl::CivilDay(1970, 1, 1));
}

struct ClockChange {
  const char* zone;
  int year, month, day;  // the business day that is longer or shorter
  double hours;
};

// Six zones: changes by night, at midnight itself (forwards: the day starts at 01:00; backwards:
// the day before has 23:00 twice), at one minute past midnight (the date on the wall goes back for
// an hour), by half an hour, and +05:45.
const std::vector<ClockChange> kChanges = {
    {"Europe/Paris", 2019, 3, 31, 23},          {"Europe/Paris", 2019, 10, 27, 25},
    {"America/New_York", 2026, 3, 8, 23},       {"America/New_York", 2026, 11, 1, 25},
    {"America/Sao_Paulo", 2018, 11, 4, 23},     {"America/Sao_Paulo", 2018, 2, 17, 25},
    {"Asia/Beirut", 2022, 3, 27, 23},           {"Asia/Beirut", 2022, 10, 29, 25},
    {"Australia/Lord_Howe", 2019, 10, 6, 23.5}, {"Australia/Lord_Howe", 2019, 4, 7, 24.5},
    {"Asia/Kathmandu", 2019, 7, 1, 24},         {"UTC", 2016, 2, 29, 24},
};

TEST(BusinessCalendar, KnowsLongAndShortDays) {
  for (const ClockChange& change : kChanges) {
    const BusinessCalendar calendar = Calendar(change.zone);
    const DayNumber day = Day(change.year, change.month, change.day);
    const int64_t length = calendar.StartOfDayMs(day + 1) - calendar.StartOfDayMs(day);
    EXPECT_EQ(length, static_cast<int64_t>(change.hours * kHourMs))
        << change.zone << FormatDay(day);
  }
}

TEST(BusinessCalendar, TurnsTheDayAtItsFirstMillisecond) {
  for (const ClockChange& change : kChanges) {
    const BusinessCalendar calendar = Calendar(change.zone);
    const DayNumber changed = Day(change.year, change.month, change.day);
    for (DayNumber day = changed - 1; day <= changed + 2; ++day) {
      const int64_t start = calendar.StartOfDayMs(day);
      for (int64_t ms = 0; ms < 50; ++ms) {
        ASSERT_EQ(calendar.DayOf(start + ms), day) << change.zone;
        ASSERT_EQ(calendar.DayOf(start - 1 - ms), day - 1) << change.zone;
      }
    }
  }
}

TEST(BusinessCalendar, GivesTheDateOnTheWallOnAndAroundEveryChange) {
  for (const ClockChange& change : kChanges) {
    const BusinessCalendar calendar = Calendar(change.zone);
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(change.zone, &zone));
    const int64_t start = calendar.StartOfDayMs(Day(change.year, change.month, change.day));
    for (int64_t ms = -30 * kHourMs; ms < 54 * kHourMs; ms += 59'999) {
      ASSERT_EQ(calendar.DayOf(start + ms), WallDay(zone, start + ms)) << change.zone << ms;
    }
  }
}

TEST(BusinessCalendar, GivesTheDateOnTheWallInEveryHourOfManyYears) {
  for (const char* name : {"Europe/Paris", "America/Sao_Paulo", "Asia/Beirut", "Pacific/Apia",
                           "America/St_Johns", "Africa/Monrovia", "Asia/Kathmandu"}) {
    const BusinessCalendar calendar = Calendar(name);
    absl::TimeZone zone;
    ASSERT_TRUE(absl::LoadTimeZone(name, &zone));
    const int64_t end = absl::ToUnixMillis(absl::FromCivil(absl::CivilDay(2030, 1, 1), zone));
    for (int64_t ms = -400 * 24 * kHourMs; ms < end; ms += 7 * kHourMs + 1) {
      ASSERT_EQ(calendar.DayOf(ms), WallDay(zone, ms)) << name << ms;
    }
  }
}

// Newfoundland set its clocks back at 00:01, so that for one minute it was tomorrow and then today
// again.
TEST(BusinessCalendar, FollowsTheDateOnTheWallEvenWhereItGoesBack) {
  const BusinessCalendar calendar = Calendar("America/St_Johns");
  const DayNumber sunday = Day(2010, 11, 7);
  const int64_t start = calendar.StartOfDayMs(sunday);
  EXPECT_EQ(calendar.DayOf(start), sunday);
  EXPECT_EQ(calendar.DayOf(start + 60'000 - 1), sunday);
  EXPECT_EQ(calendar.DayOf(start + 60'000), sunday - 1);
  EXPECT_EQ(calendar.DayOf(start + 60'000 + 59 * 60'000), sunday);
}

TEST(BusinessCalendar, HasAnEmptyDayWhereAZoneJumpedTheDateLine) {
  const BusinessCalendar apia = Calendar("Pacific/Apia");
  const DayNumber skipped = Day(2011, 12, 30);
  EXPECT_EQ(apia.StartOfDayMs(skipped), apia.StartOfDayMs(skipped + 1));
  EXPECT_EQ(apia.DayOf(apia.StartOfDayMs(skipped)), skipped + 1);
  EXPECT_EQ(apia.DayOf(apia.StartOfDayMs(skipped) - 1), skipped - 1);
}

TEST(BusinessCalendar, WorksOutsideItsTable) {
  const BusinessCalendar utc = Calendar("UTC");
  EXPECT_EQ(utc.DayOf(-1), -1);
  EXPECT_EQ(utc.DayOf(utc.StartOfDayMs(Day(2100, 1, 1)) - 1), Day(2099, 12, 31));
  EXPECT_EQ(utc.DayOf(utc.StartOfDayMs(Day(2100, 1, 1))), Day(2100, 1, 1));
  const BusinessCalendar paris = Calendar("Europe/Paris");
  EXPECT_EQ(paris.DayOf(paris.StartOfDayMs(Day(2150, 7, 14))), Day(2150, 7, 14));
  EXPECT_EQ(paris.DayOf(paris.StartOfDayMs(Day(1950, 7, 14)) - 1), Day(1950, 7, 13));
}

TEST(BusinessCalendar, FindsATimeOfDayAlsoWhereItIsSkippedOrComesTwice) {
  const BusinessCalendar paris = Calendar("Europe/Paris");
  const DayNumber spring = Day(2019, 3, 31);
  EXPECT_EQ(FormatTimeMs(paris.TimeOfDayMs(spring, 10)), "2019-03-30T23:10:00.000Z");
  EXPECT_EQ(FormatTimeMs(paris.TimeOfDayMs(spring, 150)), "2019-03-31T01:00:00.000Z");  // 02:30
  EXPECT_EQ(FormatTimeMs(paris.TimeOfDayMs(spring, 200)), "2019-03-31T01:20:00.000Z");  // 03:20
  const DayNumber autumn = Day(2019, 10, 27);
  EXPECT_EQ(FormatTimeMs(paris.TimeOfDayMs(autumn, 150)), "2019-10-27T00:30:00.000Z");
  const BusinessCalendar sao_paulo = Calendar("America/Sao_Paulo");
  EXPECT_EQ(FormatTimeMs(sao_paulo.TimeOfDayMs(Day(2018, 11, 4), 10)), "2018-11-04T03:00:00.000Z");
}

TEST(BusinessCalendar, DigestTellsWhetherDaysWereCutAlike) {
  const BusinessCalendar paris = Calendar("Europe/Paris");
  const DayNumber first = Day(2019, 3, 1), last = Day(2019, 4, 7);
  EXPECT_EQ(paris.TransitionsDigest(first, last),
            Calendar("Europe/Berlin").TransitionsDigest(first, last));
  EXPECT_NE(paris.TransitionsDigest(first, last),
            Calendar("Africa/Lagos").TransitionsDigest(first, last));
  EXPECT_NE(paris.TransitionsDigest(first, last), Calendar("UTC").TransitionsDigest(first, last));
  EXPECT_EQ(paris.TransitionsDigest(Day(2019, 6, 1), Day(2019, 7, 1)),
            paris.TransitionsDigest(Day(2019, 7, 1), Day(2019, 8, 1)));
}

// Yukon went from Pacific summer time to Mountain standard time without touching its clocks.
TEST(BusinessCalendar, DigestIgnoresChangesOfNameAlone) {
  const DayNumber first = Day(2020, 10, 15), last = Day(2020, 11, 15);
  EXPECT_EQ(Calendar("America/Whitehorse").TransitionsDigest(first, last),
            Calendar("America/Phoenix").TransitionsDigest(first, last));
}

TEST(BusinessCalendar, RefusesAZoneItDoesNotKnow) {
  EXPECT_THAT(BusinessCalendar::Load("Mars/Olympus"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`Mars/Olympus`")));
  EXPECT_THAT(BusinessCalendar::Load(""), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(FormatDay, WritesIsoDates) {
  EXPECT_EQ(FormatDay(0), "1970-01-01");
  EXPECT_EQ(FormatDay(-1), "1969-12-31");
  EXPECT_EQ(FormatDay(Day(2019, 3, 31)), "2019-03-31");
}

TEST(ParseDay, ReadsWhatFormatDayWritesAndNothingElse) {
  for (const DayNumber day : {-1, 0, 17'897, 20'000, 65'535}) {
    EXPECT_EQ(ParseDay(FormatDay(day)).value(), day);
  }
  for (const char* text :
       {"", "2019-3-31", "2019-02-29", "2019-13-01", "2019-00-01", "2019-01-00", "2019-03-31 ",
        "31.03.2019", "2019/03/31", "-019-03-31", "2019--3-31", "20190331xx", "2019-03-3x"}) {
    EXPECT_THAT(ParseDay(text),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("2019-03-31")))
        << text;
  }
}

TEST(FormatTimeMs, WritesUtcWithMilliseconds) {
  EXPECT_EQ(FormatTimeMs(1'554'020'100'250), "2019-03-31T08:15:00.250Z");
  EXPECT_EQ(FormatTimeMs(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace verdict::model
