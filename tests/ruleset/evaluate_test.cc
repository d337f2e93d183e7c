// Four results of a rule, expiry by the payment's own time, and no allocation once warm.
#include "gmock/gmock.h"
#include "ruleset/allocations.h"
#include "ruleset/folder.h"
#include "ruleset/given_record.h"
#include "ruleset/json_reader.h"

namespace verdict::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Clauses that end as their letter says where `card.bin` is absent and `card.id` is "x".
const std::map<char, std::string> kClauses = {{'t', "card.id == 'x'"},
                                              {'f', "card.id == 'y'"},
                                              {'m', "card.bin == 'x'"},
                                              {'e', "int(card.id) == 1"}};

// A set with one shadow rule for each word of such letters.
std::string RulesOf(const std::vector<std::string>& words) {
  std::string rules;
  for (const std::string& word : words) {
    std::string clauses;
    for (char c : word) clauses += (clauses.empty() ? "\"" : ", \"") + kClauses.at(c) + "\"";
    rules += (rules.empty() ? "" : ",\n") +
             (R"({ "id": "r_)" + word + R"(", "name": "n", "owner": "o", "when_all": [)" + clauses +
              "] }");
  }
  return R"({ "schema": "txn/1", "rules": [)" + rules + "] }";
}

struct Given {
  Given(const RuleSet& set, const std::string& json) {
    Findings findings;
    document = ReadJson("given.json", json, &findings);
    auto read = ReadGiven(*document, document->root(),
                          {.schema = set.schema.get(), .features = set.features.get()}, &findings);
    EXPECT_THAT(findings.list(), IsEmpty());
    given = std::move(*read);
  }
  std::unique_ptr<const JsonDocument> document;
  GivenRecord given;
};

TEST(EvaluateRules, JoinsClausesByTheTableOfFourResults) {
  std::vector<std::string> words;
  for (char a : {'t', 'f', 'm', 'e'}) {
    words.push_back({a});
    for (char b : {'t', 'f', 'm', 'e'}) {
      words.push_back({a, b});
      for (char c : {'t', 'f', 'm', 'e'}) words.push_back({a, b, c});
    }
  }
  TestFolder folder;
  folder.Write("more.json", RulesOf(words));
  LoadResult loaded = folder.Load();
  ASSERT_NE(loaded.set, nullptr) << folder.Messages();
  Given given(*loaded.set, R"({ "card": { "id": "x" } })");
  auto arena = rule::MakeEvaluationArena();
  Evaluation evaluation;
  EvaluateRules(*loaded.set, given.given.record, arena.get(), &evaluation);
  int checked = 0;
  for (size_t i = 0; i < loaded.set->rules.size(); ++i) {
    const std::string& id = loaded.set->rules[i].id;
    if (!id.starts_with("r_")) continue;
    ++checked;
    auto has = [&](char c) { return id.find(c, 2) != std::string::npos; };
    RuleResult expected = has('f')   ? RuleResult::kNoMatch
                          : has('e') ? RuleResult::kError
                          : has('m') ? RuleResult::kMissing
                                     : RuleResult::kMatch;
    EXPECT_EQ(evaluation.results[i], expected) << id;
  }
  EXPECT_EQ(checked, 4 + 16 + 64);
}

TEST(EvaluateRules, NamesTheFieldsThatAreMissing) {
  TestFolder folder;
  auto set = folder.Load().set;
  ASSERT_NE(set, nullptr);
  Given given(*set, "{}");
  auto arena = rule::MakeEvaluationArena();
  EXPECT_THAT(MissingFields(*set, set->rules[0], given.given.record, arena.get()),
              ElementsAre("card.count_1d", "merchant.mcc"));
}

TEST(EvaluateRules, LetsARuleActUntilItsDayByTheTimeOfThePayment) {
  TestFolder folder;
  folder.Replace("rules.json", "\"reason\"", R"("expires": "2026-12-01", "reason")");
  auto set = folder.Load().set;
  ASSERT_NE(set, nullptr);
  auto arena = rule::MakeEvaluationArena();
  auto outcome = [&](const std::string& txn) {
    Given given(*set, R"({ "txn": )" + txn +
                          R"(, "card": { "count_1d": 5 }, "merchant": { "mcc": "6051" } })");
    Evaluation evaluation;
    model::Decision decision;
    EvaluateRules(*set, given.given.record, arena.get(), &evaluation);
    Decide(*set, evaluation, model::Provenance::kFull, &decision);
    EXPECT_EQ(decision.rule_ids.empty(), decision.shadow_rule_ids.size() == 1);
    return decision.outcome;
  };
  EXPECT_EQ(outcome(R"({ "time": "2026-11-30T23:59:59.999Z" })"), model::Outcome::kDeny);
  EXPECT_EQ(outcome(R"({ "time": "2026-12-01T00:00:00Z" })"), model::Outcome::kAllow);
  EXPECT_EQ(outcome(R"({ "time": "2019-12-01T00:00:00Z" })"), model::Outcome::kDeny);
  EXPECT_EQ(outcome("{}"), model::Outcome::kDeny);
}

TEST(EvaluateRules, AllocatesNothingOnceWarm) {
  LoadResult loaded = LoadRuleSet("rules", {.now_ms = TestFolder::kNowMs});
  ASSERT_NE(loaded.set, nullptr);
  Given given(*loaded.set, R"({ "txn": { "amount": 150, "currency": "EUR", "country": "TH",
    "email": "a@b.org" }, "card": { "id": "c", "country": "FR", "count_1d": 4, "avg_30d": 44 } })");
  auto arena = rule::MakeEvaluationArena();
  Evaluation evaluation;
  model::Decision decision;
  auto decide = [&] {
    EvaluateRules(*loaded.set, given.given.record, arena.get(), &evaluation);
    Decide(*loaded.set, evaluation, model::Provenance::kFull, &decision);
  };
  decide();
  const int64_t before = testing_support::Allocations();
  decide();
  EXPECT_EQ(testing_support::Allocations(), before);
}

TEST(EvaluateRules, AShadowRuleMatchesButDoesNotAct) {
  TestFolder folder;
  folder.Replace("rules.json", "\"live\"", "\"shadow\"");
  auto set = folder.Load().set;
  ASSERT_NE(set, nullptr);
  Given given(*set, R"({ "card": { "count_1d": 5 }, "merchant": { "mcc": "6051" } })");
  auto arena = rule::MakeEvaluationArena();
  Evaluation evaluation;
  EvaluateRules(*set, given.given.record, arena.get(), &evaluation);
  EXPECT_EQ(evaluation.results[0], RuleResult::kMatch);
  EXPECT_FALSE(evaluation.acting[0]);
}

TEST(EvaluateRules, LeavesRulesThatAreOffAlone) {
  TestFolder folder;
  folder.Replace("rules.json", "\"live\"", "\"off\"");
  auto set = folder.Load().set;
  ASSERT_NE(set, nullptr);
  Given given(*set, R"({ "card": { "count_1d": 5 }, "merchant": { "mcc": "6051" } })");
  auto arena = rule::MakeEvaluationArena();
  Evaluation evaluation;
  EvaluateRules(*set, given.given.record, arena.get(), &evaluation);
  EXPECT_EQ(evaluation.results[0], RuleResult::kNoMatch);
  EXPECT_FALSE(evaluation.acting[0]);
}

}  // namespace
}  // namespace verdict::ruleset
