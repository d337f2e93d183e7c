#include "day_imports.h"

#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/thread_name.h"
#include "log.h"
#include "model/business_day.h"

namespace verdict {
namespace {

std::string DayText(model::DayNumber day) {
  return day == feature::kNoDay ? "none" : model::FormatDay(day);
}

}  // namespace

DayImports::DayImports(aggregate::AggregateStore* store, counters::LiveState* live, Options options)
    : store_(store), live_(live), options_(std::move(options)) {
  for (const feature::Measure& measure : live_->features().measures()) {
    watches_.emplace(measure.hash, options_.watch);
  }
}

DayImports::~DayImports() { Stop(); }

absl::Status DayImports::Look() {
  for (auto& [hash, watch] : watches_) {
    ASSIGN_OR_RETURN(const aggregate::Manifest manifest, store_->GetManifest(hash));
    if (const auto mode = watch.See(manifest.day, live_->LagNowMs())) Tell(hash, *mode);
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

void DayImports::Start() {
  thread_ = std::thread([this] { Run(); });
}

void DayImports::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void DayImports::Run() {
  base::NameThisThread("verdict-days");
  absl::Status last;
  while (true) {
    {
      base::MutexLock lock(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, options_.look_every);
      if (stopping_) return;
    }
    const absl::Status looked = Look();
    if (looked != last && options_.report != nullptr) options_.report(looked);
    last = looked;
  }
}

}  // namespace verdict
