// The healing recompute: what the log says replaces what the store says, and each key that changes
// is told.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "aggregate/fold_state.h"
#include "base/status.h"

namespace verdict::aggregate {
namespace {

using feature::DayTile;

constexpr size_t kWritesPerPut = 512;

// What `days` add up to, by day, for a plain comparison.
void AddUp(const std::vector<DayTile>& tiles, Census* census) {
  feature::Blob blob;
  blob.increment = tiles;
  blob.previous = feature::kNoCut;
  census->AddWritten(blob);
}

}  // namespace

std::vector<DayTile> Folder::Fold::From(model::DayNumber day, const std::vector<DayTile>& tiles) {
  const auto first = std::find_if(tiles.begin(), tiles.end(),
                                  [&](const DayTile& tile) { return tile.day >= day; });
  return {first, tiles.end()};
}

absl::Status Folder::AnnounceHeal() {
  for (const feature::Measure& measure : parts_.features->measures()) {
    RETURN_IF_ERROR(stores_.Settle(measure.hash));
    ASSIGN_OR_RETURN(const Manifest manifest, parts_.store->GetManifest(measure.hash));
    RETURN_IF_ERROR(CheckManifest(parts_, manifest));
    if (manifest.day) continue;  // imported: the log is not what it was made of
    if (manifest.published == feature::kNoCut || IsHealing(manifest)) continue;
    if (manifest.state == Manifest::State::kAnnounced) {
      return absl::FailedPreconditionError(
          absl::StrCat("the cut of ", model::FormatDay(manifest.cut),
                       " was announced and is not published yet: let its fold finish first"));
    }
    if (manifest.rev == UINT16_MAX) {
      return absl::ResourceExhaustedError(
          "this cut was recomputed 65,535 times; wait for the next");
    }
    Manifest announced = manifest;
    announced.state = Manifest::State::kAnnounced;
    announced.cut = manifest.published;
    announced.offsets = manifest.published_offsets;
    ++announced.rev;
    RETURN_IF_ERROR(stores_.Announce(measure.hash, manifest, announced));
  }
  return absl::OkStatus();
}

// What the log can still say of epochs folded before.
absl::Status Folder::AskProofs(const MeasurePlan& measure, ProofRecount* recount) const {
  for (const EpochProof& proof : measure.manifest.proofs) {
    ASSIGN_OR_RETURN(const bool held, HoldsStretch(parts_, proof.from, proof.oldest_day));
    if (held) recount->Ask(measure.measure, measure.hash, proof);
  }
  return absl::OkStatus();
}

std::vector<EpochProof> Folder::ProofsAnew(const MeasurePlan& measure) const {
  std::vector<EpochProof> proofs;
  for (EpochProof proof : measure.manifest.proofs) {
    const feature::StretchDigest* digest = fold_->recount.DigestOf(measure.measure, proof);
    if (digest == nullptr) continue;
    proof.incarnation = fold_->incarnation;  // every value was seen in this life of the store
    if (*digest != proof.digest) {
      proof.digest = *digest;
      proof.published_ms = parts_.clock->NowMs();
    }
    proofs.push_back(std::move(proof));
  }
  return proofs;
}

absl::Status Folder::WithdrawHeal() {
  for (const MeasurePlan& measure : fold_->plan.measures) {
    Manifest withdrawn = measure.manifest;
    withdrawn.state = Manifest::State::kPublished;
    withdrawn.census.known = false;  // some values were replaced
    RETURN_IF_ERROR(stores_.Announce(measure.hash, measure.manifest, withdrawn));
  }
  return absl::OkStatus();
}

absl::StatusOr<BlobWrite> Folder::Healed(const BlobKey& key, const BlobResult& stored,
                                         const std::vector<DayTile>& tiles, MeasurePlan* measure) {
  const bool found = stored.state == BlobResult::State::kFound;
  if (found && stored.blob.cut > measure->to) {
    return absl::DataLossError("a blob has reached a cut that was never published");
  }
  const model::DayNumber oldest = OldestDay(*measure);
  const model::DayNumber from = std::max(oldest, measure->whole_from);
  BlobWrite write{key, {}};
  write.blob.measure_hash = measure->hash;
  write.blob.cut = measure->to;
  write.blob.rev = measure->manifest.rev;
  write.blob.previous = found ? stored.blob.cut : feature::kNoCut;
  HealedKey healed{key, {}, tiles};
  if (found) {
    for (const DayTile& day : stored.blob.tiles) {
      if (day.day >= from) healed.before.push_back(day);
      if (day.day >= oldest && day.day < from) write.blob.tiles.push_back(day);
    }
  }
  write.blob.tiles.insert(write.blob.tiles.end(), tiles.begin(), tiles.end());
  if (healed.before != healed.after) {
    measure->changed = true;
    if (parts_.healed) parts_.healed(healed);
  }
  return write;
}

absl::Status Folder::NoteChanged() {
  for (MeasurePlan& measure : fold_->plan.measures) {
    if (!measure.changed || measure.manifest.proofs.empty()) continue;
    Manifest noted = measure.manifest;
    noted.proofs.clear();
    RETURN_IF_ERROR(stores_.Announce(measure.hash, measure.manifest, noted));
    measure.manifest = noted;
  }
  return absl::OkStatus();
}

// Every value of the measures, as the base has it: what the log knows nothing of loses the days
// that were recomputed; then all of them together must add up to the log, day by day.
absl::Status Folder::ScanAll() {
  Fold& fold = *fold_;
  std::vector<BlobWrite> writes;
  const auto put = [&]() -> absl::Status {
    RETURN_IF_ERROR(NoteChanged());
    RETURN_IF_ERROR(stores_.Put(writes, {}));
    writes.clear();
    return absl::OkStatus();
  };
  for (MeasurePlan& measure : fold.plan.measures) {
    Census& census = fold.written[measure.measure];
    RETURN_IF_ERROR(stores_.base()->Scan(
        measure.hash,
        [&](const model::EntityKey& entity, const feature::Blob& blob) -> absl::Status {
          if (cancelled_.load(std::memory_order_relaxed)) {
            return absl::CancelledError("stopped; it goes on at the next start");
          }
          ++fold.progress.done;
          const bool orphan = !Fold::Written(blob, measure) &&
                              !Fold::From(fold.healed_from[measure.measure], blob.tiles).empty();
          if (!orphan) {
            census.AddStored(blob);
            return absl::OkStatus();
          }
          ASSIGN_OR_RETURN(
              BlobWrite healed,
              Healed({measure.hash, entity}, {BlobResult::State::kFound, blob}, {}, &measure));
          census.AddStored(healed.blob);
          writes.push_back(std::move(healed));
          return writes.size() < kWritesPerPut ? absl::OkStatus() : put();
        }));
    RETURN_IF_ERROR(put());
  }
  RETURN_IF_ERROR(CompareWithLog());
  RETURN_IF_ERROR(NoteLostDays());
  fold.progress = {FoldProgress::Phase::kProve, fold.plan.newest, 0, fold.increments.size()};
  return absl::OkStatus();
}

// Days that the log cannot give again stay as the store has them. Where that is not what was folded
// they are nobody's any more.
absl::Status Folder::NoteLostDays() {
  for (MeasurePlan& measure : fold_->plan.measures) {
    if (measure.whole_from <= OldestDay(measure) ||
        measure.manifest.oldest_day >= measure.whole_from) {
      continue;
    }
    const Census& folded = measure.manifest.census;
    const auto before = [&](const Census& census) {
      std::vector<Census::Day> days = census.days;
      std::erase_if(days, [&](const Census::Day& one) {
        return one.day >= measure.whole_from || one.day < OldestDay(measure);
      });
      return days;
    };
    if (folded.known && before(folded) == before(fold_->written[measure.measure])) continue;
    Manifest noted = measure.manifest;
    noted.oldest_day = measure.whole_from;
    RETURN_IF_ERROR(stores_.Announce(measure.hash, measure.manifest, noted));
    measure.manifest = noted;
  }
  return absl::OkStatus();
}

absl::Status Folder::CompareWithLog() const {
  const Fold& fold = *fold_;
  std::vector<Census> folded(fold.written.size());
  for (size_t i = 0; i < fold.increments.size(); ++i) {
    AddUp(fold.increments.TilesAt(i), &folded[fold.increments.KeyAt(i).measure]);
  }
  for (const MeasurePlan& measure : fold.plan.measures) {
    Census stored = fold.written[measure.measure];
    Census& log = folded[measure.measure];
    for (Census* one : {&stored, &log}) {
      one->Trim(fold.healed_from[measure.measure]);
      one->stamps.clear();
    }
    const std::vector<std::string> differences = Differences(log, stored);
    if (differences.empty()) continue;
    return absl::DataLossError(absl::StrCat(
        "after the recompute the store is not what the log says: ", differences.front(),
        differences.size() > 1 ? ", and more" : ""));
  }
  return absl::OkStatus();
}

}  // namespace verdict::aggregate
