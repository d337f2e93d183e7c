// `verdict size`: what a deployment will need of memory and disk.
#pragma once

#include <string>

#include "CLI/CLI.hpp"
#include "cli/size_estimate.h"

namespace verdict::cli {

void AddSizeCommand(CLI::App& app, int* exit_code);

// As the command prints it.
std::string SizeText(const SizeEstimate& estimate);
std::string SizeJson(const SizeEstimate& estimate);

}  // namespace verdict::cli
