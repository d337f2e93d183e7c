#include "cli/aggregate.h"

#include <chrono>
#include <memory>

#include "absl/strings/str_format.h"
#include "aggregate/folder.h"
#include "base/status.h"
#include "cli/aggregate_import.h"
#include "cli/aggregate_late.h"
#include "cli/aggregate_show.h"
#include "cli/aggregate_upload.h"
#include "cli/deployment_flags.h"
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
    "         verdict aggregate upload --config verdict.json\n"
    "         verdict aggregate show merchant:m000004 --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate show merchant:m000004 --addr 127.0.0.1:50051 --rules rules\n"
    "         verdict aggregate late --embedded /var/lib/verdict --rules rules\n"
    "         verdict aggregate --import tiles.csv.gz --feature merchant.volume_30d --embedded "
    "/var/lib/verdict";

struct FoldSummary {
  std::string cut = "none yet";
  uint64_t records = 0, keys = 0;
  int measures = 0;
  double seconds = 0;
};

std::string_view PhaseName(aggregate::FoldProgress::Phase phase) {
  switch (phase) {
    case aggregate::FoldProgress::Phase::kIdle:
      return "waiting";
    case aggregate::FoldProgress::Phase::kRead:
      return "folding, events";
    case aggregate::FoldProgress::Phase::kUpload:
      return "writing, keys";
    case aggregate::FoldProgress::Phase::kProve:
      return "reading back, keys";
    case aggregate::FoldProgress::Phase::kPublish:
      return "publishing";
  }
  return "";
}

// Thread-compatible. A bar for each phase of the fold.
class FoldBars {
 public:
  explicit FoldBars(FoldSummary* summary) : summary_(summary) {}
  void Update(const aggregate::FoldProgress& p) {
    if (p.phase == aggregate::FoldProgress::Phase::kIdle) return;
    if (bar_ == nullptr || p.phase != phase_)
      bar_ = std::make_unique<Progress>(PhaseName(p.phase), p.total);
    phase_ = p.phase;
    bar_->Update(p.done);
    if (p.cut != feature::kNoCut) summary_->cut = model::FormatDay(p.cut);
    if (p.phase == aggregate::FoldProgress::Phase::kRead)
      summary_->records = std::max(summary_->records, p.done);
    if (p.phase == aggregate::FoldProgress::Phase::kUpload ||
        p.phase == aggregate::FoldProgress::Phase::kProve) {
      summary_->keys = std::max(summary_->keys, p.total);
    }
  }

 private:
  FoldSummary* summary_;
  std::unique_ptr<Progress> bar_;
  aggregate::FoldProgress::Phase phase_ = aggregate::FoldProgress::Phase::kIdle;
};

absl::StatusOr<FoldSummary> Fold(const AggregateArguments& arguments) {
  const auto begin = std::chrono::steady_clock::now();
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  const settings::Settings& settings = arguments.where.settings;
  ASSIGN_OR_RETURN(
      const std::unique_ptr<OpenedDeployment> opened,
      OpenedDeployment::Open(arguments.where, deployment::Role::kBatch, "verdict aggregate"));
  deployment::LogBackend& log = opened->parts().log();
  ASSIGN_OR_RETURN(const std::unique_ptr<eventlog::EventSource> source,
                   log.MakeSource(deployment::LogBackend::Reader::kBeside));
  const eventlog::CutSchedule schedule(
      rules->features->calendar(),
      arguments.cut_minutes.value_or(static_cast<int>(settings.cut_minutes)));
  const model::KeyHasher hasher(opened->parts().secret());
  RETURN_IF_ERROR(opened->parts().AddMeasures(*rules->features));
  RETURN_IF_ERROR(opened->parts().CheckServers());
  aggregate::FolderParts parts;
  parts.source = source.get();
  parts.store = &opened->parts().aggregates();
  parts.base = opened->parts().base();
  parts.features = rules->features;
  parts.schedule = &schedule;
  parts.hasher = &hasher;
  parts.clock = &opened->clock();
  parts.log_id = log.id();
  parts.seal = [&](int64_t time_ms) { return log.Seal(time_ms); };
  aggregate::FolderOptions options;
  options.dedup_ids_per_partition = static_cast<size_t>(settings.memory.dedup_ids_per_partition);
  aggregate::Folder folder(parts, options);
  FoldSummary summary;
  summary.measures = static_cast<int>(rules->features->measures().size());
  FoldBars bars(&summary);
  RETURN_IF_ERROR(
      folder.Run([&](const aggregate::FoldProgress& progress) { bars.Update(progress); }));
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  RETURN_IF_ERROR(
      PrintLeftAlone(*rules->features, &opened->parts().aggregates(), arguments.format));
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
  AddImportFlags(command, a.get());
  CLI::App* show = command->add_subcommand(
      "show", "what is known of one entity, day by day: in the folder, or in a running verdictd");
  show->add_option("ENTITY", a->entity, "type:id, for example merchant:m000004")->required();
  show->add_option("--addr", a->address,
                   "host:port of a running verdictd: stored and live parts of each feature");
  show->add_option("--at", a->at, "with --addr: the time at which windows end (RFC 3339)")
      ->default_str("now");
  show->fallthrough();
  CLI::App* upload = command->add_subcommand(
      "upload", "fill a Redis that has lost values from the batch's own base; may be repeated");
  upload->fallthrough();
  CLI::App* late = command->add_subcommand(
      "late",
      "list the events of the log that are in no total: quarantined, or orphans of imports");
  late->fallthrough();
  command->callback([a, show, upload, late, exit_code] {
    if (const absl::Status status = Resolve(a.get()); !status.ok()) {
      *exit_code = ExitWith("aggregate", status);
      return;
    }
    if (show->parsed()) {
      *exit_code =
          ExitWith("aggregate show", a->address.empty() ? ShowEntity(*a) : ShowLiveEntity(*a));
      return;
    }
    if (upload->parsed()) {
      *exit_code = ExitWith("aggregate upload", UploadAggregates(*a));
      return;
    }
    if (late->parsed()) {
      *exit_code = ExitWith("aggregate late", ListLate(*a));
      return;
    }
    if (!a->tiles.empty()) {
      const absl::StatusOr<int> imported = ImportDays(*a);
      *exit_code = ExitWith("aggregate --import", imported.status());
      if (imported.ok()) *exit_code = *imported;
      return;
    }
    const absl::StatusOr<FoldSummary> summary = Fold(*a);
    *exit_code = ExitWith("aggregate", summary.status());
    if (summary.ok()) Print(*summary, a->format);
  });
}

}  // namespace verdict::cli
