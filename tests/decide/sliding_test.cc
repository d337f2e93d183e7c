// Features whose windows slide, through Score: the log, the provisionals of others, the payment
// once.
#include "decide/decider.h"
#include "decide/world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::decide {
namespace {

using testing::IsOk;
using testing::World;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kHourMs = 60 * kMinuteMs;

testing::RuleTexts SlidingRules() {
  testing::RuleTexts texts = World::DefaultRules();
  texts.features = R"({ "features": [
    { "name": "sum_1h", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor",
      "window": "1h", "where": "txn.status == 'approved'" },
    { "name": "max_5m", "entity": "merchant", "aggregate": "max", "of": "txn.amount_base_minor",
      "window": "5m", "where": "txn.status == 'approved'" },
    { "name": "avg_24h", "entity": "card", "aggregate": "avg", "window": "24h" },
    { "name": "count_10m", "entity": "card", "aggregate": "count", "window": "10m" } ] })";
  texts.rules = R"({ "schema": "txn/1", "rules": [
    { "id": "burst", "name": "Burst", "owner": "t", "mode": "live", "action": "deny", "reason": "VELOCITY",
      "when_all": [ "card.count_10m >= 3", "merchant.sum_1h > 0.0", "card.avg_24h > 0.0",
                    "merchant.max_5m > 0.0" ],
      "tests": [ { "name": "y", "expect": "match", "given": { "card": { "count_10m": 3, "avg_24h": 1 },
                                                              "merchant": { "sum_1h": 1, "max_5m": 1 } } },
                 { "name": "n", "expect": "no_match", "given": { "card": { "count_10m": 2, "avg_24h": 1 },
                                                                 "merchant": { "sum_1h": 1, "max_5m": 1 } } } ] } ] })";
  return texts;
}

struct SlidingWorld : World {
  SlidingWorld() : World(SlidingRules()) {}
  void LogAgo(const std::string& id, int64_t ago_ms, int64_t amount) {
    model::Transaction txn = Payment(id, amount);
    txn.event_time_ms -= ago_ms;
    Log(txn);
  }
};

