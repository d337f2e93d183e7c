// `verdict explain`: why a decision came out as it did, what each clause of a rule saw, and what
// the code of a message means.
#pragma once

#include "CLI/CLI.hpp"

namespace verdict::cli {

void AddExplainCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
