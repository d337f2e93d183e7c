#include "cli/aggregate_import.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "aggregate/day_importer.h"
#include "base/status.h"
#include "cli/deployment_flags.h"
#include "cli/import_report.h"
#include "cli/tiles_reader.h"
#include "model/business_day.h"

namespace verdict::cli {
namespace {

using aggregate::DayImportProgress;

// What an import is about, once the flags are understood.
struct Job {
  uint16_t measure = 0;
  std::string readers;  // features of the measure: "merchant.volume_30d, merchant.avg_30d"
  std::optional<model::DayNumber> before, from, log_from;
  int late_days = 2;
};

std::string ReadersOf(const feature::FeatureSet& features, uint16_t measure) {
  std::string names;
  for (const feature::Feature& feature : features.features()) {
    if (!feature.slides() && feature.measure == measure)
      names += (names.empty() ? "" : ", ") + feature.full_name;
  }
  return names;
}

// By its full name, or by its name where there is one feature of it.
absl::StatusOr<uint16_t> MeasureOf(const feature::FeatureSet& features, const std::string& name) {
  std::optional<uint16_t> found;
  std::string several, all;
  for (const feature::Feature& feature : features.features()) {
    all += (all.empty() ? "" : ", ") + feature.full_name;
    if (feature.full_name != name && feature.name != name) continue;
    if (feature.slides()) {
      return absl::InvalidArgumentError(absl::StrFormat(
          "--feature: the window of %s slides: it is made of single events, not of days",
          feature.full_name));
    }
    if (feature.full_name == name) return feature.measure;
    several += (several.empty() ? "" : " or ") + feature.full_name;
    found = feature.measure;
  }
  if (several.find(" or ") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--feature: \"%s\" may be %s", name, several));
  }
  if (found) return *found;
  return absl::InvalidArgumentError(
      absl::StrFormat("--feature: there is no feature \"%s\"; there are %s", name, all));
}

absl::Status ReadDay(const char* flag, const std::string& text,
                     std::optional<model::DayNumber>* day) {
  if (text.empty()) return absl::OkStatus();
  const absl::StatusOr<model::DayNumber> parsed = model::ParseDay(text);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %s", flag, std::string(parsed.status().message())));
  }
  *day = *parsed;
  return absl::OkStatus();
}

// What is recorded later than `late_accept` counts nowhere anyway.
absl::StatusOr<int> LateDays(const std::string& text, const feature::FeatureOptions& options) {
  int days = -1;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, days);
  const bool read = error == std::errc() && (stop == end || std::string_view(stop, end) == "d");
  if (read && days >= 0 && days <= options.late_accept_days) return days;
  return absl::InvalidArgumentError(
      absl::StrFormat("--late: \"%s\" is not a number of days from 0d to %dd (late_accept of the "
                      "features)",
                      text, options.late_accept_days));
}

absl::StatusOr<Job> JobOf(const AggregateArguments& arguments,
                          const feature::FeatureSet& features) {
  Job job;
  if (arguments.feature.empty()) {
    return absl::InvalidArgumentError(
        "--import needs --feature NAME: of which feature are the days?");
  }
  ASSIGN_OR_RETURN(job.measure, MeasureOf(features, arguments.feature));
  job.readers = ReadersOf(features, job.measure);
  const absl::Status importable = aggregate::CheckImportable(features.measures()[job.measure]);
  if (!importable.ok()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--feature: %s: %s", job.readers, std::string(importable.message())));
  }
  RETURN_IF_ERROR(ReadDay("--until", arguments.before, &job.before));
  RETURN_IF_ERROR(ReadDay("--from", arguments.from, &job.from));
  RETURN_IF_ERROR(ReadDay("--log-from", arguments.log_from, &job.log_from));
  ASSIGN_OR_RETURN(job.late_days, LateDays(arguments.late, features.options()));
  return job;
}

