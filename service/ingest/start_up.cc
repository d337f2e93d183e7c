#include "ingest/start_up.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "counters/epoch_drops.h"
#include "eventlog/dedup_window.h"
#include "model/business_day.h"

namespace verdict::ingest {
namespace {

using counters::CheckpointHeader;
using counters::PartitionPosition;
using eventlog::LogIdentity;
using eventlog::Offset;
using eventlog::Partition;

// The one way from nothing to a positioned source.
class Starter {
 public:
  explicit Starter(const StartUpParts& parts) : parts_(parts) {}

  absl::StatusOr<StartUpReport> Run() {
    const absl::Status restored = FromCheckpoint();
    if (restored.ok()) return std::move(report_);
    report_.why = std::string(restored.message());
    // What outside trouble keeps from us is not to be thrown away.
    if (absl::IsUnavailable(restored) || absl::IsDeadlineExceeded(restored)) return restored;
    RETURN_IF_ERROR(Clear());
    RETURN_IF_ERROR(Cold());
    return std::move(report_);
  }

 private:
  // OK: everything is in place. Else why it cannot be done; the state may have been replaced.
  absl::Status FromCheckpoint() {
    if (parts_.checkpoint == nullptr || parts_.store == nullptr) {
      return absl::NotFoundError("no checkpoint is kept");
    }
    ASSIGN_OR_RETURN(const std::optional<CheckpointHeader> header,
                     counters::Checkpoint::ReadHeader(parts_.store));
    if (!header) return absl::NotFoundError("there is no checkpoint yet");
    for (size_t p = 0; p < header->positions.size(); ++p) {
      if (static_cast<int>(p) >= parts_.source->partitions()) break;  // Restore says so
      RETURN_IF_ERROR(CheckPosition(static_cast<Partition>(p), header->positions[p]));
    }
    RETURN_IF_ERROR(CheckBase(header->base_cut));
    for (const counters::MeasureCut& dropped : header->dropped_to) {
      RETURN_IF_ERROR(CheckDropped(dropped));
    }
    ASSIGN_OR_RETURN(report_.restored, parts_.checkpoint->Restore(*header, parts_.store));
    const std::vector<uint64_t>& missing = report_.restored.missing_measures;
    if (missing.size() == parts_.live->features().measures().size()) {
      return absl::FailedPreconditionError("every measure is new: all is counted from the log");
    }
    if (!missing.empty()) RETURN_IF_ERROR(PlanSide(missing));
    const std::vector<Offset> next = parts_.live->NextOffsets();
    for (size_t p = 0; p < next.size(); ++p) {
      RETURN_IF_ERROR(parts_.source->Assign(static_cast<Partition>(p), next[p],
                                            header->positions[p].newest_record_ms));
    }
    report_.from = StartUpReport::From::kCheckpoint;
    return absl::OkStatus();
  }

  // What the checkpoint leaves to the blobs, do they have it still?
  absl::Status CheckBase(feature::CutId base) {
    report_.base = base;
    if (parts_.aggregates_away) return absl::OkStatus();
    if (base == feature::kNoCut || (parts_.published && parts_.published->cut >= base)) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(absl::StrFormat(
        "the checkpoint counts from the cut of %s on, and the aggregates %s: they "
        "were replaced",
        model::FormatDay(base),
        parts_.published ? "reach the cut of " + model::FormatDay(parts_.published->cut)
                         : "hold nothing"));
  }

  // What was dropped from memory only the blobs have.
  absl::Status CheckDropped(const counters::MeasureCut& dropped) {
    if (parts_.aggregates_away) return absl::OkStatus();
    bool declared = false;
    for (const feature::Measure& measure : parts_.live->features().measures()) {
      declared = declared || measure.hash == dropped.measure_hash;
    }
    for (const counters::MeasureCut& published : parts_.published_of) {
      if (published.measure_hash != dropped.measure_hash) continue;
      if (published.cut >= dropped.cut) return absl::OkStatus();
    }
    if (!declared) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrFormat(
        "the checkpoint has let go of what lies before the cut of %s, and the aggregates of "
        "measure %016x do not reach it: they were replaced",
        model::FormatDay(dropped.cut), dropped.measure_hash));
  }

