// `verdict lint`: reads, checks, compiles and tests a folder of rules, and says what is wrong
// where.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "feature/feature_set.h"
#include "rule/diagnostic.h"

namespace verdict::cli {

void AddLintCommand(CLI::App& app, int* exit_code);

// Adds --zone and --base-currency, what a deployment's settings say. `options` must outlive the
// parse.
void AddDeploymentOptions(CLI::App* command, feature::FeatureOptions* options);
// As people read them, coloured where `file` is a terminal.
void PrintDiagnostics(const std::vector<rule::Diagnostic>& diagnostics, std::FILE* file);
// An array of objects: code, severity, file, line, column, length, pointer, rule, message, label,
// notes, fixes.
std::string DiagnosticsJson(const std::vector<rule::Diagnostic>& diagnostics);

}  // namespace verdict::cli
