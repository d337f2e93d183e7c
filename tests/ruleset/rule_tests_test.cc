// What is found where a rule's tests run.
#include "ruleset/rule_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ruleset/folder.h"
#include "ruleset/json_reader.h"

namespace verdict::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The reference says something else.
class Divided : public rule::Expression {
 public:
  Divided(rule::Value decides, rule::Value reference, std::vector<uint16_t> slots = {})
      : decides_(decides), reference_(reference), slots_(std::move(slots)) {}
  rule::Value Evaluate(const rule::Record&, rule::EvaluationArena*) const override {
    return decides_;
  }
  rule::Value EvaluateByReference(const rule::Record&, rule::EvaluationArena*) const override {
    return reference_;
  }
  rule::Runnable runnable() const override { return {}; }
  std::string Seen(const rule::Record&, rule::EvaluationArena*) const override { return ""; }
  rule::FieldType type() const override { return rule::FieldType::kBool; }
  const std::vector<uint16_t>& slots() const override { return slots_; }
  const rule::CostBound& cost() const override { return cost_; }
  const std::string& canonical() const override { return canonical_; }

 private:
  rule::Value decides_, reference_;
  std::vector<uint16_t> slots_;
  rule::CostBound cost_;
  std::string canonical_;
};

std::string Differ(rule::Value decides, rule::Value reference) {
  const rule::Schema schema;
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  return Disagreement(Divided(decides, reference), {}, schema, arena.get());
}

TEST(Disagreement, IsToldWithBothAnswers) {
  using rule::Value;
  EXPECT_EQ(Differ(Value::Bool(true), Value::Bool(true)), "");
  EXPECT_EQ(Differ(Value::Bool(true), Value::Bool(false)), "true, by the reference false");
  EXPECT_EQ(Differ(Value::Bool(false), Value::Missing(rule::kTxnCountry)),
            "false, by the reference missing: txn.country");
  EXPECT_EQ(Differ(Value::Missing(rule::kTxnIp), Value::Missing(rule::kTxnCountry)),
            "missing: txn.ip, by the reference missing: txn.country");
}

TEST(Disagreement, IsNoneWhereOneLacksRoom) {
  using rule::Value;
  const Value full = Value::Error(rule::ErrorCode::kLimit);
  EXPECT_EQ(Differ(Value::Bool(true), full), "");
  EXPECT_EQ(Differ(full, Value::Bool(true)), "");
  EXPECT_NE(Differ(Value::Error(rule::ErrorCode::kIndex), Value::Bool(true)), "");
}

TEST(Disagreement, IsToldOfTestsAndOfMadeCases) {
  Findings findings;
  const auto document = ReadJson("a.json", R"({ "txn": { "country": "FR" } })", &findings);
  ASSERT_NE(document, nullptr);
  DraftRule draft;
  draft.document = document.get();
  draft.rule.id = "a_rule";
  draft.rule.clause_texts = {"a"};
  draft.rule.clauses.push_back(std::make_unique<Divided>(
      rule::Value::Bool(true), rule::Value::Bool(false), std::vector<uint16_t>{rule::kTxnCountry}));
  draft.tests.push_back({"t", RuleResult::kMatch, &document->root(), &document->root()});
  const rule::Schema schema;
  const GivenContext context = {.schema = &schema};
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  TestedRule tested = RunRuleTests(draft, context, arena.get(), &findings);
  const std::string difference = "clause 1 `a` is true, by the reference false";
  ASSERT_THAT(findings.list(), SizeIs(1));
  EXPECT_EQ(findings.list()[0].code, "R521");
  EXPECT_THAT(findings.list()[0].message, HasSubstr("test `t`: " + difference));
  AddMadeCases(draft, context, arena.get(), &tested);
  ASSERT_THAT(tested.cases, SizeIs(2));
  for (const TestedCase& one : tested.cases) {
    EXPECT_THAT(one.differences, ElementsAre(difference)) << one.name;
  }
  EXPECT_THAT(findings.list(), SizeIs(1));
}

