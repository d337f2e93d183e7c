#include "ingest/day_imports.h"

#include <utility>

#include "base/status.h"

namespace verdict::ingest {

DayImports::DayImports(aggregate::AggregateStore* store, counters::LiveState* live, Told told)
    : store_(store), live_(live), told_(std::move(told)) {
  for (const feature::Measure& measure : live_->features().measures()) {
    watches_.emplace(measure.hash, aggregate::DayWatch::Options());
  }
}

absl::Status DayImports::Begin() {
  for (auto& [hash, watch] : watches_) {
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest, store_->GetManifest(hash));
    const auto mode = watch.See(manifest.day, live_->LagNowMs(), /*nothing_read=*/true);
    if (mode) Tell(hash, *mode);
  }
  return absl::OkStatus();
}

void DayImports::See(uint64_t measure_hash, const aggregate::Manifest& manifest) {
  const auto watch = watches_.find(measure_hash);
  if (watch == watches_.end()) return;
  const auto mode = watch->second.See(manifest.day, live_->LagNowMs(), /*nothing_read=*/false);
  if (mode) Tell(measure_hash, *mode);
}

model::DayNumber DayImports::DropBefore(uint64_t measure_hash) const {
  const auto watch = watches_.find(measure_hash);
  return watch == watches_.end() ? feature::kNoDay : watch->second.drop_before();
}

void DayImports::Tell(uint64_t measure_hash, const feature::DayMode& mode) {
  const feature::DayMode* before = live_->DayModeOf(measure_hash);
  if (before != nullptr && *before == mode) return;
  live_->SetDayMode(measure_hash, mode);
  if (told_) told_(measure_hash, mode);
}

}  // namespace verdict::ingest
