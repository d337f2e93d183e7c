// A script that lacks a hazard proves nothing about it.
#include "e2e/seam/world.h"

#include <algorithm>
#include <set>

#include "e2e/seam/decode.h"
#include "e2e/seam/examples.h"
#include "e2e/seam/payment_system.h"
#include "gtest/gtest.h"

namespace verdict::seam {
namespace {

WorldOptions Options(uint64_t seed) {
  return {.seed = seed,
          .start_ms = At(10, 28, 22, 0),
          .span_ms = 33 * kHour,
          .payments = 14'000,
          .history_events = 10'000};
}

const World& TheWorld() {
  static const World* const world = new World(MakeWorld(Options(1)));
  return *world;
}

template <typename Predicate>
int64_t CountPayments(Predicate predicate) {
  return std::count_if(TheWorld().payments.begin(), TheWorld().payments.end(), predicate);
}

std::string BytesOf(const World& world) {
  std::string bytes;
  for (const PlannedPayment& payment : world.payments) {
    bytes += MessageOf(payment.fact, false).value;
    bytes += std::to_string(payment.event.delay_ms);
  }
  for (const Extra& extra : world.extras) bytes += std::to_string(extra.due_ms) + extra.value;
  for (const Fact& fact : world.history) bytes += MessageOf(fact, false).value;
  return bytes;
}

TEST(World, IsTheSameForOneSeedAndAnotherForAnother) {
  EXPECT_EQ(BytesOf(MakeWorld(Options(5))), BytesOf(MakeWorld(Options(5))));
  EXPECT_NE(BytesOf(MakeWorld(Options(5))), BytesOf(MakeWorld(Options(6))));
}

TEST(World, PaymentsFollowTheClockAndHaveIdsOfTheirOwn) {
  std::set<std::string> ids;
  int64_t before_ms = 0;
  for (const PlannedPayment& payment : TheWorld().payments) {
    EXPECT_GE(payment.fact.time_ms, before_ms);
    before_ms = payment.fact.time_ms;
    EXPECT_TRUE(ids.insert(payment.fact.id).second);
    EXPECT_FALSE(payment.fact.merchant.empty() || payment.fact.card.empty());
  }
}

TEST(World, HasEachWayInWhichAnEventMayCome) {
  using When = EventPlan::When;
  EXPECT_GT(CountPayments([](const auto& p) { return p.event.when == When::kNever; }), 50);
  EXPECT_GT(CountPayments([](const auto& p) { return p.event.when == When::kBefore; }), 50);
  EXPECT_GT(CountPayments([](const auto& p) { return p.event.delay_ms > 10 * kMinute; }), 50);
  EXPECT_GT(CountPayments([](const auto& p) { return p.event.amount_change != 0; }), 50);
  EXPECT_GT(CountPayments([](const auto& p) { return p.event.json; }), 500);
}

TEST(World, RepeatsComeAtOnceAndAboutWhereTheirWindowEnds) {
  int soon = 0, edge_inside = 0, edge_outside = 0;
  for (const PlannedPayment& payment : TheWorld().payments) {
    for (const int64_t later_ms : payment.event.repeats_ms) {
      soon += later_ms < kMinute;
      edge_inside += later_ms > 115 * kMinute && later_ms <= 120 * kMinute;
      edge_outside += later_ms > 135 * kMinute;
    }
  }
  EXPECT_GT(soon, 50);
  EXPECT_GT(edge_inside, 5);
  EXPECT_GT(edge_outside, 5);
}

TEST(World, HasRefundsReversalsAndLabels) {
  for (const Kind kind : {Kind::kRefund, Kind::kReversal, Kind::kLabel}) {
    EXPECT_GT(CountPayments([&](const auto& p) {
                return std::any_of(p.event.follow_ups.begin(), p.event.follow_ups.end(),
                                   [&](const FollowUp& one) { return one.kind == kind; });
              }),
              100);
  }
}

TEST(World, HasPaymentsOfOneMomentUnknownAmountsAndIdleKeys) {
  int64_t twins = 0;
  for (size_t i = 1; i < TheWorld().payments.size(); ++i) {
    const Fact& fact = TheWorld().payments[i].fact;
    const Fact& before = TheWorld().payments[i - 1].fact;
    twins += fact.time_ms == before.time_ms && fact.card == before.card;
  }
  EXPECT_GT(twins, 100);
  EXPECT_GT(CountPayments([](const auto& p) { return !p.fact.base_amount; }), 20);
  EXPECT_EQ(CountPayments([](const auto& p) { return !p.fact.base_amount && !p.tainted; }), 0);
  EXPECT_EQ(CountPayments([](const auto& p) { return p.fact.card[0] == 'f' && !p.tainted; }), 0);
  EXPECT_GT(CountPayments([](const auto& p) { return p.fact.merchant.starts_with("idle"); }), 40);
}

TEST(World, AFewMerchantsTakeMostOfIt) {
  const int64_t first = CountPayments([](const auto& p) { return p.fact.merchant == "m0"; });
  const int64_t hundredth = CountPayments([](const auto& p) { return p.fact.merchant == "m99"; });
  EXPECT_GT(first, 1000);
  EXPECT_LT(hundredth, 100);
}

TEST(World, HasEventsOfEachAgeAndRecordsThatNobodyCanCount) {
  const int64_t latest_ms = At(12, 31, 23, 59);
  int64_t quarantined = 0, days_late = 0, dead = 0;
  std::set<Extra::What> kinds;
  for (const Extra& extra : TheWorld().extras) {
    kinds.insert(extra.what);
    dead += extra.what != Extra::What::kFact;
    if (extra.what != Extra::What::kFact) continue;
    quarantined += extra.due_ms - extra.fact.time_ms > 8 * kDay;
    days_late += extra.due_ms - extra.fact.time_ms > kDay;
  }
  EXPECT_EQ(kinds.size(), 6);
  EXPECT_GT(quarantined, 5);
  EXPECT_GT(days_late, 100);
  EXPECT_GT(dead, 30);
  EXPECT_LT(At(10, 30, 12, 0), latest_ms);
}

TEST(World, HistoryIsALittleOutOfOrderAndReachesBackBeyondEveryWindow) {
  const std::vector<Fact>& history = TheWorld().history;
  int64_t out_of_order = 0;
  for (size_t i = 1; i < history.size(); ++i) {
    out_of_order += history[i].time_ms < history[i - 1].time_ms;
  }
  EXPECT_GT(out_of_order, 100);
  EXPECT_LT(history.front().time_ms, At(10, 28, 22, 0) - 31 * kDay);
  EXPECT_LE(history.back().time_ms, At(10, 28, 22, 0));
}

}  // namespace
}  // namespace verdict::seam
