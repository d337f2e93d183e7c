#include "aggregate/fold_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "eventlog/dedup_window.h"
#include "model/business_day.h"

namespace verdict::aggregate {
namespace {

using feature::CutId;
using feature::kNoCut;

constexpr char kFoldAgain[] = "move DIR/aggregates aside to fold the log again";

// Days cut at another minute, or by other rules of the zone, hold other events.
absl::Status CheckCuts(const FolderParts& parts, const Manifest& manifest) {
  const int64_t cut_ms = parts.schedule->CutTimeMs(manifest.cut);
  if (cut_ms != manifest.cut_time_ms) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the aggregates were cut at ", model::FormatTimeMs(manifest.cut_time_ms), ", but cut ",
        model::FormatDay(manifest.cut), " lies at ", model::FormatTimeMs(cut_ms),
        " now: the cut minutes or the zone changed; start with the former setting, or ",
        kFoldAgain));
  }
  if (manifest.published == kNoCut) return absl::OkStatus();
  const uint64_t digest =
      parts.features->calendar().TransitionsDigest(manifest.zone_first, manifest.published);
  if (digest == manifest.zone_digest) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the zone's clock changes between ", model::FormatDay(manifest.zone_first), " and ",
      model::FormatDay(manifest.published),
      " are others than when the aggregates were folded: the zone or its data changed; start with "
      "the former zone data, or ",
      kFoldAgain));
}

// Imported days, cut by other rules of the zone, hold other events.
absl::Status CheckImportedDays(const FolderParts& parts, const DayManifest& manifest) {
  const std::optional<DayImport>& published = manifest.published;
  if (!published) return absl::OkStatus();
  const uint64_t digest =
      parts.features->calendar().TransitionsDigest(published->first_day, published->before);
  if (digest == published->zone_digest) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the zone's clock changes between ", model::FormatDay(published->first_day), " and ",
      model::FormatDay(published->before),
      " are others than when the days were imported: the zone or its data changed; start with the "
      "former zone data, or move DIR/aggregates aside and import anew"));
}

// What was folded must be in this log.
absl::Status CheckLog(const FolderParts& parts, const Manifest& manifest) {
  if (manifest.log_id != parts.log_id) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the aggregates are of another log (", manifest.log_id, ") than the one beside them (",
        parts.log_id, "); put the log back that they were folded from, or ", kFoldAgain));
  }
  const std::vector<eventlog::Offset>& offsets = manifest.published_offsets;
  for (size_t p = 0; p < offsets.size(); ++p) {
    const bool here = p < static_cast<size_t>(parts.source->partitions());
    eventlog::Offset end = 0;
    if (here) {
      ASSIGN_OR_RETURN(end, parts.source->End(static_cast<eventlog::Partition>(p)));
    }
    if (offsets[p] <= end) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "the aggregates hold partition ", p, " up to offset ", offsets[p], ", but the log ends at ",
        end,
        ": its tail was lost, or it is another log; put the log back that they were folded from, "
        "or ",
        kFoldAgain));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<MeasurePlan>> PlanMeasures(const FolderParts& parts, CutId newest) {
  std::vector<MeasurePlan> plans;
  std::optional<uint64_t> overtaken;  // one of them
  bool others_go_on = false;          // not all of them: others were folded meanwhile
  bool heals = false;
  const auto& measures = parts.features->measures();
  for (size_t i = 0; i < measures.size(); ++i) {
    MeasurePlan plan{.measure = static_cast<uint16_t>(i), .hash = measures[i].hash, .manifest = {}};
    ASSIGN_OR_RETURN(plan.manifest, parts.store->GetManifest(plan.hash));
    RETURN_IF_ERROR(CheckManifest(parts, plan.manifest));
    if (plan.manifest.day) continue;  // imported: left alone
    plan.from = plan.manifest.published;
    const bool announced = plan.manifest.state == Manifest::State::kAnnounced;
    plan.to = announced ? plan.manifest.cut : newest;
    plan.heal = IsHealing(plan.manifest);
    ASSIGN_OR_RETURN(const bool is_overtaken, IsOvertaken(parts, plan.manifest));
    others_go_on = others_go_on || (!is_overtaken && plan.from != kNoCut);
    if (plan.heal) {
      plan.from = kNoCut;  // what is published is computed anew: nothing goes on
      heals = true;
    } else {
      plan.overtaken = is_overtaken;
    }
    if (plan.from != kNoCut && plan.from >= plan.to) continue;
    if (plan.overtaken) overtaken = plan.hash;
    plans.push_back(std::move(plan));
  }
  if (heals) std::erase_if(plans, [](const MeasurePlan& plan) { return !plan.heal; });
  if (heals || !overtaken || others_go_on) return plans;
  return absl::DataLossError(absl::StrCat(
      "the log begins behind what was folded last into measure ",
      absl::Hex(*overtaken, absl::kZeroPad16),
      ", and no other was folded since: events between are lost; put the log's head back, or ",
      kFoldAgain, ", from where it begins now"));
}

