// `verdict rules`: which rule sets a running verdictd has, and which of them is live.
#pragma once

#include "CLI/CLI.hpp"

namespace verdict::cli {

// Sets `exit_code`: 0 done, 1 the guard or the service refused it, 2 trouble.
void AddRulesCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
