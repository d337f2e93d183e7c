// The publish guard: the last decisions, decided anew by another set on the values they saw.
#include "decide/recent_decisions.h"

#include <atomic>
#include <thread>

#include "decide/world.h"
#include "gmock/gmock.h"

namespace verdict::decide {
namespace {

using model::Outcome;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;
using verdict::testing::RuleTexts;
using verdict::testing::World;

std::shared_ptr<const ruleset::RuleSet> WithRules(const std::string& rules) {
  RuleTexts texts = World::DefaultRules();
  texts.rules = R"({ "schema": "txn/1", "rules": [ )" + rules + " ] }";
  return verdict::testing::LoadRules(texts, {});
}

std::string DenyAbove(const std::string& id, int64_t amount_minor, int priority = 0) {
  const std::string above = std::to_string(amount_minor + 1);
  return "{ \"id\": \"" + id +
         R"(", "name": "x", "owner": "t", "mode": "live", "action": "deny", "reason": "AMOUNT", "priority": )" +
         std::to_string(priority) + ", \"when\": \"txn.amount_minor > " +
         std::to_string(amount_minor) +
         R"(", "tests": [ { "name": "y", "expect": "match", "given": { "txn": { "amount_minor": )" +
         above +
         R"( } } }, { "name": "n", "expect": "no_match", "given": { "txn": { "amount_minor": 0 } } } ] })";
}

class RecentDecisionsTest : public ::testing::Test {
 protected:
  void Pay(const std::string& id, int64_t amount) {
    ASSERT_TRUE(world_.Start(world_.Payment(id, amount))->status.ok());
  }
  World world_;
};

TEST_F(RecentDecisionsTest, TheSameSetAnswersTheSame) {
  for (int i = 0; i < 6; ++i) Pay("t" + std::to_string(i), i == 3 ? 1'000'001 : 100);
  const ruleset::GuardReport report = DecideAnew(world_.recent, *world_.set, *world_.set);
  EXPECT_EQ(report.decisions, 6u);
  EXPECT_EQ(report.denied_before, 1u);
  EXPECT_EQ(report.denied_after, 1u);
  EXPECT_THAT(report.flips, IsEmpty()) << "by the counts they saw, not by those of now";
  EXPECT_THAT(report.unknown, IsEmpty());
  EXPECT_EQ(report.from_ms, World::kNoonMs);
}

TEST_F(RecentDecisionsTest, FeaturesAreAsOldAsTheyWere) {
  Pay("fresh", 100);
  world_.clock.Set(World::kNoonMs + 6'000);
  Pay("stale", 100);
  world_.NoteComplete();
  const auto next = WithRules(R"json({ "id": "old", "name": "x", "owner": "t", "mode": "live",
      "action": "review", "reason": "AMOUNT", "when": "age(card.count_1d) == duration('6s')" })json");
  const ruleset::GuardReport report = DecideAnew(world_.recent, *world_.set, *next);
  ASSERT_THAT(report.flips, SizeIs(1));
  EXPECT_EQ(report.flips[0].to, Outcome::kReview);
  EXPECT_EQ(report.flips[0].decisions, 1u);
}

// Another fresh_within judges the ages that they had.
TEST_F(RecentDecisionsTest, AreStaleByTheSetThatIsAsked) {
  Pay("fresh", 100);
  world_.clock.Set(World::kNoonMs + 3'000);
  Pay("older", 100);
  world_.clock.Set(World::kNoonMs + 6'000);
  Pay("stale", 100);
  world_.NoteComplete();
  const auto flips = [&](const std::string& fresh_within) {
    RuleTexts texts = World::DefaultRules();
    const size_t at = texts.features.find('{') + 1;
    texts.features.insert(at, "\"defaults\": { \"fresh_within\": \"" + fresh_within + "\" }, ");
    texts.rules = R"json({ "schema": "txn/1", "rules": [
        { "id": "old", "name": "x", "owner": "t", "mode": "live", "action": "review",
          "reason": "AMOUNT", "when": "provenance(card.count_1d) == 'STALE'" } ] })json";
    const auto next = verdict::testing::LoadRules(texts, {});
    return DecideAnew(world_.recent, *world_.set, *next).flipped();
  };
  EXPECT_EQ(flips("5s"), 1u);
  EXPECT_EQ(flips("2s"), 2u);
  EXPECT_EQ(flips("1h"), 0u);
}

TEST_F(RecentDecisionsTest, FlipsAreCountedInMoneyAndByRule) {
  Pay("a", 100);
  Pay("b", 5'000);
  Pay("c", 7'000);
  Pay("d", 9'000);      // the card's fourth: REVIEW
  Pay("e", 1'000'001);  // DENY
  // What only comes first by priority has not led to DENY.
  const auto next = WithRules(
      DenyAbove("above_40", 4'000) + ", " + DenyAbove("above_60", 6'000, 5) +
      R"(, { "id": "first", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT",
             "priority": 9, "when": "txn.amount_minor > 4000" })");
  const ruleset::GuardReport report = DecideAnew(world_.recent, *world_.set, *next);
  EXPECT_EQ(report.decisions, 5u);
  EXPECT_EQ(report.denied_before, 1u);
  EXPECT_EQ(report.denied_after, 4u);
  ASSERT_THAT(report.flips, SizeIs(2));
  EXPECT_EQ(report.flips[0].from, Outcome::kAllow);
  EXPECT_EQ(report.flips[0].to, Outcome::kDeny);
  EXPECT_EQ(report.flips[0].decisions, 2u);
  EXPECT_EQ(report.flips[0].amount_minor, 12'000);
  EXPECT_THAT(report.flips[0].by, ElementsAre(Pair("above_40", 1), Pair("above_60", 1)));
  EXPECT_EQ(report.flips[1].from, Outcome::kReview);
  EXPECT_EQ(report.flips[1].amount_minor, 9'000);
  EXPECT_EQ(report.currency, "EUR");
  EXPECT_EQ(report.flipped(), 3u);
}

TEST_F(RecentDecisionsTest, AnAmountThatIsNotKnownIsSaid) {
  model::Transaction txn = world_.Payment("a", 5'000);
  txn.currency = "USD";
  ASSERT_TRUE(world_.Start(txn)->status.ok());
  const ruleset::GuardReport report =
      DecideAnew(world_.recent, *world_.set, *WithRules(DenyAbove("above", 4'000)));
  ASSERT_THAT(report.flips, SizeIs(1));
  EXPECT_EQ(report.flips[0].amount_minor, 0);
  EXPECT_EQ(report.flips[0].without_amount, 1u);
}

// The features of the set that is to come lie elsewhere, and one of them is new.
TEST_F(RecentDecisionsTest, FeaturesAreFoundByWhatTheyAre) {
  for (int i = 0; i < 4; ++i) Pay("t" + std::to_string(i), 100);
  RuleTexts texts = World::DefaultRules();
  texts.features = R"({ "features": [
      { "name": "sum_2d", "entity": "card", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "2d" },
      { "name": "count_1d", "entity": "card", "aggregate": "count", "window": "1d" },
      { "name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "7d",
        "where": "txn.status == 'approved'" } ] })";
  texts.rules = R"({ "schema": "txn/1", "rules": [
      { "id": "third", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT", "when": "card.count_1d == 3" },
      { "id": "fresh", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT", "when": "card.sum_2d > 0.0" },
      { "id": "shorter", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT",
        "when": "merchant.volume_30d >= 0.0" } ] })";
  const ruleset::GuardReport report =
      DecideAnew(world_.recent, *world_.set, *verdict::testing::LoadRules(texts, {}));
  EXPECT_THAT(report.unknown, ElementsAre("card.sum_2d", "merchant.volume_30d"));
  // The third goes to review, the fourth from it; what is not known matches nothing.
  ASSERT_THAT(report.flips, SizeIs(2));
  for (const ruleset::Flip& flip : report.flips) EXPECT_EQ(flip.decisions, 1u);
}

// After an incident: what the set before denied is no measure for the one that mended it.
TEST_F(RecentDecisionsTest, TheLiveSetIsTheMeasureWhoeverDecided) {
  const auto harm = WithRules(DenyAbove("everything", 0));
  world_.rules.Publish(harm);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(world_.Start(world_.Payment("t" + std::to_string(i)))->decision.outcome,
              Outcome::kDeny);
  }
  world_.rules.Publish(world_.set);  // rolled back
  const ruleset::GuardReport again = DecideAnew(world_.recent, *world_.set, *harm);
  EXPECT_EQ(again.denied_before, 0u);
  EXPECT_EQ(again.denied_after, 3u);
  const auto mended = WithRules(DenyAbove("huge", 1'000'000));
  const ruleset::GuardReport forward = DecideAnew(world_.recent, *world_.set, *mended);
  EXPECT_EQ(forward.denied_before, 0u);
  EXPECT_EQ(forward.denied_after, 0u);
}

// With the sets go their lists, however many decisions they made.
TEST(RecentDecisions, KeepNoRuleSetAlive) {
  RecentDecisions recent(4);
  std::shared_ptr<const ruleset::RuleSet> set = WithRules(DenyAbove("above", 100));
  const std::weak_ptr<const ruleset::RuleSet> gone = set;
  recent.Put(model::Transaction(), {}, 0, std::make_shared<const SeenFeatures>(*set), {});
  set.reset();
  EXPECT_TRUE(gone.expired());
}

// A ring may hold decisions of several sets, each with its features in its own order.
TEST_F(RecentDecisionsTest, EachDecisionIsReadByTheSetThatMadeIt) {
  for (int i = 0; i < 3; ++i) Pay("t" + std::to_string(i), 100);
  RuleTexts texts = World::DefaultRules();
  texts.features = R"({ "features": [
      { "name": "count_1d", "entity": "card", "aggregate": "count", "window": "1d" },
      { "name": "volume_30d", "entity": "merchant", "aggregate": "sum", "of": "txn.amount_base_minor", "window": "30d",
        "where": "txn.status == 'approved'" } ] })";
  world_.Publish(texts);
  Pay("t3", 100);  // the fourth: REVIEW
  const auto next = WithRules(
      R"({ "id": "fourth", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT",
           "when": "card.count_1d == 4" })");
  const ruleset::GuardReport report = DecideAnew(world_.recent, *world_.set, *next);
  EXPECT_EQ(report.decisions, 4u);
  EXPECT_THAT(report.flips, IsEmpty());
  EXPECT_THAT(report.unknown, IsEmpty());
}

TEST_F(RecentDecisionsTest, DryRunsAndReplaysAreNone) {
  Pay("a", 100);
  Pay("a", 100);
  auto call = world_.Call(world_.Payment("b"));
  call->dry_run = true;
  world_.decider->Score(call.get());
  EXPECT_EQ(DecideAnew(world_.recent, *world_.set, *world_.set).decisions, 1u);
}

TEST(RecentDecisions, TheOldestGiveWay) {
  World world;
  RecentDecisions recent(4);
  const auto seen = std::make_shared<const SeenFeatures>(*world.set);
  model::Decision decision;
  for (int i = 0; i < 10; ++i) {
    decision.decided_at_ms = i;
    recent.Put(world.Payment("t"), std::vector<feature::FeatureResult>(2), 0, seen, decision);
  }
  const ruleset::GuardReport report = DecideAnew(recent, *world.set, *world.set);
  EXPECT_EQ(report.decisions, 4u);
  EXPECT_EQ(report.from_ms, 6);
  EXPECT_EQ(report.until_ms, 9);
}

// With the sanitizers: nobody reads what is being written.
TEST(RecentDecisions, ManyWriteWhileOneReads) {
  World world;
  RecentDecisions recent(16);
  const auto seen = std::make_shared<const SeenFeatures>(*world.set);
  std::atomic<bool> stop{false};
  std::vector<std::thread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&, w] {
      model::Decision decision;
      model::Transaction txn =
          world.Payment("a longer id, so that it lies on the heap " + std::to_string(w));
      for (int i = 0; !stop; ++i) {
        txn.amount_minor = i;
        recent.Put(txn, std::vector<feature::FeatureResult>(2), 0, seen, decision);
      }
    });
  }
  for (int i = 0; i < 200; ++i)
    EXPECT_LE(DecideAnew(recent, *world.set, *world.set).decisions, 16u);
  stop = true;
  for (std::thread& writer : writers) writer.join();
}

}  // namespace
}  // namespace verdict::decide