// The first day that the log can hold whole: the one after that of its first record; of a log whose
// head retention has removed, the one after that of the partition that lost most.
absl::StatusOr<model::DayNumber> LogFrom(deployment::LogBackend& log,
                                         const model::BusinessCalendar& calendar, int64_t now_ms) {
  ASSIGN_OR_RETURN(const std::unique_ptr<eventlog::EventSource> source,
                   log.MakeSource(deployment::LogBackend::Reader::kBeside));
  int64_t first_ms = now_ms;
  int64_t gone_ms = INT64_MIN;
  for (eventlog::Partition p = 0; p < source->partitions(); ++p) {
    ASSIGN_OR_RETURN(const std::optional<eventlog::Offset> first, source->FirstAtOrAfter(p, 0));
    if (!first) continue;
    ASSIGN_OR_RETURN(const eventlog::LogIdentity record, source->Identity(p, *first));
    first_ms = std::min(first_ms, record.record_time_ms);
    ASSIGN_OR_RETURN(const eventlog::Offset low, source->Low(p));
    if (low > 0) gone_ms = std::max(gone_ms, record.record_time_ms);
  }
  return calendar.DayOf(std::max(first_ms, gone_ms)) + 1;
}

std::string_view PhaseName(DayImportProgress::Phase phase) {
  switch (phase) {
    case DayImportProgress::Phase::kUpload:
      return "writing, keys";
    case DayImportProgress::Phase::kOthers:
      return "moving on the other keys";
    case DayImportProgress::Phase::kProve:
      return "reading back, keys";
    case DayImportProgress::Phase::kBegin:
    case DayImportProgress::Phase::kPublish:
    case DayImportProgress::Phase::kDone:
      break;
  }
  return "publishing";
}

// Thread-compatible. A bar for each phase.
class ImportBars {
 public:
  void Update(const DayImportProgress& p) {
    if (bar_ == nullptr || p.phase != phase_) {
      bar_.reset();
      bar_ = std::make_unique<Progress>(PhaseName(p.phase), p.total);
    }
    phase_ = p.phase;
    bar_->Update(p.done);
  }

 private:
  std::unique_ptr<Progress> bar_;
  DayImportProgress::Phase phase_ = DayImportProgress::Phase::kBegin;
};

absl::Status Publish(const aggregate::DayImportParts& parts,
                     const aggregate::DayImportRequest& request,
                     const aggregate::ImportedDays& days, ImportOutcome* outcome) {
  aggregate::DayImporter importer(parts, request, &days, aggregate::DayImportOptions());
  ASSIGN_OR_RETURN(const bool due, importer.Due());
  outcome->unchanged = !due;
  if (due) {
    ImportBars bars;
    RETURN_IF_ERROR(importer.Run([&](const DayImportProgress& p) { bars.Update(p); }));
  }
  outcome->rev = importer.import().rev;
  outcome->keys = days.keys();
  outcome->others = importer.others();
  return absl::OkStatus();
}

