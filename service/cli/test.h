// `verdict test`: runs the tests that stand beside the rules, and tells what each clause was seen
// to do.
#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "cli/test_report.h"
#include "feature/feature_set.h"

namespace verdict::cli {

void AddTestCommand(CLI::App& app, int* exit_code);

// Of a folder; of one rule and what concerns it where `rule_id` is not empty.
// Errors: NotFound for an id that no rule has; the message names the nearest.
absl::StatusOr<TestReport> RunTests(const std::string& folder, const std::string& rule_id,
                                    const feature::FeatureOptions& deployment);

}  // namespace verdict::cli
