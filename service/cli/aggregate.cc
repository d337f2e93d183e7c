#include "cli/aggregate.h"

#include <chrono>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/aggregate_check.h"
#include "cli/aggregate_show.h"
#include "cli/deployment_flags.h"
#include "cli/folding.h"
#include "cli/lint.h"
#include "cli/terminal.h"
#include "ruleset/rule_set.h"

namespace verdict::cli {
namespace {

constexpr char kExample[] =
    "Announces, folds, uploads, proves and publishes every cut up to the newest; what was broken "
    "off goes on, what is\n"
    "done is not done again. verdictd --embedded does the same by itself while it runs.\n"
    "Example: verdict aggregate --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate sweep --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate heal --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate show merchant:m000004 --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate show merchant:m000004 --addr 127.0.0.1:50051 --rules rules";

absl::StatusOr<FoldSummary> Fold(const AggregateArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const std::unique_ptr<Folding> folding,
                   Folding::Open(arguments, "verdict aggregate", nullptr));
  RETURN_IF_ERROR(folding->Expire());
  FoldSummary summary;
  summary.measures = static_cast<int>(folding->features().measures().size());
  FoldBars bars(&summary);
  RETURN_IF_ERROR(folding->folder().Run(
      [&](const aggregate::FoldProgress& progress) { bars.Update(progress); }));
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return summary;
}

void Print(const FoldSummary& s, OutputFormat format) {
  if (format == OutputFormat::kJson) {
    absl::PrintF(
        "{\"cut\": \"%s\", \"records\": %u, \"keys\": %u, \"measures\": %d, \"seconds\": %.3f}\n",
        s.cut, s.records, s.keys, s.measures, s.seconds);
  } else if (s.records == 0 && s.keys == 0) {
    absl::PrintF("nothing to fold: every measure is published up to the newest cut\n");
  } else {
    absl::PrintF(
        "folded up to the cut of %s: %s records of the log, %s keys of %d measures written and "
        "proved, %.1f s\n",
        s.cut, WithThousands(static_cast<int64_t>(s.records)),
        WithThousands(static_cast<int64_t>(s.keys)), s.measures, s.seconds);
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<const ruleset::RuleSet>> LoadFeatures(
    const AggregateArguments& arguments) {
  const std::string& folder =
      arguments.rules.empty() ? arguments.where.settings.rules : arguments.rules;
  const ruleset::LoadResult loaded = ruleset::LoadRuleSet(folder, arguments.where.days);
  if (loaded.set != nullptr) return loaded.set;
  PrintDiagnostics(loaded.diagnostics, stderr);
  return absl::InvalidArgumentError(
      absl::StrFormat("the rules in %s have errors; `verdict lint %s` shows them", folder, folder));
}

// What is asked of a running verdictd needs no folder.
static absl::Status Resolve(AggregateArguments* arguments) {
  const DeploymentFlags& where = arguments->where;
  if (arguments->address.empty()) return ResolveDeployment(&arguments->where);
  if (where.embedded.empty() && where.config.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "--addr asks a running verdictd: leave out --embedded and --config");
}

void AddAggregateCommand(CLI::App& app, int* exit_code) {
  CLI::App* command =
      app.add_subcommand("aggregate", "fold the log of a stopped verdictd up to its newest cut");
  command->footer(kExample);
  auto a = std::make_shared<AggregateArguments>();
  AddDeploymentFlags(command, &a->where);
  command->add_option("--rules", a->rules, "folder with features.json [rules]");
  command
      ->add_option("--cut-minutes", a->cut_minutes,
                   "when a day is cut, minutes after midnight of the zone [10]")
      ->check(CLI::Range(0, 23 * 60));
  AddFormatOption(command, &a->format);
  CLI::App* show = command->add_subcommand(
      "show", "what is known of one entity, day by day: in the folder, or in a running verdictd");
  show->add_option("ENTITY", a->entity, "type:id, for example merchant:m000004")->required();
  show->add_option("--addr", a->address,
                   "host:port of a running verdictd: stored and live parts of each feature");
  show->add_option("--at", a->at, "with --addr: the time at which windows end (RFC 3339)")
      ->default_str("now");
  show->fallthrough();
  CLI::App* sweep = command->add_subcommand(
      "sweep", "look at every stored value: do they add up to what was folded? Changes nothing");
  CLI::App* heal = command->add_subcommand(
      "heal", "compute all values anew from the log, as far as it goes back; lists what changes");
  sweep->fallthrough();
  heal->fallthrough();
  command->callback([a, show, sweep, heal, exit_code] {
    if (const absl::Status status = Resolve(a.get()); !status.ok()) {
      *exit_code = ExitWith("aggregate", status);
      return;
    }
    if (show->parsed()) {
      *exit_code =
          ExitWith("aggregate show", a->address.empty() ? ShowEntity(*a) : ShowLiveEntity(*a));
      return;
    }
    if (sweep->parsed() || heal->parsed()) {
      const absl::StatusOr<int> code = sweep->parsed() ? SweepAggregates(*a) : HealAggregates(*a);
      *exit_code = ExitWith(sweep->parsed() ? "aggregate sweep" : "aggregate heal", code.status());
      if (code.ok()) *exit_code = *code;
      return;
    }
    const absl::StatusOr<FoldSummary> summary = Fold(*a);
    *exit_code = ExitWith("aggregate", summary.status());
    if (summary.ok()) Print(*summary, a->format);
  });
}

}  // namespace verdict::cli
