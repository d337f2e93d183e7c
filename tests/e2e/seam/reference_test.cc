#include "e2e/seam/reference.h"

#include "e2e/seam/examples.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

using ::testing::ElementsAre;

const Offsets kAll = {1000};

int64_t Sum(const Reference& reference, const Question& question, int64_t time_ms,
            const Offsets& next = kAll) {
  return static_cast<int64_t>(reference.OfLog(question, "shop", time_ms, next).sum);
}

Fact OfKind(Kind kind, int64_t amount, int64_t time_ms) {
  Fact fact = Paid("p", amount, time_ms);
  fact.kind = kind;
  return fact;
}

TEST(Reference, AddsUpWholeBusinessDaysAlsoWhereOneHas25Hours) {
  const int64_t noon = At(10, 30, 12, 0);
  const Reference reference = LogOf()
                                  .Add(Paid("out", 1, At(9, 30, 23, 59)))
                                  .Add(Paid("first", 10, At(10, 1, 0, 0)))
                                  .Add(Paid("long day", 100, At(10, 29, 0, 0)))
                                  .Add(Paid("its end", 1000, At(10, 29, 0, 0) + 25 * kHour - 1))
                                  .Add(Paid("today", 10'000, noon))
                                  .Loaded();
  EXPECT_EQ(Sum(reference, kVolume, noon), 11'110);
  Question two_days = kVolume;
  two_days.days = 2;
  EXPECT_EQ(Sum(reference, two_days, noon), 11'100);
  two_days.days = 1;
  EXPECT_EQ(Sum(reference, two_days, noon), 10'000);
  EXPECT_EQ(Sum(reference, two_days, At(10, 29, 12, 0)), 1100);
}

TEST(Reference, CountsTheLogBelowAPointAlone) {
  const int64_t t = At(10, 28, 12, 0);
  const Reference reference = LogOf().Add(Paid("a", 1, t)).Add(Paid("b", 2, t)).Loaded();
  EXPECT_EQ(Sum(reference, kVolume, t, {0}), 0);
  EXPECT_EQ(Sum(reference, kVolume, t, {1}), 1);
  EXPECT_EQ(Sum(reference, kVolume, t, {2}), 3);
}

TEST(Reference, ARepeatIsADuplicateForEightQuartersOfAnHourAfterItsLastOccurrence) {
  const int64_t t = At(10, 28, 12, 0);
  const Reference reference =
      LogOf()
          .Add(Paid("a", 1, t))
          .Add(Paid("a", 1, t), t + 8 * 15 * kMinute)   // the 8th: known
          .Add(Paid("a", 1, t), t + 16 * 15 * kMinute)  // of the repeat's
          .Add(Paid("a", 1, t), t + 25 * 15 * kMinute)  // the 9th: forgotten
          .Loaded();
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(2, 0, 2, 0, 0, 0));
  EXPECT_EQ(Sum(reference, kVolume, t), 2);
}

TEST(Reference, TellsRefundsOfOnePaymentApartByTheirSequence) {
  const int64_t t = At(10, 28, 12, 0);
  Fact second = OfKind(Kind::kRefund, 5, t);
  second.sequence = 1;
  const Reference reference = LogOf()
                                  .Add(Paid("p", 100, t))
                                  .Add(OfKind(Kind::kRefund, 5, t))
                                  .Add(OfKind(Kind::kRefund, 5, t))
                                  .Add(second)
                                  .Loaded();
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(3, 0, 1, 0, 0, 0));
  EXPECT_EQ(Sum(reference, kVolume, t), 90);
}

TEST(Reference, ARefundOfNothingIsCountedNowhere) {
  const int64_t t = At(10, 28, 12, 0);
  Fact unknown = OfKind(Kind::kRefund, 0, t);
  unknown.base_amount.reset();
  unknown.sequence = 1;
  const Reference reference = LogOf()
                                  .Add(OfKind(Kind::kRefund, 0, t))
                                  .Add(unknown)  // it makes totals unknown
                                  .Add(OfKind(Kind::kReversal, 0, t))
                                  .Loaded();
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(2, 1, 0, 0, 0, 0));
}

TEST(Reference, RefundsAndReversalsTakeAwayOnTheirOwnDayAndHaveNoExtremes) {
  const int64_t t = At(10, 28, 12, 0);
  const Reference reference = LogOf()
                                  .Add(Paid("p", 100, t))
                                  .Add(OfKind(Kind::kRefund, 300, t + kHour))
                                  .Add(OfKind(Kind::kReversal, 100, t + kDay))
                                  .Add(OfKind(Kind::kLabel, 100, t + kDay))
                                  .Loaded();
  const Total total = reference.OfLog(kVolume, "shop", t + kDay, kAll);
  EXPECT_EQ(static_cast<int64_t>(total.sum), -300);
  EXPECT_EQ(total.count, 0);
  EXPECT_EQ(total.min, 100);
  EXPECT_EQ(total.max, 100);
  Question today = kVolume;
  today.days = 1;
  EXPECT_EQ(reference.OfLog(today, "shop", t + kDay, kAll).count, -1);
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(3, 1, 0, 0, 0, 0));
}

TEST(Reference, QuarantinesWhatIsOverSevenDaysLate) {
  const int64_t t = At(11, 2, 0, 30);
  const Reference reference = LogOf()
                                  .Add(Paid("now", 1, t))
                                  .Add(Paid("late", 10, At(10, 26, 0, 0)))
                                  .Add(Paid("too late", 100, At(10, 25, 23, 59)))
                                  .Loaded();
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(2, 0, 0, 1, 0, 0));
  EXPECT_EQ(Sum(reference, kVolume, t), 11);
}

