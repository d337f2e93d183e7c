// From a folder to one immutable set: what it holds, its hash, its limits.
#include "gmock/gmock.h"
#include "ruleset/findings.h"
#include "ruleset/folder.h"
#include "ruleset/rule_file.h"

namespace verdict::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST(LoadRuleSet, HoldsWhatTheFilesSay) {
  TestFolder folder;
  folder.Write("lists/b.txt",
               "\xEF\xBB\xBF"
               "one\r\n\n  two \nthree");
  folder.Write("b.json", R"({ "schema": "txn/1", "lists": { "b": { "file": "lists/b.txt" } },
    "rules": [ { "id": "a_rule", "name": "A", "owner": "bob", "description": "Why.", "when": "card.id in lists.b",
                 "score": -7, "priority": 3, "expires": "2027-03-01", "on_missing": "match" } ] })");
  LoadResult result = folder.Load();
  EXPECT_THAT(result.diagnostics, IsEmpty());
  ASSERT_NE(result.set, nullptr);
  EXPECT_EQ(result.files, 6);
  EXPECT_EQ(result.rules, 2);
  EXPECT_EQ(result.lists, 2);
  const RuleSet& set = *result.set;
  const rule::NamedList& b = *set.lists.at("b");
  EXPECT_EQ(b.size(), 3u);
  EXPECT_TRUE(b.Contains("one", 0) && b.Contains("two", 0) && b.Contains("three", 0));
  ASSERT_THAT(set.rules, SizeIs(2));
  const Rule& rule = set.rules[0];
  EXPECT_EQ(rule.id, "a_rule");
  EXPECT_EQ(rule.mode, Mode::kShadow);
  EXPECT_EQ(rule.action, Action::kNone);
  EXPECT_EQ(rule.score, -7);
  EXPECT_EQ(rule.expires_ms, 1803859200000);  // 2027-03-01T00:00:00Z
  EXPECT_TRUE(rule.match_on_missing);
  EXPECT_THAT(rule.clause_texts, ElementsAre("card.id in lists.b"));
  EXPECT_EQ(set.rules[1].id, "card_burst");
  EXPECT_THAT(set.rules[1].clauses, SizeIs(2));
  ASSERT_THAT(set.rules[1].tests, SizeIs(2));
  EXPECT_EQ(set.rules[1].tests[1].expect, RuleResult::kNoMatch);
  EXPECT_EQ(set.rules[1].tests[1].given_json, R"({ "card": { "count_1d": 4 } })");
  EXPECT_THAT(set.by_priority, ElementsAre(0, 1));
  EXPECT_THAT(set.policy.reasons, ElementsAre("VELOCITY", "LISTED"));
  ASSERT_THAT(set.features->features(), SizeIs(3));
  for (size_t i = 0; i < 3; ++i) {
    bool read = set.features->features()[i].full_name == "card.count_1d";
    EXPECT_EQ(set.feature_read_live[i], read) << set.features->features()[i].full_name;
  }
}

TEST(LoadRuleSet, AgeAndProvenanceReadTheirFeature) {
  TestFolder folder;
  folder.Replace(
      "rules.json", "card.count_1d >= 5",
      "provenance(card.avg_30d) != 'FULL' || age(merchant.volume_30d) > duration('10m')");
  folder.Replace("rules.json", R"("card": { "count_1d": 5 })",
                 R"("merchant": { "volume_30d": { "value": 5, "age": "11m" } }, "card": {)"
                 R"( "avg_30d": { "value": 2, "provenance": "PARTIAL" } })");
  folder.Replace("rules.json", R"("merchant": { "mcc": "6051" })", R"("txn": { "amount": 1 })");
  folder.Replace("rules.json", "merchant.mcc in lists.high_risk_mcc", "txn.amount > 0");
  folder.Replace("rules.json", R"("card": { "count_1d": 4 })",
                 R"("merchant": { "volume_30d": 5 }, "card": { "avg_30d": 5 })");
  const LoadResult result = folder.Load();
  ASSERT_NE(result.set, nullptr) << folder.Messages();
  EXPECT_THAT(result.set->feature_read_live, ElementsAre(false, true, true));
}

TEST(LoadRuleSet, AFailingTestSpellsAgeAsRulesDo) {
  TestFolder folder;
  folder.Replace("rules.json", "card.count_1d >= 5", "age(card.count_1d) > duration('10m')");
  EXPECT_THAT(folder.Messages(), HasSubstr("(age(card.count_1d) = 0s)"));
  folder.Replace("rules.json", R"("card": { "count_1d": 5 }, )", "");
  EXPECT_THAT(folder.Messages(), HasSubstr("missing: card.count_1d"));
}