// From where the log is read: `warm_up` of ids before the earliest cut that some measure has
// reached.
absl::StatusOr<PartitionPlan> PlanPartition(const FolderParts& parts, eventlog::Partition partition,
                                            CutId from, eventlog::Offset end) {
  PartitionPlan plan{.end = end};
  ASSIGN_OR_RETURN(const eventlog::Offset low, parts.source->Low(partition));
  plan.count_from = low;
  plan.read_from = low;
  if (from == kNoCut) return plan;
  const int64_t cut_ms = parts.schedule->CutTimeMs(from);
  ASSIGN_OR_RETURN(const auto count_from, parts.source->FirstAtOrAfter(partition, cut_ms));
  ASSIGN_OR_RETURN(const auto read_from,
                   parts.source->FirstAtOrAfter(partition, cut_ms - eventlog::kDedupWarmUpMs));
  plan.count_from = count_from.value_or(end);
  plan.read_from = std::min(read_from.value_or(end), plan.count_from);
  return plan;
}

}  // namespace

absl::StatusOr<int64_t> WholeFromMs(const FolderParts& parts) {
  int64_t whole_from_ms = kNothingGone;
  for (eventlog::Partition p = 0; p < parts.source->partitions(); ++p) {
    ASSIGN_OR_RETURN(const eventlog::Offset low, parts.source->Low(p));
    if (low == 0) continue;
    int64_t begin_ms = parts.clock->NowMs();
    ASSIGN_OR_RETURN(const auto first, parts.source->FirstAtOrAfter(p, 0));
    if (first) {
      const absl::StatusOr<eventlog::LogIdentity> record = parts.source->Identity(p, *first);
      if (record.ok()) begin_ms = record->record_time_ms;
      if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
    }
    whole_from_ms = std::max(whole_from_ms, begin_ms);
  }
  return whole_from_ms;
}

absl::StatusOr<model::DayNumber> FirstWholeDay(const FolderParts& parts) {
  ASSIGN_OR_RETURN(const int64_t whole_from_ms, WholeFromMs(parts));
  if (whole_from_ms == kNothingGone) return kNothingTrimmed;
  const feature::FeatureSet& features = *parts.features;
  // What was removed was recorded before, and dated at most so far ahead; and what repeats an id of
  // it may be dated as late as that is known.
  const int64_t ahead_ms = std::max(features.options().future_skew_ms, eventlog::kDedupWarmUpMs);
  return features.calendar().DayOf(whole_from_ms + ahead_ms) + 1;
}

absl::StatusOr<bool> HoldsStretch(const FolderParts& parts, CutId from,
                                  model::DayNumber oldest_day) {
  ASSIGN_OR_RETURN(const int64_t whole_from_ms, WholeFromMs(parts));
  if (whole_from_ms == kNothingGone) return true;
  ASSIGN_OR_RETURN(const model::DayNumber whole_from, FirstWholeDay(parts));
  if (whole_from <= oldest_day) return true;
  return from != kNoCut &&
         parts.schedule->CutTimeMs(from) - eventlog::kDedupWarmUpMs >= whole_from_ms;
}

