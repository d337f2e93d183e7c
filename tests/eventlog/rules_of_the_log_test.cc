// Lateness, cuts and partitions: pure functions of a record.
#include "eventlog/rules_of_the_log.h"

#include <set>
#include <string>

#include "eventlog/event_source.h"
#include "gtest/gtest.h"

namespace verdict::eventlog {
namespace {

constexpr int64_t kHourMs = 3'600'000;

model::BusinessCalendar Zone(std::string_view name) { return *model::BusinessCalendar::Load(name); }

int64_t At(std::string_view text) { return *model::ParseTimeMs(text); }

TEST(Lateness, AnEventMoreThanTheSkewAheadOfItsRecordIsQuarantined) {
  const feature::FeatureOptions options;
  const auto utc = Zone("UTC");
  const int64_t record = At("2026-03-10T12:00:00Z");
  EXPECT_FALSE(IsQuarantined(record + options.future_skew_ms, record, options, utc));
  EXPECT_TRUE(IsQuarantined(record + options.future_skew_ms + 1, record, options, utc));
}

TEST(Lateness, AnEventIsAcceptedLateByWholeDays) {
  const feature::FeatureOptions options;
  const auto utc = Zone("UTC");
  const int64_t record = At("2026-03-10T23:59:59Z");
  EXPECT_FALSE(IsQuarantined(At("2026-03-03T00:00:00Z"), record, options, utc));
  EXPECT_TRUE(IsQuarantined(At("2026-03-02T23:59:59.999Z"), record, options, utc));
}

TEST(Lateness, DaysAreThoseOfTheZoneWhereClocksChange) {
  const feature::FeatureOptions options;
  const auto paris = Zone("Europe/Paris");  // 23 hours on 2026-03-29
  const int64_t record = At("2026-03-31T00:30:00+02:00");
  EXPECT_FALSE(IsQuarantined(At("2026-03-24T00:00:00+01:00"), record, options, paris));
  EXPECT_TRUE(IsQuarantined(At("2026-03-23T23:59:59+01:00"), record, options, paris));
}

TEST(Lateness, TheShortCutAgreesWithTheDays) {
  for (const char* name : {"UTC", "Europe/Paris", "America/Sao_Paulo", "Pacific/Apia"}) {
    const auto zone = Zone(name);
    for (int late = 0; late <= 8; ++late) {
      feature::FeatureOptions options;
      options.late_accept_days = late;
      for (int64_t record = At("2011-12-20T00:00:00Z"); record < At("2012-01-12T00:00:00Z");
           record += 7 * kHourMs + 60'000) {
        for (int64_t event = record - 11 * 24 * kHourMs; event <= record; event += 5 * kHourMs) {
          const bool late_by_days = zone.DayOf(event) < zone.DayOf(record) - late;
          ASSERT_EQ(IsQuarantined(event, record, options, zone), late_by_days)
              << name << " " << model::FormatTimeMs(record) << " " << model::FormatTimeMs(event);
        }
      }
    }
  }
}

TEST(Lateness, AnyEventTimeHasAVerdict) {
  const feature::FeatureOptions options;
  const auto utc = Zone("UTC");
  EXPECT_TRUE(IsQuarantined(INT64_MAX, 0, options, utc));
  EXPECT_TRUE(IsQuarantined(INT64_MAX, INT64_MIN + 1, options, utc));
}

TEST(Lateness, AnEventIsAnOrphanOnceItsDayIsMoreThanTheLimitBehindItsRecord) {
  const auto paris = model::BusinessCalendar::Load("Europe/Paris").value();
  const feature::DayMode mode = {.late_days = 2, .since_ms = At("2026-03-01T00:00:00Z")};
  const model::DayNumber day = paris.DayOf(At("2026-03-28T12:00:00+01:00"));
  // The clocks change on the 29th: days are told by the calendar, not by hours.
  EXPECT_FALSE(IsOrphan(day, At("2026-03-30T23:59:59.999+02:00"), mode, paris));
  EXPECT_TRUE(IsOrphan(day, At("2026-03-31T00:00:00+02:00"), mode, paris));
  EXPECT_FALSE(IsOrphan(day + 1, At("2026-03-31T00:00:00+02:00"), mode, paris));
}

TEST(Lateness, WhatWasRecordedBeforeTheFirstImportIsNoOrphan) {
  const auto utc = model::BusinessCalendar::Load("UTC").value();
  const feature::DayMode mode = {.late_days = 2, .since_ms = At("2026-03-10T08:00:00Z")};
  const model::DayNumber day = utc.DayOf(At("2026-03-05T12:00:00Z"));
  EXPECT_FALSE(IsOrphan(day, mode.since_ms - 1, mode, utc));
  EXPECT_TRUE(IsOrphan(day, mode.since_ms, mode, utc));
}

TEST(Lateness, ADayThatCannotBeKeptIsQuarantined) {
  const auto west = model::BusinessCalendar::Load("America/New_York").value();
  constexpr int64_t kHourMs = 3'600'000;
  EXPECT_TRUE(IsQuarantined(1, 1, {}, west)) << "the evening of the day before the first";
  EXPECT_FALSE(IsQuarantined(5 * kHourMs, 5 * kHourMs, {}, west));
  const int64_t last_ms = west.StartOfDayMs(kLastDayCounted);
  EXPECT_FALSE(IsQuarantined(last_ms, last_ms, {}, west));
  EXPECT_TRUE(IsQuarantined(last_ms + 25 * kHourMs, last_ms + 25 * kHourMs, {}, west));
}

TEST(CutSchedule, ARecordBelongsToTheNewestCutAtOrBeforeIt) {
  const CutSchedule schedule(Zone("UTC"));
  const int64_t cut = At("2026-03-10T00:10:00Z");
  const feature::CutId id = schedule.EpochOf(cut);
  EXPECT_EQ(schedule.CutTimeMs(id), cut);
  EXPECT_EQ(schedule.EpochOf(cut - 1), id - 1);
  EXPECT_EQ(schedule.EpochOf(cut + 24 * kHourMs - 1), id);
  EXPECT_EQ(schedule.EpochOf(cut + 24 * kHourMs), id + 1);
  EXPECT_EQ(model::FormatDay(id), "2026-03-10");
}

TEST(CutSchedule, EpochsAndCutTimesAgreeWhereClocksChange) {
  for (const char* name :
       {"UTC", "Europe/Paris", "America/Sao_Paulo", "Pacific/Apia", "Asia/Tehran"}) {
    for (const int minutes : {0, 10, 150, 1439}) {
      const CutSchedule schedule(Zone(name), minutes);
      feature::CutId previous = INT32_MIN;
      for (int64_t time = At("2011-09-01T00:00:00Z"); time < At("2012-05-01T00:00:00Z");
           time += 10 * 60'000) {
        const feature::CutId epoch = schedule.EpochOf(time);
        ASSERT_GE(epoch, previous) << name;
        ASSERT_LE(schedule.CutTimeMs(epoch), time) << name;
        previous = epoch;
      }
    }
  }
}

TEST(CutSchedule, WhatIsKnownOfADayChangesNoEpoch) {
  for (const char* name : {"UTC", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns"}) {
    const CutSchedule schedule(Zone(name), 10);
    CutSchedule::CutOfDay known;
    const int64_t first = At("2011-09-01T00:00:00Z");
    for (int64_t i = 0; i < 20'000; ++i) {
      const int64_t time = first + i * 15 * 60'000 - (i % 5 == 0 ? 40 * kHourMs : 0);
      ASSERT_EQ(schedule.EpochOf(time, &known), schedule.EpochOf(time)) << name << " " << time;
    }
  }
}

TEST(EventClassName, EveryClassHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i < kEventClasses; ++i) names.insert(EventClassName(static_cast<EventClass>(i)));
  EXPECT_EQ(names.size(), static_cast<size_t>(kEventClasses));
  EXPECT_EQ(names.count("unknown"), 0u);
}

TEST(PartitionOf, IsTheSameForEver) {
  EXPECT_EQ(PartitionOf("m-1", 8), PartitionOf("m-1", 8));
  // A log written by an earlier build is read by this one: these values may never change.
  EXPECT_EQ(PartitionOf("", 8), 4);
  EXPECT_EQ(PartitionOf("acme", 8), 5);
  EXPECT_EQ(PartitionOf("merchant-42", 8), 1);
}

TEST(PartitionOf, SpreadsMerchants) {
  std::vector<int> counts(8);
  for (int i = 0; i < 8000; ++i) ++counts[PartitionOf("merchant-" + std::to_string(i), 8)];
  for (const int count : counts) {
    EXPECT_GT(count, 850);
    EXPECT_LT(count, 1150);
  }
}

}  // namespace
}  // namespace verdict::eventlog