  // Is the log the one this position was taken of, and does it still hold what follows?
  absl::Status CheckPosition(Partition partition, const PartitionPosition& position) {
    ASSIGN_OR_RETURN(const Offset low, parts_.source->Low(partition));
    ASSIGN_OR_RETURN(const Offset end, parts_.source->End(partition));
    if (position.next < low) {
      return absl::FailedPreconditionError(
          absl::StrFormat("the checkpoint ends at offset %d of partition %d, and retention has "
                          "removed the log below "
                          "%d",
                          position.next, partition, low));
    }
    if (position.next > end) {
      return absl::FailedPreconditionError(
          absl::StrFormat("the checkpoint counts the log up to offset %d of partition %d, but the "
                          "log ends at %d: its "
                          "tail was lost",
                          position.next, partition, end));
    }
    const LogIdentity& saved = position.identity;
    absl::StatusOr<LogIdentity> now = parts_.source->Identity(partition, saved.last);
    if (absl::IsNotFound(now.status()) && saved.last < low) {
      now = parts_.source->Identity(partition, -1);  // removed by retention: the log's name must do
      if (now.ok() && now->log_id == saved.log_id) return absl::OkStatus();
    }
    if (now.ok() && *now == saved) return absl::OkStatus();
    if (!now.ok() && !absl::IsNotFound(now.status())) return now.status();
    return absl::FailedPreconditionError(
        absl::StrFormat("record %d of partition %d is not the one that the checkpoint counted "
                        "last: this is another "
                        "log, or a damaged one",
                        saved.last, partition));
  }

  // What the checkpoint has not is counted from the newest cut that all the others were folded to;
  // what lies before it comes with the fold (R15).
  absl::Status PlanSide(const std::vector<uint64_t>& missing) {
    report_.side.measures = missing;
    report_.why =
        absl::StrFormat("%d measures are new: they are counted beside the others", missing.size());
    uint16_t reasons = 0;
    for (Partition p = 0; p < parts_.source->partitions(); ++p) {
      ASSIGN_OR_RETURN(const Beginning begin, BeginningOf(p));
      if (begin.gap) reasons |= GapReason();
      report_.side.read_from.push_back(begin.read_from);
      report_.side.count_from.push_back(begin.count_from);
    }
    for (const uint64_t hash : missing) {
      SetBeginning(hash, reasons != 0);
      if (reasons != 0) parts_.live->AddReasons(hash, reasons, newest_gap_day_);
    }
    MarkUnpublished(missing);
    return absl::OkStatus();
  }

  // Counted from the published cut on: what lies before it can be compared with no fold.
  void SetBeginning(uint64_t measure_hash, bool gap) {
    counters::Beginning began;
    if (parts_.published) began.cut = began.blobs_to = parts_.published->cut;
    if (gap) began.day = first_whole_day_;
    // Nothing was published, or nobody could say what: a fold that has read past the gap has what
    // is missing.
    if (gap && !parts_.published) began.cut = parts_.live->schedule().EpochOf(gap_end_ms_) + 1;
    counters::EpochDrops(parts_.live).SetBeginning(measure_hash, began);
  }

  // Of measures that begin at the published cut of others: what lies before is in no blob yet.
  void MarkUnpublished(const std::vector<uint64_t>& measures) {
    if (!parts_.published) return;
    const feature::FeatureSet& features = parts_.live->features();
    const model::DayNumber newest_day =
        features.calendar().DayOf(parts_.published->time_ms + features.options().future_skew_ms);
    for (const uint64_t hash : measures) {
      const bool folded = std::find(parts_.unpublished.begin(), parts_.unpublished.end(), hash) ==
                          parts_.unpublished.end();
      if (!folded) parts_.live->AddReasons(hash, model::kPartialBefore, newest_day);
    }
  }

  absl::Status Clear() {
    if (parts_.checkpoint != nullptr) parts_.checkpoint->Reset();
    report_.restored = {};
    return parts_.store == nullptr ? absl::OkStatus() : parts_.store->Clear();
  }

  absl::Status Cold() {
    report_.from =
        parts_.published ? StartUpReport::From::kPublishedCut : StartUpReport::From::kWholeLog;
    report_.base = parts_.published ? parts_.published->cut : feature::kNoCut;
    if (parts_.checkpoint != nullptr) {
      parts_.checkpoint->SetBase(parts_.published ? parts_.published->cut : feature::kNoCut);
    }
    report_.warm_until.assign(static_cast<size_t>(parts_.source->partitions()), 0);
    for (Partition p = 0; p < parts_.source->partitions(); ++p) RETURN_IF_ERROR(ColdPartition(p));
    std::vector<uint64_t> all;
    for (const feature::Measure& measure : parts_.live->features().measures()) {
      all.push_back(measure.hash);
      SetBeginning(measure.hash, report_.reasons != 0);
      if (report_.reasons == 0) continue;
      parts_.live->SetReasons(measure.hash, report_.reasons, newest_gap_day_);
    }
    MarkUnpublished(all);
    return absl::OkStatus();
  }

