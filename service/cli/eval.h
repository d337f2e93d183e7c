// `verdict eval`: what a folder of rules decides on one payment, or what one expression yields.
#pragma once

#include "CLI/CLI.hpp"

namespace verdict::cli {

void AddEvalCommand(CLI::App& app, int* exit_code);

}  // namespace verdict::cli