TEST(LoadRuleSet, HashesNamesAndBytesOfEveryFileRead) {
  TestFolder folder;
  const std::string hash = folder.Load().set->hash;
  EXPECT_THAT(hash, SizeIs(64));
  EXPECT_EQ(folder.Load().set->hash, hash);
  EXPECT_EQ(folder.Load().set->short_hash, hash.substr(0, 12));
  folder.Write("README.md", "not a rule");
  folder.Write(".hidden.json", "not read");
  folder.Write("lists/unused.txt", "not read either");
  EXPECT_EQ(folder.Load().set->hash, hash);
  std::filesystem::rename(folder.path() / "rules.json", folder.path() / "other.json");
  EXPECT_NE(folder.Load().set->hash, hash);
  std::filesystem::rename(folder.path() / "other.json", folder.path() / "rules.json");
  EXPECT_EQ(folder.Load().set->hash, hash);
  folder.Replace("rules.json", "\"ann\"", "\"ann\" ");
  EXPECT_NE(folder.Load().set->hash, hash);
}

TEST(LoadRuleSet, CountsTheBytesOfListFilesInTheHash) {
  TestFolder folder;
  folder.Replace("rules.json", R"(["4829", "6051"])", R"({ "file": "lists/mcc.txt" })");
  folder.Write("lists/mcc.txt", "6051\n");
  const std::string hash = folder.Load().set->hash;
  folder.Write("lists/mcc.txt", "6051\n4829\n");
  EXPECT_NE(folder.Load().set->hash, hash);
}

TEST(LoadRuleSet, IsTheSameFromAFolderNamedWithASlash) {
  TestFolder folder;
  auto slashed = LoadRuleSet(folder.path().string() + "/", {.now_ms = TestFolder::kNowMs});
  EXPECT_EQ(slashed.set->hash, folder.Load().set->hash);
}

// Kubernetes sets `..data` anew while files are read: all are of the version it led to at first.
TEST(LoadRuleSet, ReadsAConfigMapAsOneVersion) {
  TestFolder folder;
  const std::string hash = folder.Load().set->hash;
  namespace fs = std::filesystem;
  fs::create_directory(folder.path() / "..1");
  for (const char* name : {"schema.json", "features.json", "policy.json", "rules.json"}) {
    fs::rename(folder.path() / name, folder.path() / "..1" / name);
    fs::create_symlink(fs::path("..data") / name, folder.path() / name);
  }
  fs::create_directory_symlink("..1", folder.path() / "..data");
  ASSERT_NE(folder.Load().set, nullptr);
  EXPECT_EQ(folder.Load().set->hash, hash);
  // Two names lead to two versions for a moment.
  fs::remove(folder.path() / "policy.json");
  folder.Write("policy.json",
               R"({ "review_at": 1, "deny_at": 2, "reasons": ["VELOCITY", "LISTED"] })");
  EXPECT_EQ(folder.Load().set->hash, hash);
}

TEST(LoadRuleSet, ReportsAFolderThatIsNotThere) {
  LoadResult result = LoadRuleSet("/nonexistent/rules", {.now_ms = 0});
  EXPECT_EQ(result.set, nullptr);
  ASSERT_THAT(result.diagnostics, SizeIs(1));
  EXPECT_EQ(result.diagnostics[0].code, "R500");
  EXPECT_THAT(result.diagnostics[0].message, HasSubstr("No such file or directory"));
}

TEST(LoadRuleSet, ReportsAtMostAHundredErrorsAndCountsTheRest) {
  TestFolder folder;
  std::string rules;
  for (int i = 0; i < 130; ++i) rules += (i > 0 ? ", " : "") + std::string(R"({"unknown": 1})");
  folder.Write("more.json", R"({ "schema": "txn/1", "rules": [)" + rules + "]}");
  LoadResult result = folder.Load();
  EXPECT_EQ(result.set, nullptr);
  EXPECT_THAT(result.diagnostics, SizeIs(kErrorsMax));
  EXPECT_EQ(result.errors_left_out,
            130u * 5 - kErrorsMax);  // id, name, owner, condition, unknown key
}

