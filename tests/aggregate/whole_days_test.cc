// Which days are said to be missing from blobs.
#include "aggregate/whole_days.h"

#include "gtest/gtest.h"

namespace verdict::aggregate {
namespace {

constexpr feature::CutId kCut = 20'000;

Manifest Published(int kept_then) {
  Manifest manifest;
  manifest.state = Manifest::State::kPublished;
  manifest.cut = manifest.published = kCut;
  manifest.zone_first = kCut - kept_then;
  return manifest;
}
constexpr DaysAsked Asked(int kept_days, bool expire = false) {
  return {.kept_days = kept_days, .expire = expire, .today = kCut + 3};
}

TEST(WholeDays, NoneIsMissingFromWhatWasNeverFoldedOrIsKeptAsLong) {
  EXPECT_EQ(WholeFrom(Manifest(), Asked(38, true)), std::nullopt);
  EXPECT_EQ(WholeFrom(Published(38), Asked(38, true)), std::nullopt);
  EXPECT_EQ(WholeFrom(Published(98), Asked(38, true)), std::nullopt);
}

TEST(WholeDays, WhatFoldsLeftOutIsMissingWhereWindowsReachIt) {
  Manifest manifest = Published(38);
  manifest.oldest_day = kCut - 38;
  EXPECT_EQ(WholeFrom(manifest, Asked(38)), std::nullopt);
  EXPECT_EQ(WholeFrom(manifest, Asked(39)), kCut - 38);
  manifest.oldest_day = kCut - 2;  // the log had lost its head
  EXPECT_EQ(WholeFrom(manifest, Asked(38)), kCut - 2);
}

// A value written at the cut is gone 38 + 7 days later; its days are the cut's at the most.
TEST(WholeDays, WhatMayHaveExpiredIsMissingUntilAFoldHasWrittenItAgain) {
  EXPECT_EQ(WholeFrom(Published(38), Asked(98)), std::nullopt) << "nothing expires there";
  EXPECT_EQ(WholeFrom(Published(38), Asked(98, true)), kCut + 3 - 38);
  DaysAsked later = Asked(98, true);
  later.today = kCut + 60;
  EXPECT_EQ(WholeFrom(Published(38), later), kCut + 60 - 38) << "it goes on while none is written";
  EXPECT_EQ(WholeFrom(Published(98), later), std::nullopt);
  Manifest manifest = Published(38);
  manifest.oldest_day = kCut - 20;
  EXPECT_EQ(WholeFrom(manifest, Asked(98, true)), kCut - 20) << "the later of the two";
}

}  // namespace
}  // namespace verdict::aggregate
