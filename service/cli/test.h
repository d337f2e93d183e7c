// `verdict test`: runs the tests that stand beside the rules, and tells what each clause was seen
// to do.
#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "feature/feature_set.h"
#include "rule/diagnostic.h"
#include "ruleset/test_report.h"

namespace verdict::cli {

void AddTestCommand(CLI::App& app, int* exit_code);

struct TestReport {
  std::vector<ruleset::TestedRule> rules;  // by id
  std::vector<rule::Diagnostic> errors;    // why the folder does not load, failed tests apart
  size_t errors_left_out = 0;              // beyond those
};

// Of a folder; of one rule and what concerns it where `rule_id` is not empty.
// Errors: NotFound for an id that no rule has; the message names the nearest.
absl::StatusOr<TestReport> RunTests(const std::string& folder, const std::string& rule_id,
                                    const feature::FeatureOptions& deployment);
// A line a test and a line a rule; then what did not load; then the sum.
std::string TestReportText(const TestReport& report, bool color);
std::string TestReportJson(const TestReport& report);
// kExitFindings where a test failed or did not run, evaluators differ or the folder has errors.
int ExitStatusOf(const TestReport& report);

}  // namespace verdict::cli
