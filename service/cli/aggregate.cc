#include "cli/aggregate.h"

#include <chrono>
#include <memory>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "cli/aggregate_check.h"
#include "cli/aggregate_import.h"
#include "cli/aggregate_late.h"
#include "cli/aggregate_show.h"
#include "cli/aggregate_upload.h"
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
    "         verdict aggregate upload --config verdict.json\n"
    "         verdict aggregate show merchant:m000004 --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate show merchant:m000004 --addr 127.0.0.1:50051 --rules rules\n"
    "         verdict aggregate late --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate --import tiles.csv.gz --feature merchant.volume_30d --embedded "
    "/var/lib/verdict";

// Of a healing recompute that was broken off: it is finished first.
void PrintHealed(const aggregate::HealedKey& one) {
  absl::FPrintF(stderr, "healed: a value of measure %016x, key %s\n", one.key.measure_hash,
                one.key.entity.Base64Url());
}

absl::StatusOr<FoldSummary> Fold(const AggregateArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const std::unique_ptr<Folding> folding,
                   Folding::Open(arguments, "verdict aggregate", PrintHealed));
  RETURN_IF_ERROR(folding->Expire());
  FoldSummary summary;
  summary.measures = static_cast<int>(folding->features().measures().size());
  FoldBars bars(&summary);
  RETURN_IF_ERROR(folding->folder().Run(
      [&](const aggregate::FoldProgress& progress) { bars.Update(progress); }));
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  RETURN_IF_ERROR(
      PrintLeftAlone(folding->features(), &folding->parts().aggregates(), arguments.format));
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
  const ruleset::LoadResult loaded =
      ruleset::LoadRuleSet(folder, {.deployment = arguments.where.days});
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

namespace {

// What may stand behind `verdict aggregate`; without one of them it folds, or imports.
struct Asked {
  CLI::App* show;
  CLI::App* sweep;
  CLI::App* heal;
  CLI::App* upload;
  CLI::App* late;
};

Asked AddSubcommands(CLI::App* command, AggregateArguments* a) {
  const auto add = [command](const char* name, const char* what) {
    CLI::App* added = command->add_subcommand(name, what);
    added->fallthrough();
    return added;
  };
  Asked asked{};
  asked.show = add(
      "show", "what is known of one entity, day by day: in the folder, or in a running verdictd");
  asked.show->add_option("ENTITY", a->entity, "type:id, for example merchant:m000004")->required();
  asked.show->add_option("--addr", a->address,
                         "host:port of a running verdictd: stored and live parts of each feature");
  asked.show->add_option("--at", a->at, "with --addr: the time at which windows end (RFC 3339)")
      ->default_str("now");
  asked.sweep = add(
      "sweep", "look at every stored value: do they add up to what was folded? Changes nothing");
  asked.heal = add(
      "heal", "compute all values anew from the log, as far as it goes back; lists what changes");
  asked.upload =
      add("upload", "fill a Redis that has lost values from the batch's own base; may be repeated");
  asked.late =
      add("late",
          "list the events of the log that are in no total: quarantined, or orphans of imports");
  return asked;
}

int ExitCodeOf(const char* command, const absl::StatusOr<int>& code) {
  return code.ok() ? *code : ExitWith(command, code.status());
}

int Answer(const Asked& asked, AggregateArguments* a) {
  if (const absl::Status status = Resolve(a); !status.ok()) return ExitWith("aggregate", status);
  if (asked.show->parsed()) {
    return ExitWith("aggregate show", a->address.empty() ? ShowEntity(*a) : ShowLiveEntity(*a));
  }
  if (asked.sweep->parsed()) return ExitCodeOf("aggregate sweep", SweepAggregates(*a));
  if (asked.heal->parsed()) return ExitCodeOf("aggregate heal", HealAggregates(*a));
  if (asked.upload->parsed()) return ExitWith("aggregate upload", UploadAggregates(*a));
  if (asked.late->parsed()) return ExitWith("aggregate late", ListLate(*a));
  if (!a->tiles.empty()) return ExitCodeOf("aggregate --import", ImportDays(*a));
  const absl::StatusOr<FoldSummary> summary = Fold(*a);
  if (summary.ok()) Print(*summary, a->format);
  return ExitWith("aggregate", summary.status());
}

}  // namespace

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
  AddImportFlags(command, a.get());
  const Asked asked = AddSubcommands(command, a.get());
  command->callback([a, asked, exit_code] { *exit_code = Answer(asked, a.get()); });
}

}  // namespace verdict::cli
