#include "ingest/log_trim.h"

#include <algorithm>
#include <utility>

#include "aggregate/fold_plan.h"
#include "base/check.h"
#include "base/status.h"
#include "eventlog/dedup_window.h"
#include "ingest/sliding_plan.h"

namespace verdict::ingest {

namespace {

// A start reads so long at most, from where it planned to.
constexpr int64_t kReplayMs = 3'600'000;

}  // namespace

using eventlog::Offset;
using eventlog::Partition;

LogTrim::LogTrim(Parts parts, Options options)
    : parts_(std::move(parts)), options_(std::move(options)) {
  CHECK(parts_.source != nullptr && parts_.log != nullptr && parts_.store != nullptr &&
        parts_.features != nullptr && parts_.schedule != nullptr && parts_.clock != nullptr &&
        parts_.saved != nullptr);
}

int64_t LogTrim::SteadyMs() const {
  if (options_.steady_ms) return options_.steady_ms();
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

absl::StatusOr<std::optional<std::vector<Offset>>> LogTrim::Needed() {
  std::optional<std::vector<Offset>> needed = parts_.saved();
  if (!needed || options_.retention_ms == 0) return std::optional<std::vector<Offset>>();
  int64_t oldest_ms = parts_.clock->NowMs() - options_.retention_ms;
  const int64_t sliding_ms = SlidingReachMs(*parts_.features);
  if (sliding_ms > 0) {
    const int64_t reach_ms = sliding_ms + eventlog::kDedupWarmUpMs + kReplayMs;
    oldest_ms = std::min(oldest_ms, parts_.clock->NowMs() - reach_ms);
  }
  needed->resize(static_cast<size_t>(parts_.source->partitions()), 0);
  for (const feature::Measure& measure : parts_.features->measures()) {
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest, parts_.store->GetManifest(measure.hash));
    // A first fold, or a healing recompute, reads all there is.
    const feature::CutId counted_from =
        aggregate::CountFrom(*parts_.features, *parts_.schedule, manifest);
    if (counted_from == feature::kNoCut || aggregate::IsHealing(manifest)) {
      return std::optional<std::vector<Offset>>();
    }
    const int64_t cut_ms = parts_.schedule->CutTimeMs(counted_from);
    oldest_ms = std::min(oldest_ms, cut_ms - eventlog::kDedupWarmUpMs);
    if (manifest.day) continue;
    // A cut may lie before the first record behind it that anybody sees. A log that begins between
    // them would be taken for one that has lost something.
    for (size_t p = 0; p < needed->size(); ++p) {
      const std::vector<Offset>& cut = manifest.published_offsets;
      (*needed)[p] = std::min((*needed)[p], p < cut.size() ? cut[p] : 0);
    }
  }
  for (Partition p = 0; p < parts_.source->partitions(); ++p) {
    Offset& first = (*needed)[static_cast<size_t>(p)];
    ASSIGN_OR_RETURN(const std::optional<Offset> young,
                     parts_.source->FirstAtOrAfter(p, oldest_ms));
    if (young) first = std::min(first, *young);
    ASSIGN_OR_RETURN(first, RecordBefore(p, first));
  }
  return needed;
}

// One older record tells that the log has all of what is younger; and the one that a checkpoint
// counted last tells this log from another.
absl::StatusOr<Offset> LogTrim::RecordBefore(Partition partition, Offset offset) {
  ASSIGN_OR_RETURN(const Offset low, parts_.source->Low(partition));
  while (offset > low) {
    --offset;
    const auto record = parts_.source->Identity(partition, offset);
    if (record.ok()) return offset;
    if (!absl::IsNotFound(record.status())) return record.status();
  }
  return low;
}

absl::Status LogTrim::Step() {
  const int64_t now_ms = SteadyMs();
  if (looked_ms_ && now_ms - *looked_ms_ < options_.every.count()) return absl::OkStatus();
  if (!parts_.saved()) return absl::OkStatus();  // soon
  looked_ms_ = now_ms;
  ASSIGN_OR_RETURN(const auto needed, Needed());
  if (!needed) return absl::OkStatus();
  for (Partition p = 0; p < parts_.source->partitions(); ++p) {
    ASSIGN_OR_RETURN(const Offset low, parts_.source->Low(p));
    if ((*needed)[static_cast<size_t>(p)] <= low) continue;
    RETURN_IF_ERROR(parts_.log->TrimBefore(p, (*needed)[static_cast<size_t>(p)]));
    ASSIGN_OR_RETURN(const Offset now_low, parts_.source->Low(p));
    if (options_.report && now_low > low) options_.report(p, now_low);
  }
  return absl::OkStatus();
}

}  // namespace verdict::ingest
