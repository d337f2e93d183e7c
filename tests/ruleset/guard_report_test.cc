// When the guard refuses, and what people read then.
#include "ruleset/guard_report.h"

#include "gtest/gtest.h"

namespace verdict::ruleset {
namespace {

using model::Outcome;

GuardReport Report(uint64_t decisions, uint64_t before, uint64_t after) {
  GuardReport report;
  report.decisions = decisions;
  report.denied_before = before;
  report.denied_after = after;
  report.from_ms = 1'795'171'298'000;
  report.until_ms = 1'795'171'315'000;
  report.currency = "EUR";
  return report;
}

TEST(GuardReport, RefusesBeyondTheBoundUpAndDown) {
  EXPECT_FALSE(IsBeyond(Report(1000, 10, 30), 2.0)) << "exactly on the bound";
  EXPECT_TRUE(IsBeyond(Report(1000, 10, 31), 2.0));
  EXPECT_FALSE(IsBeyond(Report(1000, 30, 10), 2.0));
  EXPECT_TRUE(IsBeyond(Report(1000, 31, 10), 2.0));
  EXPECT_TRUE(IsBeyond(Report(1000, 10, 11), 0.0));
  EXPECT_FALSE(IsBeyond(Report(1000, 10, 10), 0.0));
  EXPECT_FALSE(IsBeyond(Report(99, 0, 99), 2.0)) << "too few to tell";
  EXPECT_TRUE(IsBeyond(Report(100, 0, 3), 2.0));
  EXPECT_FALSE(IsBeyond(Report(0, 0, 0), 0.0));
}

TEST(GuardReport, IsToldInCountsAndMoney) {
  GuardReport report = Report(10'000, 140, 450);
  report.flips = {{Outcome::kAllow,
                   Outcome::kDeny,
                   314,
                   5'024'150,
                   0,
                   {{"device_farm", 301}, {"card_testing", 13}}},
                  {Outcome::kDeny, Outcome::kAllow, 4, 12'000, 1, {}}};
  report.unknown = {"card.count_1h", "device.cards_1d"};
  EXPECT_EQ(
      RefusalText(report, "4be07d1c9a52", 2.0),
      "set 4be07d1c9a52 moves the share of DENY from 1.4 % to 4.5 %, +3.1 points; "
      "guard.max_deny_shift is 2.0\n"
      "  ALLOW  -> DENY       314        50,241.50 EUR   by device_farm 301, card_testing 13\n"
      "  DENY   -> ALLOW        4           120.00 EUR and 1 without a known amount\n"
      "  9,682 of the last 10,000 live decisions (10:41:38 to 10:41:55 UTC) stay the same\n"
      "  new features, which no decision has seen, were missing: card.count_1h, device.cards_1d\n"
      "To publish it all the same: verdict rules activate 4be07d1c9a52 --force 4be07d1c9a52\n");
  EXPECT_EQ(ShiftText(report), "share of DENY +3.1 points");
  EXPECT_EQ(ShiftText(Report(1000, 20, 10)), "share of DENY -1.0 points");
  EXPECT_EQ(ShiftText(Report(50, 0, 50)),
            "share of DENY +100.0 points of 50 decisions, too few to judge by");
  EXPECT_EQ(ShiftText(Report(0, 0, 0)), "no live decisions yet");
}

}  // namespace
}  // namespace verdict::ruleset
