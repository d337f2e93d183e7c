// The command around LoadRuleSet: of what it tells, the tests and what keeps the folder from
// loading.
#include "cli/test.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/lint.h"
#include "cli/terminal.h"
#include "ruleset/findings.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {
namespace {

using ruleset::TestedCase;
using ruleset::TestedRule;

constexpr char kExplanation[] =
    "A \"made\" case is a rule's first matching test without one field that a payment may lack: it "
    "shows\n"
    "what the rule does then, and is not judged. \"clauses seen\" counts over the rule's own tests "
    "and the\n"
    "made cases: how many clauses were true, false, missing at least once. Rules with mode off are "
    "tested too.\n"
    "Exit status: 0 all passed, 1 a test failed or the rules have errors, 2 wrong usage.\n"
    "Examples: verdict test rules/\n"
    "          verdict test rules/ --rule blocked_card";

// Failed tests stand in the table.
bool IsOfTest(const rule::Diagnostic& diagnostic) {
  return diagnostic.code == "R520" || diagnostic.code == "R521";
}

// How many errors of tests LoadRuleSet had, listed or left out.
size_t TestErrors(const std::vector<TestedRule>& rules) {
  size_t errors = 0;
  for (const TestedRule& rule : rules) {
    for (const TestedCase& one : rule.cases) {
      if (!one.made()) errors += one.differences.size() + (one.failed() ? 1 : 0);
    }
  }
  return errors;
}

struct TestOptions {
  std::string folder;
  std::string rule;
  OutputFormat format = OutputFormat::kText;
  feature::FeatureOptions deployment;
};

int Test(const TestOptions& options) {
  const absl::StatusOr<TestReport> report =
      RunTests(options.folder, options.rule, options.deployment);
  if (!report.ok()) return ExitWith("test", report.status());
  const bool json = options.format == OutputFormat::kJson;
  absl::PrintF(
      "%s", json ? TestReportJson(*report) : TestReportText(*report, ::isatty(STDOUT_FILENO) != 0));
  return ExitStatusOf(*report);
}

}  // namespace

absl::StatusOr<TestReport> RunTests(const std::string& folder, const std::string& rule_id,
                                    const feature::FeatureOptions& deployment) {
  TestReport report;
  ruleset::LoadResult loaded =
      ruleset::LoadRuleSet(folder, {.deployment = deployment, .tested = &report.rules});
  const auto of_tests =
      std::count_if(loaded.diagnostics.begin(), loaded.diagnostics.end(), IsOfTest);
  report.errors_left_out =
      loaded.errors_left_out - (TestErrors(report.rules) - static_cast<size_t>(of_tests));
  for (rule::Diagnostic& diagnostic : loaded.diagnostics) {
    if (diagnostic.severity != rule::Severity::kError || IsOfTest(diagnostic)) continue;
    report.errors.push_back(std::move(diagnostic));
  }
  if (rule_id.empty()) return report;
  std::vector<std::string> ids;
  for (const TestedRule& rule : report.rules) ids.push_back(rule.id);
  std::erase_if(report.rules, [&](const TestedRule& rule) { return rule.id != rule_id; });
  if (report.rules.empty()) {
    return absl::NotFoundError(absl::StrFormat(
        "--rule: no rule `%s` in %s%s%s", rule_id, folder, ruleset::NameAdvice(rule_id, ids),
        report.errors.empty() ? "" : "; the folder has errors, `verdict lint` shows them"));
  }
  std::erase_if(report.errors, [&](const rule::Diagnostic& diagnostic) {
    return !diagnostic.rule_id.empty() && diagnostic.rule_id != rule_id;
  });
  return report;
}

void AddTestCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("test", "run the tests of rules, and what they cover");
  command->footer(kExplanation);
  auto options = std::make_shared<TestOptions>();
  command->add_option("rules", options->folder, "the folder of rules")
      ->required()
      ->check(CLI::ExistingDirectory);
  command->add_option("--rule", options->rule, "the id of a rule: it alone");
  AddFormatOption(command, &options->format);
  AddDeploymentOptions(command, &options->deployment);
  command->callback([options, exit_code] { *exit_code = Test(*options); });
}

}  // namespace verdict::cli
