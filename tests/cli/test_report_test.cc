// What `verdict test` prints: the folders of tests/cli/test_report, each beside its golden text and
// JSON. VERDICT_UPDATE_GOLDEN=1 writes them anew.
#include "cli/test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/terminal.h"
#include "cli/test_report.h"
#include "nlohmann/json.hpp"
#include "ruleset/folder.h"
#include "ruleset/rule_set.h"
#include "support/status_matchers.h"

namespace verdict::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::string kCases = "tests/cli/test_report/";  // NOLINT: a test's constant

TestReport ReportOf(const std::string& folder, const std::string& rule = "") {
  auto report = RunTests(folder, rule, {});
  EXPECT_THAT(report, testing::IsOk());
  return report.ok() ? *std::move(report) : TestReport();
}

void ExpectGolden(const std::string& text, const fs::path& golden) {
  if (std::getenv("VERDICT_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(golden) << text;
    return;
  }
  EXPECT_EQ(text, ruleset::ReadFileText(golden)) << golden;
}

class TestReportOf : public ::testing::TestWithParam<std::string> {};

TEST_P(TestReportOf, ReadsAsItsGoldenFiles) {
  const std::string folder = kCases + GetParam();
  const TestReport report = ReportOf(folder + "/rules");
  ExpectGolden(TestReportText(report, /*color=*/false), folder + "/golden.txt");
  ExpectGolden(TestReportJson(report), folder + "/golden.json");
}

INSTANTIATE_TEST_SUITE_P(Folders, TestReportOf, ::testing::Values("results", "errors", "passed"),
                         [](const auto& info) { return info.param; });

TEST(TestReport, ExitsWithFindingsUnlessAllPassed) {
  EXPECT_EQ(ExitStatusOf(ReportOf(kCases + "passed/rules")), kExitOk);
  EXPECT_EQ(ExitStatusOf(ReportOf(kCases + "results/rules")), kExitFindings);
  EXPECT_EQ(ExitStatusOf(ReportOf(kCases + "errors/rules")), kExitFindings);
  TestReport all_passed = ReportOf(kCases + "passed/rules");
  all_passed.errors_left_out = 1;
  EXPECT_EQ(ExitStatusOf(all_passed), kExitFindings);
  all_passed.errors_left_out = 0;
  all_passed.errors.emplace_back();
  EXPECT_EQ(ExitStatusOf(all_passed), kExitFindings);
}

TEST(TestReport, OfOneRuleTellsOfItAlone) {
  const TestReport sound = ReportOf(kCases + "results/rules", "money_forms");
  EXPECT_THAT(sound.rules, SizeIs(1));
  EXPECT_EQ(ExitStatusOf(sound), kExitOk);
  EXPECT_THAT(TestReportText(sound, false),
              EndsWith("\n1 rule, 2 tests: 2 passed, 0 failed; evaluators agree on all\n"));
  // Errors of other rules are not this one's.
  EXPECT_THAT(ReportOf(kCases + "errors/rules", "sound").errors, IsEmpty());
  const TestReport misspelt = ReportOf(kCases + "errors/rules", "misspelt");
  EXPECT_EQ(ExitStatusOf(misspelt), kExitFindings);
  EXPECT_THAT(TestReportText(misspelt, false),
              AllOf(StartsWith("misspelt  tests not run: see the errors\n"), HasSubstr("R102"),
                    EndsWith("\n1 rule, 1 test: 0 passed, 0 failed, 1 not run\n")));
}

TEST(TestReport, NamesTheNearestRuleWhereAnIdIsUnknown) {
  const auto report = RunTests(kCases + "results/rules", "money_from", {});
  EXPECT_THAT(report, testing::StatusIs(absl::StatusCode::kNotFound,
                                        AllOf(HasSubstr("no rule `money_from`"),
                                              HasSubstr("did you mean `money_forms`?"),
                                              Not(HasSubstr("has errors")))));
  const auto errors = RunTests(kCases + "errors/rules", "elsewhere", {});
  EXPECT_THAT(errors,
              testing::StatusIs(absl::StatusCode::kNotFound, HasSubstr("the folder has errors")));
}

TEST(TestReport, ColoursVerdictsOnATerminal) {
  const TestReport report = ReportOf(kCases + "results/rules");
  const std::string text = TestReportText(report, /*color=*/true);
  EXPECT_THAT(text, AllOf(HasSubstr("\x1b[1;32mPASS\x1b[0m"), HasSubstr("\x1b[1;31mFAIL\x1b[0m")));
  std::string plain = text;
  for (const std::string code : {"\x1b[1;32m", "\x1b[1;31m", "\x1b[0m"}) {
    for (size_t at; (at = plain.find(code)) != std::string::npos;) plain.erase(at, code.size());
  }
  EXPECT_EQ(plain, TestReportText(report, /*color=*/false));
}

// No rule is known on which the evaluators differ, so the report of one is written by hand.
TEST(TestReport, TellsWhereEvaluatorsDiffer) {
  TestReport report = ReportOf(kCases + "passed/rules");
  report.rules[0].cases[1].differences = {"clause 2 `b` is true, by the reference false"};
  EXPECT_EQ(ExitStatusOf(report), kExitFindings);
  EXPECT_THAT(TestReportText(report, false),
              AllOf(HasSubstr("abroad  DIFF  at home                clause 2 `b` is true, by the "
                              "reference false: the evaluators differ"),
                    EndsWith("2 passed, 0 failed; evaluators differ in 1 place\n")));
  const auto json = nlohmann::json::parse(TestReportJson(report));
  EXPECT_EQ(json["differences"], 1);
}

// More than LoadRuleSet lists: all stand in the table, and none is counted as an error beside it.
TEST(TestReport, HasEveryFailedTestHoweverMany) {
  ruleset::TestFolder folder;
  std::string rules;
  constexpr int kRules = 60;
  for (int i = 0; i < kRules; ++i) {
    const std::string test =
        R"({"name": "t", "expect": "match", "given": {"card": {"count_1d": 1}}})";
    rules += (i == 0 ? "" : ",") +
             (R"({"id": "r)" + std::to_string(i) + R"(", "name": "n", "owner": "o", )") +
             R"("when": "card.count_1d > 5", "tests": [)" + test + "," + test + "]}";
  }
  folder.Write("rules.json", R"({"schema": "txn/1", "rules": [)" + rules + "]}");
  const TestReport report = ReportOf(folder.path().string());
  EXPECT_THAT(report.errors, IsEmpty());
  EXPECT_EQ(report.errors_left_out, 0);
  const std::string sum = "60 rules, 120 tests: 0 passed, 120 failed; evaluators agree on all\n";
  EXPECT_THAT(TestReportText(report, false), EndsWith(": clause 1 `card.count_1d > 5` is false "
                                                      "(card.count_1d = 1)\nr9   clauses seen true "
                                                      "0/1, false 1/1, missing 0/1   never true: "
                                                      "1\n" +
                                                      sum));
  // An error of another kind among those that are not listed.
  folder.Write("z.json", R"({"schema": "txn/2", "rules": []})");
  const TestReport more = ReportOf(folder.path().string());
  EXPECT_THAT(more.errors, IsEmpty());
  EXPECT_EQ(more.errors_left_out, 1);
  EXPECT_THAT(TestReportText(more, false), EndsWith("\nand 1 more error\n" + sum));
}

// The block of rules/README.md that shows the command is what the command prints.
TEST(TestReport, OfTheReadmeIsWhatIsPrinted) {
  std::istringstream readme(ruleset::ReadFileText("rules/README.md"));
  const std::string command = "$ verdict test rules/ --rule ";
  std::string rule, shown;
  for (std::string line; std::getline(readme, line);) {
    if (!rule.empty() && line == "```") break;
    if (!rule.empty()) shown += line + "\n";
    if (line.starts_with(command)) rule = line.substr(command.size());
  }
  ASSERT_NE(rule, "");
  EXPECT_EQ(TestReportText(ReportOf("rules", rule), false), shown);
}

}  // namespace
}  // namespace verdict::cli
