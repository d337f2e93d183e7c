// The command around LoadRuleSet: messages, one line of summary, exit status.
#include "cli/lint.h"

#include <unistd.h>

#include <map>
#include <memory>

#include "absl/strings/str_format.h"
#include "cli/lint_fix.h"
#include "cli/terminal.h"
#include "nlohmann/json.hpp"
#include "ruleset/rule_set.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "Exit status: 0 clean (hints alone are clean), 1 errors or warnings, 2 wrong usage, or a file\n"
    "that could not be mended. With --fix it is that of the mended folder.\n"
    "Example: verdict lint rules/\n"
    "         verdict lint --fix --dry-run rules/";

struct Counts {
  int errors = 0, warnings = 0, hints = 0;
};

Counts Count(const ruleset::LoadResult& result) {
  Counts counts;
  counts.errors = static_cast<int>(result.errors_left_out);
  for (const rule::Diagnostic& diagnostic : result.diagnostics) {
    switch (diagnostic.severity) {
      case rule::Severity::kError:
        ++counts.errors;
        break;
      case rule::Severity::kWarning:
        ++counts.warnings;
        break;
      case rule::Severity::kHint:
        ++counts.hints;
        break;
    }
  }
  return counts;
}

std::string_view SeverityName(rule::Severity severity) {
  switch (severity) {
    case rule::Severity::kError:
      return "error";
    case rule::Severity::kWarning:
      return "warning";
    case rule::Severity::kHint:
      return "hint";
  }
  return "error";
}

void PrintText(const ruleset::LoadResult& result, const Counts& counts) {
  PrintDiagnostics(result.diagnostics, stdout);
  if (result.errors_left_out > 0) {
    absl::PrintF("and %s\n", Counted(static_cast<int64_t>(result.errors_left_out), "more error"));
  }
  std::string state = result.set ? "loadable, set " + result.set->short_hash : "not loadable";
  absl::PrintF("%s, %s, %s: %s, %s, %s; %s; %s\n", Counted(result.files, "file"),
               Counted(result.rules, "rule"), Counted(result.lists, "list"),
               Counted(counts.errors, "error"), Counted(counts.warnings, "warning"),
               Counted(counts.hints, "hint"),
               absl::StrFormat("worst case %s of %s units", WithThousands(result.worst_units),
                               WithThousands(result.units_allowed)),
               state);
}

// `fixes`: null without --fix.
void PrintJson(const ruleset::LoadResult& result, const Counts& counts, const FixRun* fixes) {
  nlohmann::ordered_json report = {{"files", result.files},
                                   {"rules", result.rules},
                                   {"lists", result.lists},
                                   {"errors", counts.errors},
                                   {"warnings", counts.warnings},
                                   {"hints", counts.hints},
                                   {"worst_units", result.worst_units},
                                   {"units_allowed", result.units_allowed},
                                   {"loadable", result.set != nullptr},
                                   {"rule_set", result.set ? result.set->hash : ""}};
  if (fixes != nullptr) {
    report["dry_run"] = fixes->dry;
    report["fixed"] = FixesJson(*fixes);
    report["fixes_left"] = fixes->left;
  }
  report["diagnostics"] = nlohmann::ordered_json::parse(DiagnosticsJson(result.diagnostics));
  // A path may hold bytes that are not UTF-8.
  absl::PrintF("%s\n",
               report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

struct LintOptions {
  std::string folder;
  OutputFormat format = OutputFormat::kText;
  feature::FeatureOptions deployment;
  bool fix = false;
  bool dry_run = false;
};

int Lint(const LintOptions& options) {
  ruleset::LoadResult result =
      ruleset::LoadRuleSet(options.folder, {.deployment = options.deployment});
  FixRun fixes;
  if (options.fix) {
    fixes = FixFiles(options.folder, result, options.dry_run);
    // Where files were written the disk says what they are now.
    result = ruleset::LoadRuleSet(
        options.folder,
        {.deployment = options.deployment,
         .instead = fixes.dry ? MendedTexts(fixes) : std::map<std::string, std::string>()});
  }
  const Counts counts = Count(result);
  if (options.format == OutputFormat::kJson) {
    PrintJson(result, counts, options.fix ? &fixes : nullptr);
  } else {
    if (options.fix) absl::PrintF("%s", FixesText(fixes, ::isatty(STDOUT_FILENO) != 0));
    PrintText(result, counts);
  }
  for (const absl::Status& trouble : fixes.troubles) ExitWith("lint", trouble);
  if (!fixes.troubles.empty()) return kExitTrouble;
  return counts.errors + counts.warnings > 0 ? kExitFindings : kExitOk;
}

}  // namespace

void AddDeploymentOptions(CLI::App* command, feature::FeatureOptions* options) {
  command->add_option("--zone", options->zone_name, "time zone of business days")
      ->capture_default_str();
  command->add_option("--base-currency", options->base_currency, "currency of money features")
      ->capture_default_str();
}

void PrintDiagnostics(const std::vector<rule::Diagnostic>& diagnostics, std::FILE* file) {
  const bool color = ::isatty(::fileno(file)) != 0;
  for (const rule::Diagnostic& diagnostic : diagnostics) {
    absl::FPrintF(file, "%s", rule::FormatDiagnostic(diagnostic, color));
  }
}

std::string DiagnosticsJson(const std::vector<rule::Diagnostic>& diagnostics) {
  auto list = nlohmann::ordered_json::array();
  for (const rule::Diagnostic& d : diagnostics) {
    auto fixes = nlohmann::ordered_json::array();
    for (const rule::Fix& fix : d.fixes) {
      fixes.push_back({{"line", fix.place.line},
                       {"column", fix.place.column},
                       {"length", fix.place.length},
                       {"text", fix.text}});
    }
    list.push_back({{"code", d.code},
                    {"severity", std::string(SeverityName(d.severity))},
                    {"file", d.place.file},
                    {"line", d.place.line},
                    {"column", d.place.column},
                    {"length", d.place.length},
                    {"pointer", d.pointer},
                    {"rule", d.rule_id},
                    {"message", d.message},
                    {"label", d.label},
                    {"notes", d.notes},
                    {"fixes", std::move(fixes)}});
  }
  // A message may quote bytes of a file that is not UTF-8.
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

void AddLintCommand(CLI::App& app, int* exit_code) {
  CLI::App* command = app.add_subcommand("lint", "check a folder of rules and run its tests");
  command->footer(kExample);
  auto options = std::make_shared<LintOptions>();
  command->add_option("rules", options->folder, "the folder of rules")
      ->required()
      ->check(CLI::ExistingDirectory);
  AddFormatOption(command, &options->format);
  AddDeploymentOptions(command, &options->deployment);
  CLI::Option* fix =
      command->add_flag("--fix", options->fix, "apply the fixes that messages offer");
  command->add_flag("--dry-run", options->dry_run, "with --fix: say what it would change")
      ->needs(fix);
  command->callback([options, exit_code] { *exit_code = Lint(*options); });
}

}  // namespace verdict::cli
