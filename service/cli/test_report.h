// What the tests of a folder of rules yielded, as `verdict test` prints it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rule/diagnostic.h"
#include "ruleset/test_report.h"

namespace verdict::cli {

struct TestReport {
  std::vector<ruleset::TestedRule> rules;  // by id
  std::vector<rule::Diagnostic> errors;    // why the folder does not load, failed tests apart
  size_t errors_left_out = 0;              // beyond those
};

// A line a test and a line a rule; then what did not load; then the sum.
std::string TestReportText(const TestReport& report, bool color);
std::string TestReportJson(const TestReport& report);
// kExitFindings where a test failed or did not run, evaluators differ or the folder has errors.
int ExitStatusOf(const TestReport& report);

}  // namespace verdict::cli