absl::StatusOr<bool> IsOvertaken(const FolderParts& parts, const Manifest& manifest) {
  if (manifest.day) {
    if (!manifest.day->published) return false;
    ASSIGN_OR_RETURN(const model::DayNumber whole_from, FirstWholeDay(parts));
    return whole_from != kNothingTrimmed && whole_from > manifest.day->published->before;
  }
  // Of a first cut that was announced, its own offsets: else the log gives others now.
  const std::vector<eventlog::Offset>& needed =
      manifest.published == kNoCut ? manifest.offsets : manifest.published_offsets;
  for (size_t p = 0; p < needed.size(); ++p) {
    ASSIGN_OR_RETURN(const eventlog::Offset low,
                     parts.source->Low(static_cast<eventlog::Partition>(p)));
    if (needed[p] < low) return true;
  }
  return false;
}

absl::Status CheckManifest(const FolderParts& parts, const Manifest& manifest) {
  if (manifest.day) return CheckImportedDays(parts, *manifest.day);
  if (manifest.state == Manifest::State::kNone) return absl::OkStatus();
  RETURN_IF_ERROR(CheckLog(parts, manifest));
  return CheckCuts(parts, manifest);
}

bool IsHealing(const Manifest& manifest) {
  return manifest.state == Manifest::State::kAnnounced && manifest.cut == manifest.published;
}

CutId CutBefore(const feature::FeatureSet& features, const eventlog::CutSchedule& schedule,
                model::DayNumber day) {
  // An event may be dated a little later than it is recorded.
  const int64_t first_ms =
      features.calendar().StartOfDayMs(day) - features.options().future_skew_ms;
  CutId cut = day - 1;
  while (schedule.CutTimeMs(cut) > first_ms) --cut;
  return cut;
}

CutId CountFrom(const feature::FeatureSet& features, const eventlog::CutSchedule& schedule,
                const Manifest& manifest) {
  if (!manifest.day) return manifest.published;
  if (!manifest.day->published) return kNoCut;
  return CutBefore(features, schedule, manifest.day->published->before);
}

std::optional<CutId> NewestCut(const FolderParts& parts, const FolderOptions& options) {
  const int64_t now_ms = parts.clock->NowMs() - options.grace_ms;
  if (now_ms <= 0) return std::nullopt;
  return parts.schedule->EpochOf(now_ms);
}

absl::StatusOr<std::vector<eventlog::Offset>> CutOffsets(const FolderParts& parts, CutId cut) {
  const int64_t cut_ms = parts.schedule->CutTimeMs(cut);
  if (parts.seal) RETURN_IF_ERROR(parts.seal(cut_ms));
  std::vector<eventlog::Offset> offsets;
  for (eventlog::Partition p = 0; p < parts.source->partitions(); ++p) {
    // The end first: what comes between the two looks lies at or after the cut.
    ASSIGN_OR_RETURN(const eventlog::Offset end, parts.source->End(p));
    ASSIGN_OR_RETURN(const auto first, parts.source->FirstAtOrAfter(p, cut_ms));
    offsets.push_back(first.value_or(end));
  }
  return offsets;
}

absl::StatusOr<std::optional<FoldPlan>> MakePlan(const FolderParts& parts,
                                                 const FolderOptions& options) {
  const std::optional<CutId> newest = NewestCut(parts, options);
  if (!newest) return std::nullopt;
  FoldPlan plan;
  ASSIGN_OR_RETURN(plan.measures, PlanMeasures(parts, *newest));
  if (plan.measures.empty()) return std::nullopt;
  CutId from = plan.measures.front().from;
  ASSIGN_OR_RETURN(const model::DayNumber whole_from, FirstWholeDay(parts));
  for (MeasurePlan& measure : plan.measures) {
    if (measure.from == kNoCut || measure.overtaken) measure.whole_from = whole_from;
    from = std::min(from, measure.from);  // kNoCut is the least
    plan.newest = std::max(plan.newest, measure.to);
  }
  ASSIGN_OR_RETURN(const auto ends, CutOffsets(parts, plan.newest));
  for (size_t p = 0; p < ends.size(); ++p) {
    ASSIGN_OR_RETURN(const PartitionPlan partition,
                     PlanPartition(parts, static_cast<eventlog::Partition>(p), from, ends[p]));
    plan.partitions.push_back(partition);
  }
  return plan;
}

}  // namespace verdict::aggregate