TEST(LoadRuleSet, FindsTheMistakesOfAllFilesInOnePass) {
  TestFolder folder;
  folder.Replace("schema.json", "\"string\"", "\"strin\"");
  folder.Replace("features.json", "\"window\"", "\"windw\"");
  folder.Replace("policy.json", "50", "500");
  folder.Replace("rules.json", "\"ann\"", "1");
  std::vector<std::string> codes;
  for (const auto& d : folder.Load().diagnostics) codes.push_back(d.code);
  EXPECT_THAT(codes, UnorderedElementsAre("R517", "R511", "R504", "R503", "R507"));
}

TEST(LoadRuleSet, DoesNotBlameRulesForAFieldWhoseDeclarationIsFaulty) {
  TestFolder folder;
  folder.Replace("features.json", "\"count\"", "\"cuont\"");
  for (const auto& d : folder.Load().diagnostics) {
    EXPECT_THAT(d.place.file, HasSubstr("features.json")) << d.message;
  }
}

TEST(LoadRuleSet, LetsTheFileOverrideTheOptionsOfTheDeployment) {
  TestFolder folder;
  folder.Replace(
      "features.json", "\"features\"",
      R"("defaults": { "late_accept": "3d", "future_skew": "90s", "fresh_within": "250ms" }, "features")");
  auto set = folder.Load().set;
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->features->options().late_accept_days, 3);
  EXPECT_EQ(set->features->options().future_skew_ms, 90'000);
  EXPECT_EQ(set->features->options().fresh_within_ms, 250);
  EXPECT_EQ(set->features->options().base_currency, "EUR");
}

TEST(LoadRuleSet, KnowsEntitiesOfOnesOwn) {
  TestFolder folder;
  folder.Replace("schema.json", "\"card\": {", R"("ip": { "key": "txn.ip" }, "card": {)");
  folder.Replace(
      "features.json", "\"features\": [",
      R"("features": [ { "name": "count_1d", "entity": "ip", "aggregate": "count", "window": "1d" },)");
  folder.Replace("rules.json", "card.count_1d >= 5", "card.count_1d >= 5 && ip.count_1d >= 0");
  folder.Replace("rules.json", R"({ "count_1d": 5 })",
                 R"({ "count_1d": 5 }, "ip": { "count_1d": 1 })");
  EXPECT_EQ(folder.Messages(), "");
}

TEST(LoadRuleSet, TestsRulesThatAreOff) {
  TestFolder folder;
  folder.Replace("rules.json", "\"live\"", "\"off\"");
  folder.Replace("rules.json", "\"count_1d\": 5", "\"count_1d\": 3");
  EXPECT_THAT(folder.Messages(), HasSubstr("error[R520]"));
}

TEST(LoadRuleSet, WarnsOfExpiryFromFourteenDaysBefore) {
  TestFolder folder;
  folder.Replace("rules.json", "\"reason\"", R"("expires": "2026-12-01", "reason")");
  const int64_t expires = 1796083200000;
  const int64_t day = 86'400'000;
  auto warnings = [&](int64_t now) {
    LoadResult result = LoadRuleSet(folder.path().string(), {.now_ms = now});
    EXPECT_NE(result.set, nullptr);
    return result.diagnostics.size();
  };
  EXPECT_EQ(warnings(expires - 14 * day - 1), 0u);
  EXPECT_EQ(warnings(expires - 14 * day), 1u);
  EXPECT_EQ(warnings(expires + day), 1u);
}

TEST(LoadRuleSet, PlacesAMistakeInAnExpressionThroughItsEscapes) {
  TestFolder folder;
  folder.Replace("rules.json", "merchant.mcc in lists.high_risk_mcc",
                 R"(merchant.mcc == \"\u0036051\" && card.bni == 'x')");
  LoadResult result = folder.Load();
  const rule::Diagnostic* wrong = nullptr;
  for (const auto& d : result.diagnostics) {
    if (d.code == "R102") wrong = &d;
  }
  ASSERT_NE(wrong, nullptr);
  EXPECT_EQ(wrong->place.line, 8);
  std::string text = ReadFileText(folder.path() / "rules.json");
  size_t line = 0;
  for (int i = 1; i < 8; ++i) line = text.find('\n', line) + 1;
  EXPECT_THAT(text.substr(line + wrong->place.column - 1), ::testing::StartsWith("bni"));
  EXPECT_EQ(wrong->pointer, "/rules/0/when_all/1");
  EXPECT_EQ(wrong->rule_id, "card_burst");
}

}  // namespace
}  // namespace verdict::ruleset
