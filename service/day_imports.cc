#include "day_imports.h"

#include <string>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "log.h"
#include "model/business_day.h"

namespace verdict {
namespace {

std::string DayText(model::DayNumber day) {
  return day == feature::kNoDay ? "none" : model::FormatDay(day);
}

}  // namespace

DayImports::DayImports(aggregate::AggregateStore* store, counters::LiveState* live)
    : store_(store), live_(live) {
  for (const feature::Measure& measure : live_->features().measures()) {
    watches_.emplace(measure.hash, aggregate::DayWatch::Options());
  }
}

absl::Status DayImports::Look(bool nothing_read) {
  for (auto& [hash, watch] : watches_) {
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest, store_->GetManifest(hash));
    const auto mode = watch.See(manifest.day, live_->LagNowMs(), nothing_read);
    if (mode) Tell(hash, *mode);
  }
  return absl::OkStatus();
}

void DayImports::Tell(uint64_t measure_hash, const feature::DayMode& mode) {
  const feature::DayMode* before = live_->DayModeOf(measure_hash);
  if (before != nullptr && *before == mode) return;
  LogInfo("imported days", {{"measure", absl::StrFormat("%016x", measure_hash)},
                            {"before", DayText(mode.before)},
                            {"from", DayText(mode.first_day)},
                            {"late_days", std::to_string(mode.late_days)},
                            {"kept_in_memory_from", DayText(mode.kept_from)}});
  live_->SetDayMode(measure_hash, mode);
}

}  // namespace verdict
