// What verdictd learns from the store while it runs: that a measure is whole now, and that what it
// was started without is there.
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "aggregate/fold_plan.h"
#include "aggregate/whole_days.h"
#include "log.h"
#include "verdictd.h"

namespace verdict {
namespace {

constexpr std::chrono::seconds kLookEvery{2};

}  // namespace

void Verdictd::MakeWatch() {
  watch_ = std::make_unique<StoreWatch>(kLookEvery, [this] {
    FollowImports();
    CheckBase();
    NotePublished();
  });
}

// What windows reach and blobs lack. Imports are asked for their days one by one.
void Verdictd::NoteMissingDays(uint64_t measure_hash, const aggregate::Manifest& manifest) {
  if (manifest.day) return;
  const aggregate::DaysAsked asked{.kept_days = features_->kept_days(),
                                   .expire = deployment_->aggregates_expire(),
                                   .today = features_->calendar().DayOf(clock_->NowMs())};
  const std::optional<model::DayNumber> whole_from = aggregate::WholeFrom(manifest, asked);
  if (!whole_from) return;
  live_->AddReasons(measure_hash, model::kPartialTooOld, *whole_from - 1);
  model::DayNumber& told = missing_before_.try_emplace(measure_hash, *whole_from - 1).first->second;
  if (told >= *whole_from) return;
  told = *whole_from;
  LogInfo("days missing", {{"measure", absl::StrFormat("%016x", measure_hash)},
                           {"before", model::FormatDay(*whole_from)},
                           {"meaning",
                            "windows were shorter when they were folded, or the log had lost them; "
                            "features that reach there are PARTIAL"}});
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
    const absl::StatusOr<aggregate::Manifest> manifest =
        deployment_->aggregates().GetManifest(measure.hash);
    if (!manifest.ok()) continue;              // the next look
    NoteMissingDays(measure.hash, *manifest);  // not whole even so
    if ((live_->ReasonsOf(measure.hash) & model::kPartialBefore) == 0) continue;
    const bool whole = manifest->day ? ImportsHoldWhatIsMissing(measure.hash)
                                     : manifest->published != feature::kNoCut &&
                                           manifest->published >= counted_from_;
    if (!whole) continue;
    blobs_->Clear();  // that there was none is no longer true
    live_->ClearReasons(measure.hash, model::kPartialBefore);
    LogInfo("measure whole", {{"measure", absl::StrFormat("%016x", measure.hash)}});
  }
}

// Memory has let go of what was imported: does the store still have it?
bool Verdictd::HasImports(uint64_t measure_hash, const aggregate::Manifest& manifest) const {
  const feature::DayMode* mode = live_->DayModeOf(measure_hash);
  if (mode == nullptr || mode->before == feature::kNoDay) return true;
  return manifest.day && manifest.day->published && manifest.day->published->before >= mode->before;
}

// Live state counts from a cut on: do the blobs hold what lies before it? They do not where the
// state was started without asking the store that lacks it, or the store has lost it since.
void Verdictd::CheckBase() {
  aggregate::FolderParts parts;
  parts.features = features_;
  parts.schedule = schedule_.get();
  for (const feature::Measure& measure : features_->measures()) {
    const absl::StatusOr<aggregate::Manifest> manifest =
        deployment_->aggregates().GetManifest(measure.hash);
    if (!manifest.ok()) return;  // the next look
    const uint16_t reasons = live_->ReasonsOf(measure.hash);
    const bool told = (reasons & model::kPartialSuspect) != 0;
    const bool reached =
        base_ == feature::kNoCut || aggregate::CountFrom(parts, *manifest) >= base_;
    if (reached && HasImports(measure.hash, *manifest)) {
      if (!told) continue;
      blobs_->Clear();  // that there was none is no longer true
      live_->ClearReasons(measure.hash, model::kPartialSuspect);
      LogInfo("the aggregates are there again",
              {{"measure", absl::StrFormat("%016x", measure.hash)}});
      continue;
    }
    if (told || (reasons & model::kPartialBefore) != 0) continue;
    live_->AddReasons(measure.hash, model::kPartialSuspect, feature::kNoDay);  // of all days
    LogError("the aggregates lack what lies before live state: answers say PARTIAL(suspect)",
             {{"measure", absl::StrFormat("%016x", measure.hash)},
              {"to mend it", "verdict aggregate upload, or restart to count from the log"}});
  }
}

}  // namespace verdict
