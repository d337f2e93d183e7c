// What the log's lag means to a decision and to the rules that ask for it.
#include "decide/world.h"
#include "gmock/gmock.h"

namespace verdict::decide {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using verdict::testing::World;

TEST(Stale, IsWhatTheLogRunsAheadOf) {
  World world;
  world.clock.Set(World::kNoonMs + 6'000);  // fresh_within is 5 s, nothing was applied since noon
  auto call = world.Start(world.Payment("t", 1));
  EXPECT_EQ(call->decision.provenance, model::Provenance::kStale);
  world.NoteComplete();
  EXPECT_EQ(world.Start(world.Payment("u", 1))->decision.provenance, model::Provenance::kFull);
}

TEST(Stale, TellsRulesHowOldAndHowGoodAFeatureIs) {
  verdict::testing::RuleTexts texts = World::DefaultRules();
  const auto reviews = [](const std::string& id, const std::string& when) {
    return R"({ "name": "x", "owner": "t", "mode": "live", "action": "review", "reason": "VELOCITY",
                "id": ")" +
           id + R"(", "when": ")" + when + "\" }";
  };
  texts.rules = R"({ "schema": "txn/1", "rules": [ )" +
                reviews("stale", "provenance(card.count_1d) == 'STALE'") + ", " +
                reviews("old", "age(card.count_1d) >= duration('6s')") + ", " +
                reviews("full",
                        "provenance(merchant.volume_30d) == 'FULL' && "
                        "age(merchant.volume_30d) == duration('0s')") +
                " ] }";
  World world(texts);
  EXPECT_THAT(world.Start(world.Payment("t", 1))->decision.rule_ids, ElementsAre("full"));
  world.clock.Set(World::kNoonMs + 6'000);
  auto call = world.Start(world.Payment("u", 1));
  EXPECT_THAT(call->decision.rule_ids, UnorderedElementsAre("stale", "old"));
  EXPECT_EQ(call->decision.provenance, model::Provenance::kStale) << "read by age() alone";
  model::Transaction no_card = world.Payment("v", 1);
  no_card.card_id.clear();
  call = world.Start(no_card);
  EXPECT_THAT(call->decision.rule_ids, IsEmpty());
  EXPECT_THAT(call->decision.missing_rule_ids, UnorderedElementsAre("stale", "old"));
}

}  // namespace
}  // namespace verdict::decide
