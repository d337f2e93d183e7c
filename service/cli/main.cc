// verdict: the command line. Each command adds itself; this file only parses and returns its exit
// status.
#include "CLI/CLI.hpp"
#include "cli/generate.h"
#include "cli/terminal.h"

int main(int argc, char** argv) {
  CLI::App app{
      "verdict: generate, import, fold, score and judge payments.\n"
      "Exit status: 0 done, 1 findings, 2 wrong usage or trouble. Each command's --help has an "
      "example."};
  app.name("verdict");
  app.require_subcommand(1);
  int exit_code = verdict::cli::kExitOk;
  verdict::cli::AddGenerateCommand(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? verdict::cli::kExitOk : verdict::cli::kExitTrouble;
  }
  return exit_code;
}
