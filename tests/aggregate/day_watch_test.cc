// What a process knows of imports, and when it goes by it.
#include "aggregate/day_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

namespace verdict::aggregate {
namespace {

using feature::kNoDay;

constexpr int64_t kHourMs = 3'600'000;

DayManifest Published(model::DayNumber before, model::DayNumber first_day = 100) {
  DayManifest manifest;
  manifest.late_days = 3;
  manifest.since_ms = 77;
  manifest.log_from = 110;
  manifest.published = DayImport{.before = before, .first_day = first_day};
  return manifest;
}

TEST(DayWatch, KnowsNothingOfAMeasureThatIsNotImported) {
  DayWatch watch({});
  EXPECT_FALSE(watch.See(std::nullopt, 0, false).has_value());
}

TEST(DayWatch, AnAnnouncedImportTellsItsLimitAndNothingElse) {
  DayWatch watch({});
  DayManifest manifest = Published(120);
  manifest.announced = std::exchange(manifest.published, std::nullopt);
  const auto mode = watch.See(manifest, 0, false);
  ASSERT_TRUE(mode.has_value());
  EXPECT_EQ(*mode, (feature::DayMode{.late_days = 3, .since_ms = 77, .log_from = 110}));
}

TEST(DayWatch, WhatIsPublishedBeforeAnythingWasReadGoesAtOnce) {
  DayWatch watch({});
  const auto mode = watch.See(Published(120), 5, true);
  EXPECT_EQ(mode->before, 120);
  EXPECT_EQ(mode->first_day, 100);
  EXPECT_EQ(mode->kept_from, 120);
  // Nothing was read from the store yet; what memory holds stays a day all the same.
  EXPECT_EQ(watch.drop_before(), kNoDay);
  watch.See(Published(120), 5 + 24 * kHourMs, false);
  EXPECT_EQ(watch.drop_before(), 120);
}

TEST(DayWatch, ALaterImportGoesForAbsentKeysOnceNoOlderAnswerIsRemembered) {
  DayWatch watch({.absent_after_ms = 2 * kHourMs, .drop_after_ms = 24 * kHourMs});
  watch.See(std::nullopt, 0, false);
  EXPECT_EQ(watch.See(Published(120), 10, false)->before, kNoDay);
  EXPECT_EQ(watch.See(Published(120), 10 + 2 * kHourMs - 1, false)->before, kNoDay);
  EXPECT_EQ(watch.See(Published(120), 10 + 2 * kHourMs, false)->before, 120);
  // A newer one begins its own time; the older one goes on meanwhile.
  EXPECT_EQ(watch.See(Published(121), 10 + 3 * kHourMs, false)->before, 120);
  EXPECT_EQ(watch.See(Published(121), 10 + 5 * kHourMs, false)->before, 121);
}

TEST(DayWatch, MemoryMayLetGoOfADayADayAfterItsImport) {
  DayWatch watch({.absent_after_ms = 2 * kHourMs, .drop_after_ms = 24 * kHourMs});
  watch.See(std::nullopt, 0, false);
  EXPECT_EQ(watch.See(Published(120), 0, false)->kept_from, kNoDay);
  EXPECT_EQ(watch.See(Published(121), 12 * kHourMs, false)->kept_from, kNoDay);
  EXPECT_EQ(watch.See(Published(121), 24 * kHourMs, false)->kept_from, 120);
  EXPECT_EQ(watch.drop_before(), 120);
  EXPECT_EQ(watch.See(Published(121), 36 * kHourMs, false)->kept_from, 121);
  EXPECT_EQ(watch.drop_before(), 121);
}

TEST(DayWatch, AStoreThatComesBackOlderBringsNoDayBack) {
  DayWatch watch({});
  watch.See(Published(120), 0, true);
  const auto mode = watch.See(Published(118), kHourMs, false);
  EXPECT_EQ(mode->before, 120);
  EXPECT_EQ(mode->kept_from, 120);
  EXPECT_EQ(watch.See(std::nullopt, 2 * kHourMs, false)->kept_from, 120);
}

TEST(DayWatch, ACorrectionThatReachesFurtherBackIsKnownAtOnce) {
  DayWatch watch({});
  watch.See(Published(120, 100), 0, true);
  EXPECT_EQ(watch.See(Published(120, 90), 1, false)->first_day, 90);
}

}  // namespace
}  // namespace verdict::aggregate