absl::StatusOr<ImportOutcome> RunImport(const AggregateArguments& arguments, const Job& job,
                                        const feature::FeatureSet& features) {
  ASSIGN_OR_RETURN(const std::unique_ptr<OpenedDeployment> opened,
                   OpenedDeployment::Open(arguments.where, deployment::Role::kBatch,
                                          "verdict aggregate --import"));
  RETURN_IF_ERROR(opened->parts().AddMeasures(features));
  RETURN_IF_ERROR(opened->parts().CheckServers());
  deployment::LogBackend& log = opened->parts().log();
  aggregate::AggregateStore& store = opened->parts().aggregates();
  ASSIGN_OR_RETURN(const aggregate::Manifest manifest,
                   store.GetManifest(features.measures()[job.measure].hash));
  RETURN_IF_ERROR(aggregate::CheckImportable(manifest));
  const model::KeyHasher hasher(opened->parts().secret());
  ImportOutcome outcome;
  outcome.readers = job.readers;
  outcome.late_days = job.late_days;
  ASSIGN_OR_RETURN(Tiles tiles, ReadTiles({.path = arguments.tiles,
                                           .features = &features,
                                           .measure = job.measure,
                                           .hasher = &hasher,
                                           .before = job.before,
                                           .from = job.from}));
  outcome.tiles = tiles.summary;
  outcome.before = tiles.before;
  outcome.from = tiles.from;
  outcome.refused_rows = tiles.summary.bad > 0 && !arguments.skip_bad;
  if (outcome.refused_rows) return outcome;
  if (tiles.rows.empty()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("no row of %s is left to be imported: %d bad, %d of days that no window "
                        "reaches, %d of days "
                        "that the batch does not own, %d of nothing",
                        arguments.tiles, tiles.summary.bad, tiles.summary.too_old,
                        tiles.summary.not_owned, tiles.summary.empty));
  }
  const eventlog::CutSchedule schedule(
      features.calendar(),
      arguments.cut_minutes.value_or(static_cast<int>(arguments.where.settings.cut_minutes)));
  aggregate::DayImportRequest request{.measure = job.measure,
                                      .before = tiles.before,
                                      .from = tiles.from,
                                      .late_days = job.late_days,
                                      .log_from = job.log_from};
  if (!manifest.day && !request.log_from) {
    ASSIGN_OR_RETURN(request.log_from, LogFrom(log, features.calendar(), opened->clock().NowMs()));
  }
  outcome.log_from =
      request.log_from.value_or(manifest.day ? manifest.day->log_from : feature::kNoDay);
  const aggregate::ImportedDays days(std::move(tiles.rows));
  RETURN_IF_ERROR(Publish({.store = &store,
                           .base = opened->parts().base(),
                           .features = &features,
                           .schedule = &schedule,
                           .clock = &opened->clock(),
                           .seal = [&](int64_t time_ms) { return log.Seal(time_ms); }},
                          request, days, &outcome));
  return outcome;
}

}  // namespace

void AddImportFlags(CLI::App* command, AggregateArguments* a) {
  CLI::Option* file = command->add_option(
      "--import", a->tiles,
      "days that somebody else has added up: CSV (plain or gzip) with the columns entity, id, day, "
      "sum, count, and min, max for features of extremes");
  const auto with_import = [&](CLI::Option* option) { option->needs(file); };
  with_import(command->add_option("--feature", a->feature,
                                  "which feature they are of: merchant.volume_30d; all features "
                                  "that share its sums get them"));
  with_import(command->add_option("--until,--first-day-not-owned", a->before,
                                  "the first day that is counted from the log [the day after the "
                                  "newest row]"));
  with_import(
      command->add_option("--from", a->from,
                          "the first day that the file speaks of; earlier days stay as they "
                          "were imported [the day of the oldest row]"));
  with_import(command
                  ->add_option("--late", a->late,
                               "events recorded later than so many days after their day are in "
                               "no import, and counted nowhere")
                  ->capture_default_str());
  with_import(command->add_option("--log-from", a->log_from,
                                  "the first day of which the log holds every event [the day after "
                                  "its first record]"));
  with_import(command->add_flag("--skip-bad", a->skip_bad, "leave bad rows out, import the rest"));
}

absl::StatusOr<int> ImportDays(const AggregateArguments& arguments) {
  ASSIGN_OR_RETURN(const auto rules, LoadFeatures(arguments));
  ASSIGN_OR_RETURN(const Job job, JobOf(arguments, *rules->features));
  const absl::StatusOr<ImportOutcome> outcome = RunImport(arguments, job, *rules->features);
  if (!outcome.ok()) {
    return absl::Status(
        outcome.status().code(),
        absl::StrFormat("%s: %s", job.readers, std::string(outcome.status().message())));
  }
  arguments.format == OutputFormat::kJson ? PrintImportJson(*outcome) : PrintImportText(*outcome);
  return outcome->tiles.bad > 0 ? kExitFindings : kExitOk;
}

absl::Status PrintLeftAlone(const feature::FeatureSet& features, aggregate::AggregateStore* store,
                            OutputFormat format) {
  if (format == OutputFormat::kJson) return absl::OkStatus();
  for (size_t m = 0; m < features.measures().size(); ++m) {
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest,
                     store->GetManifest(features.measures()[m].hash));
    if (!manifest.day) continue;
    absl::PrintF("left alone: %s (imported, DAY mode; --import brings newer days)\n",
                 ReadersOf(features, static_cast<uint16_t>(m)));
  }
  return absl::OkStatus();
}

}  // namespace verdict::cli
