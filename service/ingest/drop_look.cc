// What the store says meanwhile: proofs, imports, a measure that is whole now, days that are
// missing, values that are gone.
#include <algorithm>

#include "aggregate/fold_plan.h"
#include "aggregate/whole_days.h"
#include "base/status.h"
#include "ingest/drop_job.h"
#include "model/business_day.h"

namespace verdict::ingest {

using aggregate::EpochProof;
using aggregate::Manifest;

// A store that began another life may hold less: all is looked at anew.
absl::Status Dropper::CheckLife() {
  if (life_asked_ms_ && SteadyMs() - *life_asked_ms_ < options_.look_soon.count()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::string life, parts_.store->Incarnation());
  if (life_asked_ms_ && life != life_) {
    job_.reset();
    for (const auto& measure : measures_) measure->looked_ms.reset();
    ForgetAnswers();
  }
  life_ = std::move(life);
  life_asked_ms_ = SteadyMs();
  return absl::OkStatus();
}

// Of the store, also those on their way to a Score.
void Dropper::ForgetAnswers() {
  if (parts_.blobs != nullptr) parts_.blobs->Clear();
  for (const auto& measure : measures_) {
    parts_.live->SetLacking(measure->hash, parts_.live->LackingOf(measure->hash));
  }
}

bool Dropper::LookIsDue(const Watched& measure) const {
  if (!measure.looked_ms) return true;
  const bool awaited = (parts_.live->ReasonsOf(measure.hash) & model::kPartialBefore) != 0 ||
                       parts_.live->LackingOf(measure.hash) != feature::kNoCut ||
                       measure.imports_awaited;
  const auto every = awaited ? options_.look_soon : options_.look_every;
  return SteadyMs() - *measure.looked_ms >= every.count();
}

absl::Status Dropper::Look(Watched* measure) {
  ASSIGN_OR_RETURN(Manifest manifest, parts_.store->GetManifest(measure->hash));
  measure->looked_ms = SteadyMs();
  measure->imports_awaited = manifest.day || manifest.state == Manifest::State::kNone;
  metrics_.Note(measure->index, manifest);
  if (parts_.imports != nullptr) parts_.imports->See(measure->hash, manifest);
  if (manifest.state == Manifest::State::kPublished) {
    const std::pair now(manifest.published, manifest.rev);
    // A recompute may have changed what was read before.
    if (measure->published && measure->published->first == now.first &&
        *measure->published != now) {
      ForgetAnswers();
    }
    measure->published = now;
  }
  NoteMissingDays(measure, manifest);
  NoteStore(measure, manifest);
  NoteBefore(*measure, manifest);
  // What another proof says must be judged by it.
  for (const EpochProof& before : measure->proofs) {
    const auto same = std::find(manifest.proofs.begin(), manifest.proofs.end(), before);
    if (same == manifest.proofs.end()) measure->judged.erase(before.to);
  }
  measure->proofs = std::move(manifest.proofs);
  return absl::OkStatus();
}

absl::Status Dropper::LookAll() {
  for (const auto& measure : measures_) RETURN_IF_ERROR(Look(measure.get()));
  return absl::OkStatus();
}

// What windows reach and blobs lack. Imports are asked for their days one by one.
void Dropper::NoteMissingDays(Watched* measure, const Manifest& manifest) {
  if (manifest.day) return;
  const feature::FeatureSet& features = parts_.live->features();
  const aggregate::DaysAsked asked{.kept_days = features.kept_days(),
                                   .expire = options_.values_expire,
                                   .today = features.calendar().DayOf(parts_.clock->NowMs())};
  const std::optional<model::DayNumber> whole_from = aggregate::WholeFrom(manifest, asked);
  if (!whole_from) return;
  parts_.live->AddReasons(measure->hash, model::kPartialTooOld, *whole_from - 1);
  if (measure->told_missing && *measure->told_missing >= *whole_from) return;
  measure->told_missing = whole_from;
  Report(DropEvent::Kind::kDaysMissing, *measure, feature::kNoCut, *whole_from);
}

// The cut that the store must reach: what lies before it is in memory no more, or was never there.
// A measure that is PARTIAL(before) says so by itself.
feature::CutId Dropper::NeededOf(const Watched& measure) const {
  feature::CutId needed = drops_.DroppedTo(measure.hash);
  if ((parts_.live->ReasonsOf(measure.hash) & model::kPartialBefore) == 0) {
    needed = std::max({needed, options_.base, drops_.BeginningOf(measure.hash).blobs_to});
  }
  // Keys that the store has nothing of are taken to have nothing before this day.
  const feature::DayMode* mode = parts_.live->DayModeOf(measure.hash);
  if (mode == nullptr || mode->before == feature::kNoDay) return needed;
  return std::max(needed,
                  aggregate::CutBefore(parts_.live->features(), *parts_.schedule, mode->before));
}

// What is in memory no more must be in the blobs.
void Dropper::NoteStore(Watched* measure, const Manifest& manifest) {
  const feature::CutId needed = NeededOf(*measure);
  const feature::CutId reached =
      aggregate::CountFrom(parts_.live->features(), *parts_.schedule, manifest);
  const feature::CutId lacking = reached < needed ? needed : feature::kNoCut;
  const feature::CutId before = parts_.live->LackingOf(measure->hash);
  if (lacking == before) return;
  if (lacking == feature::kNoCut && parts_.blobs != nullptr) parts_.blobs->Clear();
  parts_.live->SetLacking(measure->hash, lacking);
  metrics_.NoteLacking(measure->index, lacking != feature::kNoCut);
  if (lacking != feature::kNoCut && before != feature::kNoCut) return;
  using Kind = DropEvent::Kind;
  Report(lacking == feature::kNoCut ? Kind::kStoreWhole : Kind::kStoreLacks, *measure, reached,
         needed);
}

// Of an imported measure: do imports hold every day that is said to be missing, for all keys?
bool Dropper::ImportsHoldWhatIsMissing(uint64_t measure_hash) const {
  const feature::DayMode* mode = parts_.live->DayModeOf(measure_hash);
  return mode != nullptr && mode->before > parts_.live->ReasonsNewestDay(measure_hash);
}

// Blobs of a measure reach a cut now: what lies before it is no longer missing.
void Dropper::NoteBefore(const Watched& measure, const Manifest& manifest) {
  if ((parts_.live->ReasonsOf(measure.hash) & model::kPartialBefore) == 0) return;
  // A measure that was declared again has an old cut, from before it was none.
  const bool whole = manifest.day ? ImportsHoldWhatIsMissing(measure.hash)
                                  : manifest.published != feature::kNoCut &&
                                        manifest.published >= drops_.BeginningOf(measure.hash).cut;
  if (!whole) return;
  if (parts_.blobs != nullptr) parts_.blobs->Clear();  // that there was none is no longer true
  parts_.live->ClearReasons(measure.hash, model::kPartialBefore);
  Report(DropEvent::Kind::kNewWhole, measure, feature::kNoCut,
         aggregate::CountFrom(parts_.live->features(), *parts_.schedule, manifest));
}

void Dropper::Report(DropEvent::Kind kind, const Watched& measure, feature::CutId from,
                     feature::CutId to) const {
  if (!options_.report) return;
  options_.report(
      {.kind = kind, .measure = measure.name, .from = from, .to = to, .detail = std::string()});
}

// Right before anything is freed: a store that was emptied meanwhile has no manifest either.
absl::StatusOr<bool> Dropper::ProofStands(Watched* measure, const EpochProof& proof) {
  RETURN_IF_ERROR(Look(measure));
  return std::find(measure->proofs.begin(), measure->proofs.end(), proof) != measure->proofs.end();
}

}  // namespace verdict::ingest
