// What a fold holds between two steps. Private to the folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregate/fold_plan.h"
#include "aggregate/folder.h"
#include "aggregate/increments.h"
#include "aggregate/proof_recount.h"
#include "base/hash.h"
#include "feature/stretch_digest.h"

namespace verdict::aggregate {

struct Folder::Fold {
  FoldPlan plan;
  std::vector<MeasurePlan*> by_measure;                // null: this measure is not folded now
  std::vector<std::vector<eventlog::Offset>> offsets;  // C of each plan.measures[i].to
  std::vector<eventlog::DedupWindow> dedup;            // by partition
  std::vector<eventlog::Offset> next;                  // by partition
  Increments increments;
  ProofRecount recount;  // of a healing recompute
  size_t keys_done = 0;
  int attempts = 1;
  bool rewrite = false;  // the proof found values that were never stored
  // By measure: overtaken, and announced by an earlier run.
  std::vector<bool> resumed;
  // By key: such a run wrote it, from events that the log has lost since.
  std::vector<bool> unproved;
  base::Hash128 folded, read_back;
  std::vector<feature::StretchSummer> sums;             // by measure of the features; of this proof
  std::vector<Census> written;                          // the same, with what was read back
  std::vector<uint64_t> keys;                           // the same: how many were written
  std::vector<std::optional<feature::CutId>> expiring;  // the same: last written so long ago
  std::vector<model::DayNumber> healed_from;  // the same: the first day that is recomputed
  std::string incarnation;                    // of the store, before its values were read back
  FoldProgress progress;
  // Scratch.
  std::vector<eventlog::LogRecord> records;
  rule::Record record;
  rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  std::vector<std::optional<model::EntityKey>> entities;
  std::vector<feature::Contribution> contributions;
  std::vector<feature::DayTile> tiles;
  eventlog::CutSchedule::CutOfDay cut_of_day;

  BlobKey KeyOf(const Increments::Key& key) const {
    return {by_measure[key.measure]->hash, key.entity};
  }

  // Has this fold, or an earlier run of it, written the blob?
  static bool Written(const feature::Blob& blob, const MeasurePlan& measure) {
    if (measure.heal && blob.cut == measure.to) return blob.rev >= measure.manifest.rev;
    return blob.cut >= measure.to;
  }
  // The part of a written blob that the proof compares with what was folded.
  std::vector<feature::DayTile> Proving(const feature::Blob& blob,
                                        const MeasurePlan& measure) const {
    return measure.heal ? From(healed_from[measure.measure], blob.tiles) : blob.increment;
  }
  // The tiles from `day` on.
  static std::vector<feature::DayTile> From(model::DayNumber day,
                                            const std::vector<feature::DayTile>& tiles);
  // The digest of a folded cell, which becomes part of the measure's proof.
  base::Hash128 Sum(const BlobKey& key, uint16_t measure, const feature::DayTile& day) {
    if (day.day >= by_measure[measure]->whole_from) return sums[measure].Add(key.entity, day);
    return feature::CellDigest(key.measure_hash, key.entity, day);
  }
  // Before the first key is read back.
  void BeginProof(const feature::FeatureSet& features);
};

}  // namespace verdict::aggregate
