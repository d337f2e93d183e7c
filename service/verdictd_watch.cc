// What verdictd learns from the store while it runs: that a measure is whole now, and that what it
// was started without is there.
#include <chrono>
#include <limits>
#include <memory>
#include <string>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "log.h"
#include "verdictd.h"

namespace verdict {
namespace {

constexpr std::chrono::seconds kLookEvery{2};
constexpr model::DayNumber kEveryDay = std::numeric_limits<model::DayNumber>::max();

}  // namespace

void Verdictd::MakeWatch() {
  watch_ = std::make_unique<StoreWatch>(kLookEvery, [this] {
    FollowImports();
    CheckBase();
    NotePublished();
  });
}

// Says once that the manifests cannot be read, and once that they can again.
void Verdictd::FollowImports() {
  const absl::Status looked = imports_->Look(/*nothing_read=*/false);
  if (looked.code() == imports_status_.code()) return;
  imports_status_ = looked;
  if (looked.ok()) {
    LogInfo("imports are followed again");
  } else {
    LogWarning("imports cannot be followed, and are looked for again",
               {{"error", std::string(looked.message())}});
  }
}

// Of an imported measure: do imports hold every day that is said to be missing, for all keys?
bool Verdictd::ImportsHoldWhatIsMissing(uint64_t measure_hash) const {
  const feature::DayMode* mode = live_->DayModeOf(measure_hash);
  return mode != nullptr && mode->before > live_->ReasonsNewestDay(measure_hash);
}

// Blobs of a measure reach a cut now: what lies before it is no longer missing.
void Verdictd::NotePublished() {
  for (const feature::Measure& measure : features_->measures()) {
    if ((live_->ReasonsOf(measure.hash) & model::kPartialBefore) == 0) continue;
    const absl::StatusOr<aggregate::Manifest> manifest =
        deployment_->aggregates().GetManifest(measure.hash);
    if (!manifest.ok()) continue;  // the next look
    const bool whole = manifest->day ? ImportsHoldWhatIsMissing(measure.hash)
                                     : manifest->published != feature::kNoCut;
    if (!whole) continue;
    // What the fold could not add is not whole even so.
    if (!manifest->day && manifest->oldest_day > manifest->cut - features_->kept_days()) {
      live_->AddReasons(measure.hash, model::kPartialTooOld, manifest->oldest_day - 1);
    }
    blobs_->Clear();  // that there was none is no longer true
    live_->ClearReasons(measure.hash, model::kPartialBefore);
    LogInfo("measure whole", {{"measure", absl::StrFormat("%016x", measure.hash)}});
  }
}

// The state was started without asking the store: do its blobs hold what the checkpoint left to
// them?
void Verdictd::CheckBase() {
  if (unchecked_base_ == feature::kNoCut) return;
  aggregate::FolderParts parts;
  parts.features = features_;
  parts.schedule = schedule_.get();
  for (const feature::Measure& measure : features_->measures()) {
    const absl::StatusOr<aggregate::Manifest> manifest =
        deployment_->aggregates().GetManifest(measure.hash);
    if (!manifest.ok()) return;  // the next look
    if (aggregate::CountFrom(parts, *manifest) >= unchecked_base_) continue;
    live_->AddReasons(measure.hash, model::kPartialSuspect, kEveryDay);
    LogError("the aggregates lack what the checkpoint left to them: answers say PARTIAL(suspect)",
             {{"measure", absl::StrFormat("%016x", measure.hash)},
              {"to mend it", "upload the aggregates again, or restart to count from the log"}});
  }
  unchecked_base_ = feature::kNoCut;
}

}  // namespace verdict
