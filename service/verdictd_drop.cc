// What verdictd lets go of: epochs that the batch has taken over; and what it learns of the store
// meanwhile.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/expiry.h"
#include "aggregate/sweep.h"
#include "base/metrics.h"
#include "base/status.h"
#include "feature/measure_name.h"
#include "ingest/drop_thread.h"
#include "log.h"
#include "model/business_day.h"
#include "report_to.h"
#include "verdictd.h"

namespace verdict {
namespace {

void LogDrop(const ingest::DropEvent& event) {
  using Kind = ingest::DropEvent::Kind;
  const std::string from = event.from == feature::kNoCut ? "nothing" : model::FormatDay(event.from);
  const LogFields fields = {{"measure", event.measure},
                            {"after", from},
                            {"to", model::FormatDay(event.to)},
                            {"detail", event.detail}};
  switch (event.kind) {
    case Kind::kDropped:
      return LogInfo("epochs dropped: the batch provably has them", fields);
    case Kind::kOutOfReach:
      return LogWarning("epoch dropped: it was never proved, but no window reaches it any more",
                        fields);
    case Kind::kImported:
      return LogInfo("epoch dropped: imports own all its days", fields);
    case Kind::kEqualAgain:
      return LogInfo("epochs and fold are equal again", fields);
    case Kind::kUnequal:
      return LogError(
          "epochs and fold are NOT equal: kept, answers of these stripes say "
          "PARTIAL(suspect); see the run book, VerdictProofMismatch",
          fields);
    case Kind::kLost:
      return LogError("epochs are kept: the store lacks what it had; `verdict aggregate heal`",
                      fields);
    case Kind::kStoreLacks:
      return LogError(
          "the aggregates lack what memory has let go of, or began behind: answers say "
          "PARTIAL(suspect); `verdict aggregate upload`, or see the run book, VerdictStoreLacks",
          fields);
    case Kind::kStoreWhole:
      return LogInfo("the aggregates are there again", fields);
    case Kind::kNewWhole:
      return LogInfo("measure whole", fields);
    case Kind::kDaysMissing:
      return LogInfo(
          "days missing: windows were shorter when they were folded, or the log had lost them; "
          "features that reach there are PARTIAL",
          {{"measure", event.measure}, {"before", model::FormatDay(event.to)}});
  }
}

}  // namespace

void Verdictd::ExpireValues() {
  aggregate::AggregateStore* base = deployment_->base();
  if (base == nullptr) base = &deployment_->aggregates();
  const auto before = aggregate::ExpiredBefore(base, *features_);
  if (before.ok()) return deployment_->ExpireBefore(*before);
  LogWarning("old values stay", {{"error", std::string(before.status().message())}});
}

void Verdictd::SweepNightly(const std::function<bool()>& stopping) {
  std::vector<uint64_t> hashes;
  for (const feature::Measure& measure : features_->measures()) hashes.push_back(measure.hash);
  const auto results = aggregate::SweepStore(&deployment_->aggregates(), hashes,
                                             [&](uint64_t) { return !stopping(); });
  if (absl::IsCancelled(results.status())) return;
  if (!results.ok()) {
    return LogError("sweep failed", {{"error", std::string(results.status().message())}});
  }
  uint64_t keys = 0;
  for (size_t m = 0; m < results->size(); ++m) {
    const aggregate::SweepResult& result = (*results)[m];
    keys += result.keys;
    if (result.differences.empty()) continue;
    const std::string& name = feature::MeasureName(*features_, m);
    if (!result.compared) {
      LogWarning("not swept", {{"measure", name}, {"why", result.differences.front()}});
      continue;
    }
    base::Metrics()
        .AddCounter("verdict_agg_proof_mismatch_total", "Proofs that failed, by where they did.",
                    {{"measure", name}, {"stage", "sweep"}})
        .Add();
    LogError("the store is NOT what was folded; see the run book, VerdictProofMismatch",
             {{"measure", name},
              {"differences", std::to_string(result.differences.size())},
              {"first", result.differences.front()}});
  }
  ExpireValues();
  LogInfo("swept", {{"values", std::to_string(keys)}});
}

absl::StatusOr<std::unique_ptr<ingest::LogTrim>> Verdictd::MakeTrim() {
  eventlog::LogTrimmer* trimmer = deployment_->log().trimmer();
  if (trimmer == nullptr || settings_.log.retention_days == 0)
    return std::unique_ptr<ingest::LogTrim>();
  if (settings_.log.retention_days < features_->kept_days()) {
    LogWarning("the log is kept for fewer days than the longest window needs",
               {{"log.retention_days", std::to_string(settings_.log.retention_days)},
                {"needed", std::to_string(features_->kept_days())},
                {"meaning", "a new feature, and a healing recompute, cannot fill that window"}});
  }
  ASSIGN_OR_RETURN(trim_source_,
                   deployment_->log().MakeSource(deployment::LogBackend::Reader::kBeside));
  ingest::LogTrim::Parts parts;
  parts.source = trim_source_.get();
  parts.log = trimmer;
  parts.store = &deployment_->aggregates();
  parts.features = features_.get();
  parts.schedule = schedule_.get();
  parts.clock = clock_.get();
  parts.saved = [this]() -> std::optional<std::vector<eventlog::Offset>> {
    const counters::EpochDrops drops(live_.get());
    for (const feature::Measure& measure : features_->measures()) {
      if (drops.IsApart(measure.hash)) return std::nullopt;  // it is read from further back
    }
    return checkpoints_->saved_next();
  };
  ingest::LogTrim::Options options;
  options.retention_ms = settings_.log.retention_days * 24 * 3600'000;
  options.report = [](eventlog::Partition partition, eventlog::Offset low) {
    LogInfo("log trimmed",
            {{"partition", std::to_string(partition)}, {"begins at", std::to_string(low)}});
  };
  return std::make_unique<ingest::LogTrim>(std::move(parts), std::move(options));
}

absl::Status Verdictd::MakeDrop() {
  ingest::Dropper::Options options;
  options.base = base_;
  options.grace_ms = settings_.drop.grace_s * 1000;
  options.guard_kept_ms = settings_.drop.guard_days * 24 * 3600'000;
  options.cache_age = aggregate::BlobCache::Options().max_age;
  options.values_expire = deployment_->aggregates_expire();
  options.report = LogDrop;
  ingest::DropThread::Options thread;
  thread.report = ReportTo("letting go of what the batch has");
  ASSIGN_OR_RETURN(std::unique_ptr<ingest::LogTrim> trim, MakeTrim());
  ingest::Dropper::Parts parts{.live = live_.get(),
                               .store = &deployment_->aggregates(),
                               .clock = clock_.get(),
                               .schedule = schedule_.get(),
                               .blobs = blobs_.get(),
                               .imports = imports_.get()};
  auto dropper = std::make_unique<ingest::Dropper>(parts, std::move(options));
  if (const absl::Status looked = dropper->LookAll(); !looked.ok()) thread.report(looked);
  drop_ =
      std::make_unique<ingest::DropThread>(std::move(dropper), std::move(trim), std::move(thread));
  return absl::OkStatus();
}

}  // namespace verdict
