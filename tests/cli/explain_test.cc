// What `verdict explain` prints of decisions and rules: golden files beside the payments of
// tests/cli/explain. VERDICT_UPDATE_GOLDEN=1 writes them anew.
#include <algorithm>

#include "cli/explain_decision.h"
#include "cli/explain_rule.h"
#include "gmock/gmock.h"
#include "ruleset/folder.h"

namespace verdict::cli {
namespace {

using ruleset::ReadFileText;
using ::testing::HasSubstr;

const std::filesystem::path kFolder = "tests/cli/explain";

std::optional<RulesAndPayment> ReadText(const std::string& text) {
  const ruleset::LoadResult loaded =
      ruleset::LoadRuleSet(kFolder / "rules", {.now_ms = ruleset::TestFolder::kNowMs});
  if (loaded.set == nullptr) return std::nullopt;
  ruleset::Findings findings;
  auto read = ReadPayment("payment.json", text, loaded.set, &findings);
  for (const rule::Diagnostic& finding : findings.list()) ADD_FAILURE() << finding.message;
  return read;
}

RuleTrace TraceOf(const RulesAndPayment& read, const std::string& id) {
  const std::vector<ruleset::Rule>& rules = read.set->rules;
  const auto rule = std::find_if(rules.begin(), rules.end(),
                                 [&](const ruleset::Rule& one) { return one.id == id; });
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  ruleset::Evaluation evaluation;
  ruleset::EvaluateRules(*read.set, read.given.record, arena.get(), &evaluation);
  const bool acts = evaluation.acting[static_cast<size_t>(rule - rules.begin())];
  return TraceRule(*read.set, *rule, acts, read.given, arena.get());
}

// The head line of the trace.
std::string Head(const std::string& payment, const std::string& id) {
  const auto read = ReadText(payment);
  if (!read) return "unread";
  const std::string text = RuleTraceText(TraceOf(*read, id), /*color=*/false);
  return text.substr(0, text.find('\n'));
}

void ExpectGolden(const std::string& name, const std::string& text) {
  const std::filesystem::path golden = kFolder / name;
  if (std::getenv("VERDICT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden, std::ios::binary) << text;
    return;
  }
  EXPECT_EQ(text, ReadFileText(golden));
}

class Explained : public ::testing::TestWithParam<const char*> {};

TEST_P(Explained, DecisionsSayWhichStepDecidedAndWhatEachRuleSaw) {
  const std::string payment = GetParam();
  const auto read = ReadText(ReadFileText(kFolder / (payment + ".json")));
  ASSERT_TRUE(read.has_value());
  ExpectGolden(payment + ".txt",
               DecisionTraceText(TraceDecision(*read, /*all=*/false), /*color=*/false));
}

INSTANTIATE_TEST_SUITE_P(Payments, Explained,
                         ::testing::Values("burst", "regular", "sanctioned", "night", "score",
                                           "quiet", "cold", "partial"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Explain, ShowsAllRulesWhereAsked) {
  const auto read = ReadText(ReadFileText(kFolder / "burst.json"));
  ASSERT_TRUE(read.has_value());
  const DecisionTrace all = TraceDecision(*read, /*all=*/true);
  EXPECT_EQ(all.rules.size(), read->set->rules.size());
  ExpectGolden("burst_all.txt", DecisionTraceText(all, /*color=*/false));
}

TEST(Explain, TellsMachinesTheSame) {
  const auto read = ReadText(ReadFileText(kFolder / "burst.json"));
  ASSERT_TRUE(read.has_value());
  ExpectGolden("burst.golden.json",
               DecisionTraceJson(TraceDecision(*read, /*all=*/false)).dump(2) + "\n");
  ExpectGolden("gift_cards.golden.json",
               RuleTraceJson(TraceOf(*read, "gift_cards")).dump(2) + "\n");
}

TEST(Explain, SaysOfARuleWhatItDoesOrWouldDo) {
  EXPECT_EQ(Head(R"({"card": {"id": "tok_666"}})", "sanctions"),
            "sanctions \"Sanctioned card\": match, so deny (final), LISTED");
  EXPECT_EQ(Head(R"({"card": {"id": "tok_1"}})", "sanctions"),
            "sanctions \"Sanctioned card\": no_match");
  EXPECT_THAT(Head(R"({"txn": {"amount": 500}})", "no_address"),
              HasSubstr(": missing, which matches by `on_missing`, so +20"));
  EXPECT_THAT(Head(R"({})", "new_device"), HasSubstr(": missing, so it does not match"));
  EXPECT_THAT(Head(R"({"txn": {"amount": 5}, "card": {"count_1h": 0}})", "odd_ratio"),
              HasSubstr(": error, so it does not match"));
  EXPECT_THAT(Head(R"({"txn": {"amount": 500}})", "on_leave"),
              HasSubstr(": match, so it would deny, VELOCITY (it is off)"));
  EXPECT_THAT(Head(R"({"txn": {"skus": []}, "merchant": {"volume_30d": 1}})", "gift_cards"),
              HasSubstr(": no_match (mode shadow)"));
  // Whether a rule has expired is read from the payment's own time.
  EXPECT_THAT(
      Head(R"({"txn": {"time": "2026-01-01T00:00:00Z"}, "card": {"count_1h": 5}})", "old_campaign"),
      HasSubstr(": match, so it would review, VELOCITY (expired on 2026-01-01)"));
  EXPECT_THAT(
      Head(R"({"txn": {"time": "2025-12-31T23:59:59Z"}, "card": {"count_1h": 5}})", "old_campaign"),
      ::testing::EndsWith(": match, so review, VELOCITY"));
}

// A fenced block of rules/README.md by what stands behind its fence.
std::string ReadmeBlock(const std::string& kind) {
  const std::string readme = ReadFileText("rules/README.md");
  const size_t fence = readme.find("\n```" + kind + "\n");
  if (fence == std::string::npos) return "";
  const size_t begin = readme.find('\n', fence + 1) + 1;
  return readme.substr(begin, readme.find("```", begin) - begin);
}

TEST(Explain, PrintsWhatTheReadmeOfTheRulesShows) {
  const ruleset::LoadResult loaded =
      ruleset::LoadRuleSet("rules", {.now_ms = ruleset::TestFolder::kNowMs});
  ASSERT_NE(loaded.set, nullptr);
  ruleset::Findings findings;
  const auto read = ReadPayment("payment.json", ReadmeBlock("json payment"), loaded.set, &findings);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(RuleTraceText(TraceOf(*read, "abroad_large_amount"), /*color=*/false),
            ReadmeBlock("text explain abroad_large_amount"));
}

TEST(Explain, NamesATotalGivenInBothFormsOnce) {
  const auto read = ReadText(R"({"merchant": {"volume_30d": {"value": 3, "provenance": "PARTIAL"},
      "volume_30d_minor": {"value": 300, "age": "8s"}}, "txn": {"skus": ["GIFT25"]}})");
  ASSERT_TRUE(read.has_value());
  const RuleTrace trace = TraceOf(*read, "gift_cards");
  ASSERT_EQ(trace.clauses.size(), 2u);
  ASSERT_EQ(trace.clauses[1].features.size(), 1u);
  const FeatureNote& note = trace.clauses[1].features[0];
  EXPECT_EQ(note.feature, "merchant.volume_30d_minor");
  EXPECT_EQ(note.provenance, "PARTIAL") << "the worst of both, as the clause sees it";
  EXPECT_EQ(note.age, "8s");
}

TEST(Explain, ColoursWhatIsNotPlain) {
  const auto read = ReadText(R"({"txn": {"amount": 500}})");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(RuleTraceText(TraceOf(*read, "new_device"), /*color=*/true),
            "\x1b[1mnew_device\x1b[0m \"New device\": missing, so it does not match\n"
            "  \x1b[1;33mmissing\x1b[0m  device.age_days < 3  device.age_days is missing\n"
            "  \x1b[1;32mtrue\x1b[0m     txn.amount > 200     500 > 200\n");
}

}  // namespace
}  // namespace verdict::cli