// The rule of the good folder has two clauses: `card.count_1d >= 5`, then
// `merchant.mcc in lists.high_risk_mcc`.
std::vector<TestedRule> Tested(const TestFolder& folder) {
  std::vector<TestedRule> tested;
  LoadRuleSet(folder.path().string(), {.now_ms = TestFolder::kNowMs, .tested = &tested});
  return tested;
}

TEST(TestedRules, HoldEveryClauseOfEveryTest) {
  const std::vector<TestedRule> tested = Tested(TestFolder());
  ASSERT_THAT(tested, SizeIs(1));
  EXPECT_EQ(tested[0].id, "card_burst");
  EXPECT_THAT(tested[0].clause_texts, SizeIs(2));
  const TestedCase& fires = tested[0].cases[0];
  EXPECT_EQ(fires.name, "fires");
  EXPECT_EQ(fires.expect, RuleResult::kMatch);
  EXPECT_EQ(fires.got, RuleResult::kMatch);
  EXPECT_FALSE(fires.failed());
  EXPECT_THAT(fires.clauses, ElementsAre(RuleResult::kMatch, RuleResult::kMatch));
  const TestedCase& calm = tested[0].cases[1];
  EXPECT_EQ(calm.got, RuleResult::kNoMatch);
  EXPECT_EQ(calm.why, "");
  // The first clause settles it; the second is looked at all the same.
  EXPECT_THAT(calm.clauses, ElementsAre(RuleResult::kNoMatch, RuleResult::kMissing));
}

TEST(TestedRules, AreToldThoughATestFails) {
  TestFolder folder;
  folder.Replace("rules.json", R"("count_1d": 5)", R"("count_1d": 3)");
  const std::vector<TestedRule> tested = Tested(folder);
  ASSERT_THAT(tested, SizeIs(1));
  const TestedCase& fires = tested[0].cases[0];
  EXPECT_TRUE(fires.failed());
  EXPECT_EQ(fires.got, RuleResult::kNoMatch);
  EXPECT_EQ(fires.why, "clause 1 `card.count_1d >= 5` is false (card.count_1d = 3)");
  // One way: the diagnostic says the same.
  EXPECT_THAT(folder.Messages(),
              HasSubstr("error[R520]: test `fires` expected match, got no_match: " + fires.why));
  EXPECT_EQ(folder.Load().set, nullptr);
}

TEST(TestedRules, HaveNoResultWhereTheRuleOrTheSchemaIsFaulty) {
  TestFolder rule;
  rule.Replace("rules.json", "card.count_1d >= 5", "card.cuont_1d >= 5");
  TestFolder schema;
  schema.Replace("schema.json", "max_len", "max_length");
  for (const TestFolder* folder : {&rule, &schema}) {
    const std::vector<TestedRule> tested = Tested(*folder);
    ASSERT_THAT(tested, SizeIs(1));
    ASSERT_THAT(tested[0].cases, SizeIs(2));
    for (const TestedCase& one : tested[0].cases) {
      EXPECT_EQ(one.got, std::nullopt);
      EXPECT_FALSE(one.failed());
    }
  }
}

TEST(MadeCases, DropWhatTheFirstMatchGivesAndTheRuleReads) {
  TestFolder folder;
  folder.Replace("rules.json", R"("card": { "count_1d": 5 })",
                 R"("txn": { "email": "a@b" }, "card": { "count_1d": 5 })");
  const std::vector<TestedRule> tested = Tested(folder);
  ASSERT_THAT(tested[0].cases, SizeIs(4));
  const TestedCase& count = tested[0].cases[2];
  EXPECT_TRUE(count.made());
  EXPECT_EQ(count.name, "without card.count_1d");
  EXPECT_EQ(count.got, RuleResult::kMissing);
  EXPECT_THAT(count.missing, ElementsAre("card.count_1d"));
  EXPECT_THAT(count.clauses, ElementsAre(RuleResult::kMissing, RuleResult::kMatch));
  EXPECT_EQ(tested[0].cases[3].name, "without merchant.mcc");
}

