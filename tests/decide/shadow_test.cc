// Shadow rules: counted by what the decision would be were they live, never deciding.
#include "base/metrics.h"
#include "decide/world.h"
#include "gmock/gmock.h"

namespace verdict::decide {
namespace {

using ::testing::ElementsAre;
using verdict::testing::World;

// Each shadow rule by itself, and what no longer acts.
TEST(Shadow, CountsWhatEachRuleWouldMakeOfADecision) {
  verdict::testing::RuleTexts texts = World::DefaultRules();
  texts.rules = R"({ "schema": "txn/1", "rules": [
      { "id": "live_review", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT",
        "when": "txn.amount_minor > 500" },
      { "id": "shadow_deny", "name": "x", "owner": "t", "mode": "shadow", "action": "deny", "reason": "AMOUNT",
        "when": "txn.amount_minor > 50",
        "tests": [ { "name": "y", "expect": "match", "given": { "txn": { "amount_minor": 51 } } },
                   { "name": "n", "expect": "no_match", "given": { "txn": { "amount_minor": 1 } } } ] },
      { "id": "shadow_score", "name": "x", "owner": "t", "mode": "shadow", "action": "none", "score": 50, "reason": "AMOUNT",
        "when": "txn.amount_minor > 70" },
      { "id": "was_live", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT",
        "expires": "2019-04-01", "when": "txn.amount_minor > 90" },
      { "id": "still_live", "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "AMOUNT",
        "expires": "2019-05-01", "when": "txn.amount_minor > 550" } ] })";
  const auto count = [](const std::string& name, const std::string& rule,
                        const std::string& outcome) {
    return base::Metrics().CounterValue(name, {{"rule", rule}, {"outcome", outcome}});
  };
  const auto decisions = [&](const std::string& rule) {
    std::vector<uint64_t> counts;
    for (const char* outcome : {"ALLOW", "REVIEW", "DENY"}) {
      counts.push_back(count("verdict_rule_shadow_total", rule, outcome));
    }
    return counts;
  };
  World world(texts);
  EXPECT_EQ(world.Start(world.Payment("t1", 60))->decision.outcome, model::Outcome::kAllow);
  auto second = world.Start(world.Payment("t2", 100));
  EXPECT_EQ(second->decision.outcome, model::Outcome::kAllow);
  EXPECT_THAT(second->decision.shadow_rule_ids, ::testing::SizeIs(3));
  EXPECT_EQ(world.Start(world.Payment("t3", 600))->decision.outcome, model::Outcome::kReview);
  EXPECT_THAT(decisions("shadow_deny"), ElementsAre(0, 0, 3));
  EXPECT_EQ(count("verdict_rule_shadow_amount_minor_total", "shadow_deny", "DENY"), 760u);
  EXPECT_THAT(decisions("shadow_score"), ElementsAre(0, 2, 0));
  EXPECT_THAT(decisions("was_live"), ElementsAre(0, 2, 0));
  EXPECT_THAT(decisions("live_review"), ElementsAre(0, 0, 0));
  EXPECT_THAT(decisions("still_live"), ElementsAre(0, 0, 0));
  auto dry = world.Call(world.Payment("t4", 100));
  dry->dry_run = true;
  world.decider->Score(dry.get());
  EXPECT_THAT(decisions("shadow_deny"), ElementsAre(0, 0, 3)) << "a dry run is no decision";
}

}  // namespace
}  // namespace verdict::decide
