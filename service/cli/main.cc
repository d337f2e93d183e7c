// verdict: the command line. Each command adds itself; this file only parses and returns its exit
// status.
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "CLI/CLI.hpp"
#include "cli/aggregate.h"
#include "cli/eval.h"
#include "cli/explain.h"
#include "cli/generate.h"
#include "cli/import.h"
#include "cli/lint.h"
#include "cli/rules.h"
#include "cli/score.h"
#include "cli/size.h"
#include "cli/terminal.h"
#include "cli/test.h"

int main(int argc, char** argv) {
  CLI::App app{
      "verdict: generate, import, fold, score and judge payments.\n"
      "Exit status: 0 done, 1 findings, 2 wrong usage or trouble. Each command's --help has an "
      "example."};
  app.name("verdict");
  app.require_subcommand(1);
  int exit_code = verdict::cli::kExitOk;
  verdict::cli::AddScoreCommand(app, &exit_code);
  verdict::cli::AddGenerateCommand(app, &exit_code);
  verdict::cli::AddImportCommand(app, &exit_code);
  verdict::cli::AddAggregateCommand(app, &exit_code);
  verdict::cli::AddSizeCommand(app, &exit_code);
  verdict::cli::AddLintCommand(app, &exit_code);
  verdict::cli::AddTestCommand(app, &exit_code);
  verdict::cli::AddEvalCommand(app, &exit_code);
  verdict::cli::AddExplainCommand(app, &exit_code);
  verdict::cli::AddRulesCommand(app, &exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? verdict::cli::kExitOk : verdict::cli::kExitTrouble;
  }
  // What stands in a pipe or on a full disk in part is no answer.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    std::fprintf(stderr, "verdict: cannot write the output: %s\n", std::strerror(errno));
    return verdict::cli::kExitTrouble;
  }
  return exit_code;
}