TEST(Reference, QuarantinesWhatIsDatedOverFiveMinutesAheadOfItsStamp) {
  const int64_t t = At(10, 28, 12, 0);
  const Reference reference = LogOf()
                                  .Add(Paid("ahead", 1, t + 5 * kMinute), t)
                                  .Add(Paid("too far", 10, t + 5 * kMinute + 1), t)
                                  .Loaded();
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(1, 0, 0, 1, 0, 0));
}

TEST(Reference, WhatIsDatedInTheRealFutureMovesNoClock) {
  const int64_t t = At(10, 28, 12, 0);
  const Reference reference =
      LogOf().AddUnreadable(t + 3650 * kDay, true).Add(Paid("a", 1, t)).Loaded();
  EXPECT_THAT(reference.CountClasses(0, 0, 10), ElementsAre(1, 0, 0, 0, 0, 1));
}

TEST(Reference, ASlidingWindowIsOpenWhereItBegins) {
  const int64_t t = At(10, 28, 12, 0);
  const Question hour{.name = "merchant.volume_1h", .of_amount = true, .length_ms = kHour};
  const Reference reference = LogOf()
                                  .Add(Paid("out", 1, t - kHour))
                                  .Add(Paid("in", 10, t - kHour + 1))
                                  .Add(Paid("now", 100, t))
                                  .Add(Paid("later", 1000, t + 1))
                                  .Loaded();
  EXPECT_EQ(Sum(reference, hour, t), 110);
}

TEST(Reference, ReadsWhereByTheEventsOwnStatus) {
  const int64_t t = At(10, 28, 12, 0);
  Fact declined = Paid("b", 10, t);
  declined.status = "declined";
  const Reference reference = LogOf().Add(Paid("a", 1, t)).Add(declined).Loaded();
  EXPECT_EQ(Sum(reference, kApproved, t), 1);
  EXPECT_EQ(Sum(reference, kVolume, t), 11);
}

TEST(Reference, AnUnknownAmountMarksTheTotalButNotTheCountOfEvents) {
  const int64_t t = At(10, 28, 12, 0);
  Fact unknown = Paid("a", 0, t);
  unknown.base_amount.reset();
  const Reference reference = LogOf().Add(unknown).Loaded();
  EXPECT_TRUE(reference.OfLog(kVolume, "shop", t, kAll).amount_unknown);
  const Total counted = reference.OfLog(kCardCount, "card", t, kAll);
  EXPECT_FALSE(counted.amount_unknown);
  EXPECT_EQ(counted.count, 1);
}

TEST(Reference, AveragesRoundHalvesToEvenAlsoBelowZero) {
  const auto average = [](int64_t sum, int64_t count) {
    return *Reference::Finish(kAverage, {.sum = sum, .count = count, .min = {}, .max = {}}).real;
  };
  EXPECT_EQ(average(1, 3), 0.003333);
  EXPECT_EQ(average(1, 20'000 * 16), 0.0);  // 0.03125 units
  EXPECT_EQ(average(1, 20'000), 0.0);       // 0.5: to 0
  EXPECT_EQ(average(3, 20'000), 0.000002);  // 1.5: to 2
  EXPECT_EQ(average(-1, 20'000), 0.0);
  EXPECT_EQ(average(-3, 20'000), -0.000002);
  EXPECT_FALSE(Reference::Finish(kAverage, {.count = 0, .min = {}, .max = {}}).real.has_value());
}

TEST(Reference, SumsBeyondInt64AreTold) {
  Total total{.sum = static_cast<__int128>(INT64_MAX), .min = {}, .max = {}};
  EXPECT_FALSE(Reference::Finish(kVolume, total).beyond_int64);
  total.sum += 1;
  EXPECT_TRUE(Reference::Finish(kVolume, total).beyond_int64);
}

TEST(Reference, APaymentIsKnownWhileItsIdIsToldFromNewOnes) {
  const int64_t t = At(10, 28, 12, 0);
  const Reference reference = LogOf()
                                  .Add(Paid("a", 1, t))
                                  .Add(Paid("b", 1, t + 2 * kHour))
                                  .Add(Paid("c", 1, t + 3 * kHour))
                                  .Loaded();
  EXPECT_FALSE(reference.PaymentKnown("a", {0}));
  EXPECT_TRUE(reference.PaymentKnown("a", {1}));
  EXPECT_TRUE(reference.PaymentKnown("a", {2}));
  EXPECT_FALSE(reference.PaymentKnown("a", {3}));
  EXPECT_FALSE(reference.PaymentKnown("nobody", {3}));
}

}  // namespace
}  // namespace verdict::seam
