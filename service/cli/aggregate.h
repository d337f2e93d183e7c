// `verdict aggregate`: folds the log of a stopped service up to its newest cut, and shows what was
// folded.
#pragma once

#include "CLI/CLI.hpp"

namespace verdict::cli {

void AddAggregateCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