  // Where one partition is read from nothing.
  struct Beginning {
    Offset read_from = 0;  // ids alone up to count_from
    Offset count_from = 0;
    int64_t ids_known_from_ms = INT64_MIN;
    bool warm_up = false;
    bool gap = false;  // retention has removed what should be counted
  };

  absl::StatusOr<Beginning> BeginningOf(Partition partition) {
    ASSIGN_OR_RETURN(const Offset low, parts_.source->Low(partition));
    const bool in_cut =
        parts_.published && static_cast<size_t>(partition) < parts_.published->offsets.size();
    Beginning begin;
    begin.count_from = in_cut ? parts_.published->offsets[static_cast<size_t>(partition)] : 0;
    if (begin.count_from < low) {
      begin.gap = true;
      RETURN_IF_ERROR(NoteGap(partition, low));
      begin.count_from = low;
    }
    begin.read_from = begin.count_from;
    if (!in_cut) {
      // From its first record on, every id is known; behind a gap from its end on.
      if (low > 0) begin.ids_known_from_ms = gap_end_ms_;
      return begin;
    }
    begin.warm_up = true;
    const int64_t warm_from_ms = parts_.published->time_ms - eventlog::kDedupWarmUpMs;
    ASSIGN_OR_RETURN(const std::optional<Offset> warm,
                     parts_.source->FirstAtOrAfter(partition, warm_from_ms));
    begin.read_from = std::min(warm.value_or(begin.count_from), begin.count_from);
    // Ids at the retention edge: what lay before may have been part of the warm-up.
    const bool whole = low == 0 || begin.read_from > low;
    begin.ids_known_from_ms = whole ? warm_from_ms : parts_.published->time_ms;
    return begin;
  }

  uint16_t GapReason() const {
    return parts_.published ? model::kPartialLogGone : model::kPartialBefore;
  }

  absl::Status ColdPartition(Partition partition) {
    ASSIGN_OR_RETURN(const Beginning begin, BeginningOf(partition));
    if (begin.gap) report_.reasons |= GapReason();
    parts_.live->StartAt(partition, begin.count_from, begin.ids_known_from_ms);
    if (begin.warm_up) report_.warm_until[static_cast<size_t>(partition)] = begin.count_from;
    return parts_.source->Assign(partition, begin.read_from);
  }

  // The log lacks what lies below `low`: days up to that of the record there, and skew, are not
  // whole.
  absl::Status NoteGap(Partition partition, Offset low) {
    gap_end_ms_ = parts_.clock->NowMs();
    const absl::StatusOr<LogIdentity> first = parts_.source->Identity(partition, low);
    if (first.ok()) gap_end_ms_ = first->record_time_ms;
    if (!first.ok() && !absl::IsNotFound(first.status())) return first.status();
    const feature::FeatureSet& features = parts_.live->features();
    newest_gap_day_ = std::max(newest_gap_day_, features.calendar().DayOf(gap_end_ms_) + 1);
    // As a fold has it (FirstWholeDay).
    const int64_t ahead_ms = std::max(features.options().future_skew_ms, eventlog::kDedupWarmUpMs);
    const model::DayNumber newest_gone = features.calendar().DayOf(gap_end_ms_ + ahead_ms);
    first_whole_day_ = std::max(first_whole_day_, newest_gone + 1);
    absl::StrAppend(&report_.why, report_.why.empty() ? "" : "; ",
                    absl::StrFormat("partition %d begins at offset %d: what lay before is missing",
                                    partition, low));
    return absl::OkStatus();
  }

  const StartUpParts& parts_;
  StartUpReport report_;
  int64_t gap_end_ms_ = INT64_MIN;
  model::DayNumber newest_gap_day_ = 0;
  model::DayNumber first_whole_day_ = 0;
};

}  // namespace

absl::StatusOr<StartUpReport> StartUp(const StartUpParts& parts) {
  CHECK(parts.source != nullptr && parts.live != nullptr && parts.clock != nullptr);
  CHECK(parts.source->partitions() == parts.live->partitions());
  return Starter(parts).Run();
}

}  // namespace verdict::ingest
