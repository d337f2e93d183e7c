// Which cut each measure is folded to, and from where the log must be read for it.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/folder.h"

namespace verdict::aggregate {

// One measure's part of a fold: events of epochs [from, to).
struct MeasurePlan {
  uint16_t measure = 0;  // index into FeatureSet::measures()
  uint64_t hash = 0;
  Manifest manifest;  // as it stands in the store
  feature::CutId from = feature::kNoCut;
  feature::CutId to = feature::kNoCut;
  bool trimmed = false;  // days that no window can reach were left out
  bool changed = false;  // a healing recompute has found a value that is not what the log says
  // Retention has removed events that were never folded into it, as IsOvertaken says. What it folds
  // is no epoch's whole: no replica may compare with it, and so no proof is published.
  bool overtaken = false;
  // Overtaken, its first fold, or a healing recompute, of a log that had lost its head: days before
  // this are not whole.
  model::DayNumber whole_from = kNothingTrimmed;
  // A healing recompute of what is published: `from` is kNoCut, `to` the published cut.
  bool heal = false;
};

struct PartitionPlan {
  eventlog::Offset read_from = 0;  // ids alone up to count_from
  eventlog::Offset count_from = 0;
  eventlog::Offset end = 0;  // C[p] of the newest cut that is folded
};

struct FoldPlan {
  std::vector<MeasurePlan> measures;  // only those with something to fold
  std::vector<PartitionPlan> partitions;
  feature::CutId newest = feature::kNoCut;
};

// May what was folded be added to, and counted on from? FailedPrecondition where it was made of
// another log or of more of this one, or where its days were cut otherwise; says how to mend it.
absl::Status CheckManifest(const FolderParts& parts, const Manifest& manifest);
// Since when the log holds every record, as it begins now; kNothingGone where it has lost nothing.
inline constexpr int64_t kNothingGone = std::numeric_limits<int64_t>::min();
absl::StatusOr<int64_t> WholeFromMs(const FolderParts& parts);
// The first day of which the log, as it begins now, holds every event; kNothingTrimmed where it
// has lost nothing.
absl::StatusOr<model::DayNumber> FirstWholeDay(const FolderParts& parts);
// Can the epochs from the cut `from` on be counted anew from the log, as far as they are of
// `oldest_day` and later?
absl::StatusOr<bool> HoldsStretch(const FolderParts& parts, feature::CutId from,
                                  model::DayNumber oldest_day);
// Has retention removed what follows the cut that was published, or lies before the one announced?
// So it is with a measure that was declared again after it had been none for long; and of an
// imported one, events of days from which on the log counts.
absl::StatusOr<bool> IsOvertaken(const FolderParts& parts, const Manifest& manifest);
// The newest cut before which there are events of days before `day` alone.
feature::CutId CutBefore(const feature::FeatureSet& features, const eventlog::CutSchedule& schedule,
                         model::DayNumber day);
// Where counting may begin, since blobs have all that counts of what lies before: the published
// cut; of an imported measure the cut before the first day that is not imported. kNoCut: blobs hold
// nothing.
feature::CutId CountFrom(const feature::FeatureSet& features, const eventlog::CutSchedule& schedule,
                         const Manifest& manifest);
// The newest cut that can be taken now (R16, R17); nothing before the clock has seen one.
std::optional<feature::CutId> NewestCut(const FolderParts& parts, const FolderOptions& options);
// Seals the log at the cut's time, then C[p]: the first record at or after it, else the end of the
// idle partition.
absl::StatusOr<std::vector<eventlog::Offset>> CutOffsets(const FolderParts& parts,
                                                         feature::CutId cut);
// Was a healing recompute announced, and not finished?
bool IsHealing(const Manifest& manifest);
// Imported measures (DAY mode) are none of it. Nothing where every measure is published up to the
// newest cut. A cut that was announced and not published is finished first, as it was announced; a
// healing recompute before anything else. A measure that is overtaken while others are not goes on
// with what is left, and says from which day it is whole. Errors: DataLoss where all are: the log
// no longer holds what was never folded, though the live side may.
absl::StatusOr<std::optional<FoldPlan>> MakePlan(const FolderParts& parts,
                                                 const FolderOptions& options);

}  // namespace verdict::aggregate
