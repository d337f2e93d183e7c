// What the store says meanwhile: proofs, a measure that is whole now, values that are gone.
#include <algorithm>

#include "absl/strings/str_format.h"
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
    for (const auto& measure : measures_) measure->looked_ms.reset();
  }
  life_ = std::move(life);
  life_asked_ms_ = SteadyMs();
  return absl::OkStatus();
}

bool Dropper::LookIsDue(const Watched& measure) const {
  if (!measure.looked_ms) return true;
  const bool awaited = (parts_.live->ReasonsOf(measure.hash) & model::kPartialBefore) != 0 ||
                       parts_.live->LackingOf(measure.hash) != feature::kNoCut;
  const auto every = awaited ? options_.look_soon : options_.look_every;
  return SteadyMs() - *measure.looked_ms >= every.count();
}

absl::Status Dropper::Look(Watched* measure) {
  ASSIGN_OR_RETURN(Manifest manifest, parts_.store->GetManifest(measure->hash));
  measure->looked_ms = SteadyMs();
  metrics_.Note(measure->index, manifest);
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

// What is in memory no more must be in the blobs. A measure that is PARTIAL(before) never was.
void Dropper::NoteStore(Watched* measure, const Manifest& manifest) {
  feature::CutId needed = drops_.DroppedTo(measure->hash);
  if ((parts_.live->ReasonsOf(measure->hash) & model::kPartialBefore) == 0) {
    needed = std::max(needed, options_.base);
  }
  const feature::CutId lacking = manifest.published < needed ? needed : feature::kNoCut;
  const feature::CutId before = parts_.live->LackingOf(measure->hash);
  if (lacking == before) return;
  if (lacking == feature::kNoCut && parts_.blobs != nullptr) parts_.blobs->Clear();
  parts_.live->SetLacking(measure->hash, lacking);
  metrics_.NoteLacking(measure->index, lacking != feature::kNoCut);
  if (!options_.report || (lacking != feature::kNoCut && before != feature::kNoCut)) return;
  using Kind = DropEvent::Kind;
  options_.report({.kind = lacking == feature::kNoCut ? Kind::kStoreWhole : Kind::kStoreLacks,
                   .measure = measure->name,
                   .from = manifest.published,
                   .to = needed,
                   .detail = ""});
}

// Blobs of a measure reach a cut now: what lies before it is no longer missing.
void Dropper::NoteBefore(const Watched& measure, const Manifest& manifest) {
  const bool before = (parts_.live->ReasonsOf(measure.hash) & model::kPartialBefore) != 0;
  if (!before || manifest.published == feature::kNoCut) return;
  // What the fold could not add is not whole even so.
  if (manifest.oldest_day > manifest.cut - parts_.live->features().kept_days()) {
    parts_.live->AddReasons(measure.hash, model::kPartialTooOld, manifest.oldest_day - 1);
  }
  if (parts_.blobs != nullptr) parts_.blobs->Clear();  // that there was none is no longer true
  parts_.live->ClearReasons(measure.hash, model::kPartialBefore);
  if (!options_.report) return;
  options_.report({.kind = DropEvent::Kind::kNewWhole,
                   .measure = measure.name,
                   .from = feature::kNoCut,
                   .to = manifest.published,
                   .detail = ""});
}

// Right before anything is freed: a store that was emptied meanwhile has no manifest either.
absl::StatusOr<bool> Dropper::ProofStands(Watched* measure, const EpochProof& proof) {
  RETURN_IF_ERROR(Look(measure));
  return std::find(measure->proofs.begin(), measure->proofs.end(), proof) != measure->proofs.end();
}

}  // namespace verdict::ingest
