// `verdict import`: a file of payments into the embedded log.
#pragma once

#include "CLI/CLI.hpp"

namespace verdict::cli {

void AddImportCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
