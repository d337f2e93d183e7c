// How live state comes back, and the parts that need it.
#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "base/status.h"
#include "ingest/start_up.h"
#include "log.h"
#include "model/business_day.h"
#include "report_to.h"
#include "verdictd.h"

namespace verdict {
namespace {

using std::chrono::milliseconds;

// Service begins without the last hours' sliding windows where reading them takes longer: answers
// over them then say PARTIAL(rebuilding) until it is done.
constexpr milliseconds kSlidingWait{5000};

counters::LiveOptions LiveOptionsOf(const settings::Settings& s) {
  counters::LiveOptions options;
  options.dedup_ids_per_partition = static_cast<size_t>(s.memory.dedup_ids_per_partition);
  options.decisions_kept_ms = s.retention.decisions_s * 1000;
  options.decisions_bytes_max = static_cast<size_t>(s.memory.decisions_bytes_max);
  options.overlay_bytes_max = static_cast<size_t>(s.memory.overlay_bytes_max);
  options.cells_bytes_max = static_cast<size_t>(s.memory.cells_bytes_max);
  options.sliding_bytes_max = static_cast<size_t>(s.memory.sliding_bytes_max);
  options.sliding_events_per_key_max = static_cast<size_t>(s.memory.sliding_events_per_key_max);
  return options;
}

const char* NameOf(ingest::StartUpReport::From from) {
  switch (from) {
    case ingest::StartUpReport::From::kCheckpoint:
      return "checkpoint";
    case ingest::StartUpReport::From::kPublishedCut:
      return "published cut";
    case ingest::StartUpReport::From::kWholeLog:
      return "whole log";
  }
  return "";
}

void LogRestored(const ingest::StartUpReport& report, double seconds) {
  LogInfo("restored", {{"from", NameOf(report.from)},
                       {"why", report.why},
                       {"cells", std::to_string(report.restored.cells)},
                       {"ids", std::to_string(report.restored.ids)},
                       {"decisions", std::to_string(report.restored.decisions)},
                       {"seconds", absl::StrFormat("%.3f", seconds)}});
}

std::string DayText(model::DayNumber day) {
  return day == feature::kNoDay ? "none" : model::FormatDay(day);
}

void LogImports(uint64_t measure_hash, const feature::DayMode& mode) {
  LogInfo("imported days", {{"measure", absl::StrFormat("%016x", measure_hash)},
                            {"before", DayText(mode.before)},
                            {"from", DayText(mode.first_day)},
                            {"late_days", std::to_string(mode.late_days)},
                            {"kept_in_memory_from", DayText(mode.kept_from)}});
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// A server that may come back.
bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

}  // namespace

absl::Status Verdictd::FindPublishedCut(ingest::StartUpParts* start_up) {
  std::optional<aggregate::Manifest> oldest, overtaken;
  std::vector<uint64_t> overtaken_measures;
  overtaken_imports_.clear();
  aggregate::FolderParts parts;
  parts.source = source_.get();
  parts.features = features_;
  parts.schedule = schedule_.get();
  parts.log_id = deployment_->log().id();
  parts.clock = clock_.get();
  for (const feature::Measure& measure : features_->measures()) {
    absl::StatusOr<aggregate::Manifest> manifest =
        deployment_->aggregates().GetManifest(measure.hash);
    if (IsAway(manifest.status())) {
      LogWarning("the aggregates are away: going on from the checkpoint and the log alone",
                 {{"error", std::string(manifest.status().message())}});
      start_up->published.reset();
      start_up->published_of.clear();
      start_up->unpublished.clear();
      start_up->aggregates_away = true;
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(manifest.status());
    RETURN_IF_ERROR(aggregate::CheckManifest(parts, *manifest));
    ASSIGN_OR_RETURN(const bool is_overtaken, aggregate::IsOvertaken(parts, *manifest));
    const feature::CutId reached = aggregate::CountFrom(*features_, *schedule_, *manifest);
    start_up->published_of.push_back({measure.hash, reached});
    if (reached == feature::kNoCut) {
      start_up->unpublished.push_back(measure.hash);
    } else if (is_overtaken) {
      overtaken_measures.push_back(measure.hash);
      if (manifest->day) overtaken_imports_.push_back(measure.hash);
      if (!overtaken || manifest->published < overtaken->published) overtaken = *manifest;
    } else if (!oldest || reached < aggregate::CountFrom(*features_, *schedule_, *oldest)) {
      oldest = *std::move(manifest);
    }
  }
  // Declared again after so long that the log has lost what it lacks: counted beside the others
  // from where they begin, until a fold has gone on with it. Where there are no others, all is.
  if (oldest) {
    start_up->unpublished.insert(start_up->unpublished.end(), overtaken_measures.begin(),
                                 overtaken_measures.end());
  } else {
    oldest = std::move(overtaken);
  }
  if (!oldest) return absl::OkStatus();
  const feature::CutId cut = aggregate::CountFrom(*features_, *schedule_, *oldest);
  start_up->published = ingest::PublishedCut{
      .cut = cut, .time_ms = schedule_->CutTimeMs(cut), .offsets = oldest->published_offsets};
  if (oldest->day) {  // an import names no offsets
    ASSIGN_OR_RETURN(start_up->published->offsets, aggregate::CutOffsets(parts, cut));
  }
  return absl::OkStatus();
}

// Days between what was imported and what the log still holds are nobody's, until a later import
// has them. Whoever has a checkpoint counted them when they were there.
absl::Status Verdictd::MarkOvertakenImports(const ingest::StartUpReport& report) {
  if (overtaken_imports_.empty()) return absl::OkStatus();
  aggregate::FolderParts parts;
  parts.source = source_.get();
  parts.features = features_;
  parts.clock = clock_.get();
  ASSIGN_OR_RETURN(const model::DayNumber whole_from, aggregate::FirstWholeDay(parts));
  for (const uint64_t hash : overtaken_imports_) {
    const std::vector<uint64_t>& beside = report.side.measures;
    const bool counted_then = report.from == ingest::StartUpReport::From::kCheckpoint &&
                              std::find(beside.begin(), beside.end(), hash) == beside.end();
    if (!counted_then) live_->AddReasons(hash, model::kPartialBefore, whole_from - 1);
  }
  return absl::OkStatus();
}

absl::Status Verdictd::Restore() {
  const auto start = std::chrono::steady_clock::now();
  const std::shared_ptr<const ruleset::RuleSet> rules = rules_.Load();
  features_ = {rules, rules->features.get()};  // a feature set lives as long as its rule set
  RETURN_IF_ERROR(deployment_->AddMeasures(*features_));
  if (const absl::Status fit = deployment_->CheckServers(); !fit.ok() && !IsAway(fit)) return fit;
  counters::LiveParts parts;
  parts.features = features_;
  parts.schedule = schedule_.get();
  parts.hasher = hasher_.get();
  parts.clock = clock_.get();
  parts.partitions = deployment_->log().partitions();
  parts.placed_by_merchant = deployment_->log().placed_by_merchant();
  live_ = std::make_unique<counters::LiveState>(parts, LiveOptionsOf(settings_));
  checkpoint_ = std::make_unique<counters::Checkpoint>(live_.get());
  ASSIGN_OR_RETURN(source_, deployment_->log().MakeSource(deployment::LogBackend::Reader::kApply));

  ingest::StartUpParts start_up;
  start_up.source = source_.get();
  start_up.live = live_.get();
  start_up.checkpoint = checkpoint_.get();
  start_up.store = &deployment_->checkpoint();
  start_up.clock = clock_.get();
  imports_ =
      std::make_unique<ingest::DayImports>(&deployment_->aggregates(), live_.get(), LogImports);
  if (const absl::Status seen = imports_->Begin(); !seen.ok() && !IsAway(seen)) return seen;
  RETURN_IF_ERROR(FindPublishedCut(&start_up));
  ASSIGN_OR_RETURN(const ingest::StartUpReport report, ingest::StartUp(start_up));
  RETURN_IF_ERROR(MarkOvertakenImports(report));
  base_ = report.base;
  RETURN_IF_ERROR(ReplaySliding(report));
  live_metrics_ = std::make_unique<ingest::LiveMetrics>(live_.get());  // tables stand from here on
  LogRestored(report, SecondsSince(start));
  return MakePump(report);
}

absl::Status Verdictd::MakePump(const ingest::StartUpReport& report) {
  checkpoints_ = std::make_unique<ingest::CheckpointThread>(
      ingest::CheckpointThread::Parts{checkpoint_.get(), &deployment_->checkpoint(), source_.get(),
                                      live_.get(), [this] { return deployment_->log().Sync(); }},
      ingest::CheckpointThread::Options{milliseconds(settings_.checkpoint_period_ms),
                                        ReportTo("checkpoint")});
  ingest::Pump::Parts parts{.source = source_.get(),
                            .live = live_.get(),
                            .clock = clock_.get(),
                            .schedule = schedule_.get(),
                            .checkpoints = checkpoints_.get()};
  if (!report.side.measures.empty()) {
    ASSIGN_OR_RETURN(auto source,
                     deployment_->log().MakeSource(deployment::LogBackend::Reader::kBeside));
    ASSIGN_OR_RETURN(parts.side,
                     ingest::SideReplay::Begin(report.side, std::move(source), live_.get(),
                                               LiveOptionsOf(settings_).dedup_ids_per_partition));
  }
  ingest::Pump::Options options;
  options.warm_until = report.warm_until;
  options.report = ReportTo("reading the log");
  options.joined = [](uint64_t records) {
    LogInfo("new measures caught up", {{"records", std::to_string(records)}});
  };
  pump_ = std::make_unique<ingest::Pump>(std::move(parts), std::move(options));
  return absl::OkStatus();
}

// Windows of minutes and hours are in no checkpoint: they are read again from the log's last hours,
// beside the main stream.
absl::Status Verdictd::ReplaySliding(const ingest::StartUpReport& start) {
  ASSIGN_OR_RETURN(sliding_source_,
                   deployment_->log().MakeSource(deployment::LogBackend::Reader::kBeside));
  ASSIGN_OR_RETURN(ingest::SlidingPlan plan,
                   ingest::PlanSliding(sliding_source_.get(), *live_, *clock_, start));
  ingest::SlidingReplay::Options options;
  options.report = [](const absl::Status& status) {
    if (status.ok()) {
      LogInfo("sliding windows are being read again");
    } else {
      LogError("reading sliding windows fails, and is tried again",
               {{"error", std::string(status.message())}});
    }
  };
  sliding_ = std::make_unique<ingest::SlidingReplay>(
      ingest::SlidingReplay::Parts{sliding_source_.get(), live_.get()}, std::move(plan),
      std::move(options));
  sliding_->Start();
  return absl::OkStatus();
}

absl::Status Verdictd::CatchUp(StopSignal* stop) {
  const auto start = std::chrono::steady_clock::now();
  stop->OnRequest([this] {
    pump_->Cancel();
    sliding_->Cancel();
  });
  const absl::Status caught_up =
      UntilReached(stop, "catching up with the log", [this] { return pump_->CatchUp(); });
  const bool whole = sliding_->WaitFor(kSlidingWait);
  stop->OnRequest(nullptr);
  RETURN_IF_ERROR(caught_up);
  LogInfo("caught up", {{"records", std::to_string(pump_->records())},
                        {"sliding records", std::to_string(sliding_->records())},
                        {"sliding windows", whole ? "whole" : "are still being read"},
                        {"seconds", absl::StrFormat("%.3f", SecondsSince(start))}});
  return absl::OkStatus();
}

void Verdictd::MakeDecider() {
  blobs_ = std::make_unique<aggregate::BlobCache>(
      &deployment_->aggregates(),
      aggregate::BlobCache::Options{
          .max_bytes = static_cast<size_t>(settings_.memory.blob_cache_bytes_max)});
  decide::Decider::Parts parts;
  parts.rules = &rules_;
  parts.live = live_.get();
  parts.blobs = blobs_.get();
  parts.appender = deployment_->log().score_appender();
  parts.recent = &recent_;
  parts.decisions = deployment_->log().decisions();
  parts.clock = clock_.get();
  parts.hasher = hasher_.get();
  decide::DeciderOptions options;
  options.blob_wait = milliseconds(settings_.score.blob_wait_ms);
  options.append_wait = milliseconds(settings_.score.append_wait_ms);
  options.max_event_time_skew_ms = settings_.score.event_time_skew_s * 1000;
  decider_ = std::make_unique<decide::Decider>(parts, options);
}

absl::Status Verdictd::MakeFold() {
  if (!deployment_->folds_here()) return absl::OkStatus();
  ASSIGN_OR_RETURN(fold_source_,
                   deployment_->log().MakeSource(deployment::LogBackend::Reader::kBeside));
  aggregate::FolderParts parts;
  parts.source = fold_source_.get();
  parts.store = &deployment_->aggregates();
  parts.base = deployment_->base();
  parts.features = features_;
  parts.schedule = schedule_.get();
  parts.hasher = hasher_.get();
  parts.clock = clock_.get();
  parts.log_id = deployment_->log().id();
  parts.seal = [this](int64_t time_ms) { return deployment_->log().Seal(time_ms); };
  parts.healed = [](const aggregate::HealedKey& one) {
    LogWarning("a healing recompute that was broken off has changed a value",
               {{"measure", absl::StrFormat("%016x", one.key.measure_hash)},
                {"key", one.key.entity.Base64Url()}});
  };
  aggregate::FolderOptions options;
  options.dedup_ids_per_partition = static_cast<size_t>(settings_.memory.dedup_ids_per_partition);
  aggregate::FoldScheduler::Options schedule;
  schedule.report = [](feature::CutId cut, const absl::Status& status) {
    if (status.ok()) {
      LogInfo("cut published", {{"cut", model::FormatDay(cut)}});
    } else {
      LogError("fold failed, it is tried again", {{"error", std::string(status.message())}});
    }
  };
  schedule.after_publish = [this](const auto& stopping) { SweepNightly(stopping); };
  fold_ = std::make_unique<aggregate::FoldScheduler>(
      std::make_unique<aggregate::Folder>(parts, options), schedule);
  return absl::OkStatus();
}

}  // namespace verdict