TEST(MadeCases, AreNoneWhereNoTestMatches) {
  TestFolder folder;
  folder.Replace("rules.json", R"("count_1d": 5)", R"("count_1d": 3)");
  EXPECT_THAT(Tested(folder)[0].cases, SizeIs(2));
}

std::vector<std::string> MadeOf(const std::string& when, const std::string& given) {
  TestFolder folder;
  folder.Write(
      "schema.json",
      R"({ "schema": "txn/1", "txn": { "shop": { "type": "string", "required": true } } })");
  folder.Write("rules.json", R"({ "schema": "txn/1", "rules": [ { "id": "a_rule", "name": "A", )"
                             R"("owner": "o", "when": ")" +
                                 when + R"(", "tests": [ { "name": "t", "expect": "match", )" +
                                 R"("given": )" + given + " } ] } ] }");
  std::vector<std::string> names;
  for (const TestedRule& rule : Tested(folder)) {
    for (const TestedCase& one : rule.cases) {
      if (one.made()) names.push_back(one.name);
    }
  }
  return names;
}

TEST(MadeCases, KeepWhatEveryPaymentHas) {
  EXPECT_THAT(MadeOf("txn.id == 'a' && txn.amount > 1 && txn.amount_minor > 1 && txn.shop == 'x' "
                     "&& txn.currency == 'EUR' && merchant.id == 'm' && txn.country == 'FR' "
                     "&& txn.time > timestamp('2020-01-01T00:00:00Z')",
                     R"({ "txn": { "id": "a", "amount": 2, "currency": "EUR", "shop": "x",
                          "country": "FR", "time": "2026-11-20T00:00:00Z" },
                          "merchant": { "id": "m" } })"),
              ElementsAre("without txn.country"));
}

TEST(MadeCases, DropWhatIsGivenAlone) {
  EXPECT_THAT(
      MadeOf("txn.country == 'FR' || card.country == 'FR'", R"({ "txn": { "country": "FR" } })"),
      ElementsAre("without txn.country"));
}

TEST(MadeCases, DropAFeatureWithWhatIsSaidOfIt) {
  EXPECT_THAT(MadeOf("provenance(card.count_1d) == 'FULL' && card.count_1d > 1 "
                     "&& age(card.count_1d) < duration('1m')",
                     R"({ "card": { "count_1d": 2 } })"),
              ElementsAre("without card.count_1d"));
}

TEST(MadeCases, DropBothFormsOfAnAmountAtOnce) {
  EXPECT_THAT(MadeOf("merchant.volume_30d > 1 && merchant.volume_30d_minor > 1",
                     R"({ "merchant": { "volume_30d": 2 } })"),
              ElementsAre("without merchant.volume_30d"));
  const std::string base = "txn.amount_base > 1 && txn.amount_base_minor > 1";
  EXPECT_THAT(MadeOf(base, R"({ "txn": { "amount_base": 2 } })"), SizeIs(1));
  EXPECT_THAT(MadeOf(base, R"({ "txn": { "amount_base": 2, "currency": "USD" } })"), SizeIs(1));
  // Of the amount in the base currency follows the base amount.
  EXPECT_THAT(MadeOf(base, R"({ "txn": { "amount": 2, "currency": "EUR" } })"), IsEmpty());
}

TEST(ClausesNeverSeen, AreCountedFromOne) {
  using enum RuleResult;
  TestedRule rule;
  rule.clause_texts = {"a", "b", "c"};
  EXPECT_THAT(ClausesNeverSeen(rule, kMatch), ElementsAre(1, 2, 3));
  rule.cases.resize(3);  // the last did not run
  rule.cases[0].clauses = {kMatch, kNoMatch, kMissing};
  rule.cases[1].clauses = {kMatch, kMatch, kError};
  EXPECT_THAT(ClausesNeverSeen(rule, kMatch), ElementsAre(3));
  EXPECT_THAT(ClausesNeverSeen(rule, kNoMatch), ElementsAre(1, 3));
  EXPECT_THAT(ClausesNeverSeen(rule, kMissing), ElementsAre(1, 2));
}

}  // namespace
}  // namespace verdict::ruleset
