// What verdictd lets go of: epochs that the batch has taken over.
#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "aggregate/sweep.h"
#include "base/metrics.h"
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
  const std::string from =
      event.from == feature::kNoCut ? "the log's first record" : model::FormatDay(event.from);
  const LogFields fields = {{"measure", event.measure},
                            {"from", from},
                            {"to", model::FormatDay(event.to)},
                            {"detail", event.detail}};
  switch (event.kind) {
    case Kind::kDropped:
      return LogInfo("epochs dropped: the batch provably has them", fields);
    case Kind::kOutOfReach:
      return LogWarning("epoch dropped: it was never proved, but no window reaches it any more",
                        fields);
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
  }
}

}  // namespace

// A week later than no window reaches them: a clock set back, or a window a little longer, brings
// nothing back that is gone.
void Verdictd::ExpireValues() {
  constexpr int kMarginDays = 7;
  feature::CutId before = std::numeric_limits<feature::CutId>::max();
  for (const feature::Measure& measure : features_->measures()) {
    const auto manifest = dir_->aggregates().GetManifest(measure.hash);
    if (!manifest.ok() || manifest->published == feature::kNoCut) return;
    // Only what the manifest says is missing may be.
    before = std::min(
        {before, manifest->oldest_day, manifest->published - features_->kept_days() - kMarginDays});
  }
  dir_->aggregates().ExpireBefore(before);
}

void Verdictd::SweepNightly(const std::function<bool()>& stopping) {
  std::vector<uint64_t> hashes;
  for (const feature::Measure& measure : features_->measures()) hashes.push_back(measure.hash);
  const auto results =
      aggregate::SweepStore(&dir_->aggregates(), hashes, [&](uint64_t) { return !stopping(); });
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

std::unique_ptr<ingest::LogTrim> Verdictd::MakeTrim() {
  if (settings_.log.retention_days == 0) return nullptr;
  if (settings_.log.retention_days < features_->kept_days()) {
    LogWarning("the log is kept for fewer days than the longest window needs",
               {{"log.retention_days", std::to_string(settings_.log.retention_days)},
                {"needed", std::to_string(features_->kept_days())},
                {"meaning", "a new feature, and a healing recompute, cannot fill that window"}});
  }
  trim_source_ = dir_->log().MakeSource(/*with_decisions=*/false);
  ingest::LogTrim::Parts parts;
  parts.source = trim_source_.get();
  parts.log = &dir_->log();
  parts.store = &dir_->aggregates();
  parts.features = features_.get();
  parts.schedule = schedule_.get();
  parts.clock = clock_.get();
  parts.saved = [this] { return checkpoints_->saved_next(); };
  ingest::LogTrim::Options options;
  options.retention_ms = settings_.log.retention_days * 24 * 3600'000;
  options.report = [](eventlog::Partition partition, eventlog::Offset low) {
    LogInfo("log trimmed",
            {{"partition", std::to_string(partition)}, {"begins at", std::to_string(low)}});
  };
  return std::make_unique<ingest::LogTrim>(std::move(parts), std::move(options));
}

void Verdictd::MakeDrop() {
  ingest::Dropper::Options options;
  options.grace_ms = settings_.drop.grace_s * 1000;
  options.guard_kept_ms = settings_.drop.guard_days * 24 * 3600'000;
  options.cache_age = aggregate::BlobCache::Options().max_age;
  options.report = LogDrop;
  ingest::DropThread::Options thread;
  thread.report = ReportTo("letting go of what the batch has");
  drop_ = std::make_unique<ingest::DropThread>(
      std::make_unique<ingest::Dropper>(
          ingest::Dropper::Parts{live_.get(), &dir_->aggregates(), clock_.get(), schedule_.get()},
          std::move(options)),
      MakeTrim(), std::move(thread));
}

}  // namespace verdict