TEST(SlidingScore, AddsTheLogOthersAndItselfUpToItsMoment) {
  SlidingWorld world;
  world.LogAgo("an hour", kHourMs, 1'000'000);
  world.LogAgo("nearly", kHourMs - 1, 4'000);
  world.LogAgo("late", 20 * kMinuteMs, 500);
  world.Pump();
  auto other = world.Start(world.Payment("other", 60));
  auto call = world.Start(world.Payment("t", 7));
  ASSERT_EQ(call->done, 1);
  ASSERT_THAT(call->status, IsOk());
  EXPECT_EQ(call->result("merchant.sum_1h").integer, 4'567);
  EXPECT_DOUBLE_EQ(call->result("merchant.sum_1h").real, 45.67);
  EXPECT_EQ(call->result("merchant.max_5m").integer, 60);
  EXPECT_EQ(call->result("card.count_10m").integer, 2);
  EXPECT_DOUBLE_EQ(call->result("card.avg_24h").real, (1'000'000 + 4'567) / 500.0);
  EXPECT_EQ(call->decision.provenance, model::Provenance::kFull);
  EXPECT_EQ(call->decision.outcome, model::Outcome::kAllow);
}

TEST(SlidingScore, RulesSeeABurstWithinMinutesAndNoLonger) {
  SlidingWorld world;
  world.Start(world.Payment("1"));
  world.Start(world.Payment("2"));
  auto third = world.Start(world.Payment("3"));
  EXPECT_EQ(third->decision.outcome, model::Outcome::kDeny);
  world.Pump();
  world.clock.Set(world.clock.NowMs() + 10 * kMinuteMs);
  world.NoteComplete();
  auto later = world.Start(world.Payment("4"));
  EXPECT_EQ(later->result("card.count_10m").integer, 1);
  EXPECT_EQ(later->decision.outcome, model::Outcome::kAllow);
}

TEST(SlidingScore, APaymentCountsOnceBeforeAndAfterItsEventAndOnRetry) {
  SlidingWorld world;
  for (int round = 0; round < 2; ++round) {
    world.Start(world.Payment("t", 50));
    const std::string other = "other" + std::to_string(round);
    EXPECT_EQ(world.Start(world.Payment(other, 0))->result("merchant.sum_1h").integer, 50);
    world.Pump();
  }
  auto explain = world.Call(world.Payment("t", 50));
  explain->dry_run = true;
  world.decider->Score(explain.get());
  EXPECT_EQ(explain->result("merchant.sum_1h").integer, 50) << "the log holds it";
}

TEST(SlidingScore, ExplainShowsTheWindowAndEachProvisional) {
  SlidingWorld world;
  world.LogAgo("a", kMinuteMs, 300);
  world.LogAgo("b", 2 * kMinuteMs, 20);
  world.Pump();
  model::Transaction other = world.Payment("other", 4);
  other.card_id = "another";  // of its own card it would be the third
  world.Start(other);
  auto call = world.Call(world.Payment("t", 5));
  call->dry_run = true;
  world.decider->Score(call.get());
  for (const FeatureAnswer& answer : call->features) {
    if (answer.feature->full_name != "merchant.sum_1h") continue;
    ASSERT_EQ(answer.parts.size(), 2u);
    EXPECT_EQ(answer.parts[0].source, feature::Part::Source::kLive);
    EXPECT_EQ(answer.parts[0].tile.sum, 320);
    EXPECT_EQ(answer.parts[0].window.until_ms, world.clock.NowMs());
    EXPECT_EQ(answer.parts[0].window.after_ms, world.clock.NowMs() - kHourMs);
    EXPECT_EQ(answer.parts[1].source, feature::Part::Source::kProvisional);
    EXPECT_EQ(answer.parts[1].tile.sum, 4);
    ASSERT_TRUE(answer.current.has_value());
    EXPECT_EQ(answer.current->tile.sum, 5);
  }
  EXPECT_EQ(call->result("merchant.sum_1h").integer, 329);
}

TEST(SlidingScore, AnOldTransactionIsToldWhereItsWindowIsNoLongerKept) {
  SlidingWorld world;
  world.LogAgo("a", 30 * kMinuteMs, 300);
  world.Pump();
  for (int i = 0; i < counters::LiveState::kExpireCallsPerRound; ++i) world.live->Expire();
  model::Transaction old = world.Payment("old", 5);
  old.event_time_ms -= counters::kSlidingLateMs;
  EXPECT_EQ(world.Start(old)->result("merchant.sum_1h").provenance, model::Provenance::kFull);
  old.id = "older";
  old.event_time_ms -= 1;
  auto call = world.Start(old);
  EXPECT_EQ(call->result("merchant.sum_1h").reasons, model::kPartialTooOld);
  EXPECT_TRUE(call->result("merchant.sum_1h").reads_as_missing);
  EXPECT_EQ(call->result("merchant.max_5m").reasons, 0);
}

TEST(SlidingScore, AForeignAmountIsNotKnownAndMarksTheWindow) {
  SlidingWorld world;
  model::Transaction foreign = world.Payment("f", 5);
  foreign.currency = "USD";
  auto own = world.Start(foreign);
  EXPECT_EQ(own->result("merchant.sum_1h").reasons, model::kPartialFx);
  EXPECT_TRUE(own->result("merchant.sum_1h").reads_as_missing);
  EXPECT_EQ(own->result("card.count_10m").reasons, 0);
  auto next = world.Start(world.Payment("t", 7));
  EXPECT_EQ(next->result("merchant.sum_1h").integer, 7);
  EXPECT_EQ(next->result("merchant.sum_1h").reasons, model::kPartialFx);
  world.Pump();
  world.clock.Set(world.clock.NowMs() + kHourMs);
  world.NoteComplete();
  EXPECT_EQ(world.Start(world.Payment("u", 7))->result("merchant.sum_1h").reasons, 0);
}

}  // namespace
}  // namespace verdict::decide
