// A checkpoint read back, and not believed before its totals agree with its cells (R33).
#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "counters/byte_codec.h"
#include "counters/checkpoint.h"
#include "counters/checkpoint_bytes.h"
#include "counters/decision_bytes.h"
#include "counters/drop_bytes.h"
#include "counters/tables.h"

namespace verdict::counters {
namespace {

constexpr feature::CutId kNewestCut = std::numeric_limits<feature::CutId>::max();
using TotalPlace = std::tuple<uint64_t, feature::CutId, model::DayNumber>;

TotalPlace PlaceOf(const ControlTotal& total) {
  return {total.measure_hash, total.epoch, total.day};
}

absl::Status TotalsDiffer(const TotalPlace& place) {
  return absl::DataLossError(absl::StrFormat(
      "checkpoint: the cells of measure %016x, epoch %d, day %s do not add up to its control "
      "total; "
      "it is not used",
      std::get<0>(place), std::get<1>(place), model::FormatDay(std::get<2>(place))));
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

}  // namespace

// Reads into tables of its own; Restore() swaps them in when everything was right.
class Checkpoint::Restorer {
 public:
  Restorer(const LiveState& live, const CheckpointHeader& header, CheckpointStore* store)
      : live_(live),
        header_(header),
        store_(store),
        tables_(std::make_unique<LiveState::Tables>(live.parts_, live.options_)) {}

  absl::Status Run() {
    RETURN_IF_ERROR(CheckDays());
    CompareMeasures();
    RETURN_IF_ERROR(store_->Read(CheckpointFamily::kCells,
                                 [&](auto key, auto value) { return AddCell(key, value); }));
    RETURN_IF_ERROR(store_->Read(CheckpointFamily::kMeta,
                                 [&](auto key, auto value) { return AddMeta(key, value); }));
    RETURN_IF_ERROR(CheckTotals());
    RETURN_IF_ERROR(drops_.Finish());
    RETURN_IF_ERROR(store_->Read(CheckpointFamily::kDedup,
                                 [&](auto key, auto value) { return AddIds(key, value); }));
    RETURN_IF_ERROR(PlacePartitions());
    PlaceDrops();
    RETURN_IF_ERROR(
        store_->Read(CheckpointFamily::kDecisions, [&](std::string_view, std::string_view value) {
          return ForEachKept(value, [&](const KeptDecision& kept) { return AddDecision(kept); });
        }));
    return absl::OkStatus();
  }

  std::unique_ptr<LiveState::Tables> TakeTables() { return std::move(tables_); }
  RestoreReport TakeReport() { return std::move(report_); }

 private:
  // A day or a cut that was taken otherwise makes every cell doubtful.
  absl::Status CheckDays() {
    const model::BusinessCalendar& calendar = live_.parts_.features->calendar();
    if (header_.zone_name != calendar.zone_name() ||
        header_.zone_digest != calendar.TransitionsDigest(header_.zone_first, header_.zone_last)) {
      return absl::FailedPreconditionError(
          absl::StrFormat("checkpoint: its days were those of zone %s, and that zone's clock "
                          "changes are not today's "
                          "of %s; the state must be rebuilt",
                          header_.zone_name, calendar.zone_name()));
    }
    if (live_.parts_.schedule->CutTimeMs(header_.schedule_cut) != header_.schedule_time_ms) {
      return absl::FailedPreconditionError(
          "checkpoint: its cuts were taken at another time of day; the state must be rebuilt");
    }
    if (header_.positions.size() > tables_->partitions.size()) {
      return absl::FailedPreconditionError(
          absl::StrFormat("checkpoint: it follows %d partitions, the log has %d",
                          header_.positions.size(), tables_->partitions.size()));
    }
    return absl::OkStatus();
  }

  void CompareMeasures() {
    std::vector<bool> found(tables_->measure_hashes.size(), false);
    for (const SavedMeasure& saved : header_.measures) {
      const int measure = tables_->MeasureNumber(saved.hash);
      if (measure < 0) {
        report_.undeclared_measures.push_back(saved.hash);
        continue;
      }
      found[static_cast<size_t>(measure)] = true;
      tables_->reasons[static_cast<size_t>(measure)] = {saved.reasons, saved.reasons_newest_day};
    }
    for (size_t i = 0; i < found.size(); ++i) {
      if (!found[i]) report_.missing_measures.push_back(tables_->measure_hashes[i]);
    }
    tables_->undeclared_measures = report_.undeclared_measures;
  }

  absl::Status AddCell(std::string_view key, std::string_view value) {
    ASSIGN_OR_RETURN(const CheckpointBatch::SavedCell cell, DecodeCell(key, value));
    const int measure = tables_->MeasureNumber(cell.measure_hash);
    if (measure < 0) return absl::OkStatus();
    CellTable& table = *tables_->stripes[cell.key.stripe()]
                            .Cells(static_cast<uint16_t>(measure), cell.epoch)
                            .table;
    const size_t bytes_before = table.bytes();
    const uint32_t number = table.Insert(cell.key, cell.day);
    table.Merge(number, cell.tile);
    table.ClearDirty(number);
    tables_->live_cell_bytes += table.bytes() - bytes_before;
    base::MutexLock lock(tables_->totals_mutex);
    DayTotal& total = tables_->Totals(static_cast<uint16_t>(measure), cell.epoch).Of(cell.day);
    total.sum += cell.tile.sum;
    total.count += cell.tile.count;
    ++total.cells;
    ++report_.cells;
    return absl::OkStatus();
  }

  absl::Status AddMeta(std::string_view key, std::string_view value) {
    if (StartsWith(key, kTotalPrefix)) {
      return DecodeTotals(key.substr(kTotalPrefix.size()), value, &saved_totals_);
    }
    ASSIGN_OR_RETURN(const bool of_drops, drops_.Add(key, value));
    if (of_drops || !StartsWith(key, kLimitedPrefix)) return absl::OkStatus();
    ASSIGN_OR_RETURN(const CheckpointBatch::Limited limited,
                     DecodeLimited(key.substr(kLimitedPrefix.size())));
    const int measure = tables_->MeasureNumber(limited.measure_hash);
    if (measure < 0) return absl::OkStatus();
    EpochCells& cells =
        tables_->stripes[limited.stripe].Cells(static_cast<uint16_t>(measure), limited.epoch);
    cells.limited = cells.limited_saved = true;
    return absl::OkStatus();
  }

  absl::Status CheckTotals() {
    std::map<TotalPlace, ControlTotal> saved;
    for (const ControlTotal& total : saved_totals_) {
      if (tables_->MeasureNumber(total.measure_hash) >= 0) saved[PlaceOf(total)] = total;
    }
    base::MutexLock lock(tables_->totals_mutex);
    for (size_t measure = 0; measure < tables_->totals.size(); ++measure) {
      for (const EpochTotals& epoch : tables_->totals[measure]) {
        for (const DayTotal& day : epoch.days) {
          const ControlTotal counted{.measure_hash = tables_->measure_hashes[measure],
                                     .epoch = epoch.epoch,
                                     .day = day.day,
                                     .sum = day.sum,
                                     .count = day.count,
                                     .cells = day.cells};
          const auto place = saved.find(PlaceOf(counted));
          if (place == saved.end() || place->second != counted)
            return TotalsDiffer(PlaceOf(counted));
          saved.erase(place);
        }
      }
    }
    return saved.empty() ? absl::OkStatus() : TotalsDiffer(saved.begin()->first);
  }

  absl::Status AddIds(std::string_view key, std::string_view value) {
    ASSIGN_OR_RETURN(IdBlock block, DecodeIds(key, value));
    if (block.partition < 0 || static_cast<size_t>(block.partition) >= tables_->partitions.size()) {
      return absl::DataLossError("checkpoint: event ids of a partition that it does not follow");
    }
    std::vector<eventlog::DedupEntry>& ids = ids_[block.partition];
    ids.insert(ids.end(), block.ids.begin(), block.ids.end());
    return absl::OkStatus();
  }

  // Partitions that were added since begin at their first record.
  absl::Status PlacePartitions() {
    feature::CutId least =
        header_.positions.size() < tables_->partitions.size() ? feature::kNoCut : kNewestCut;
    for (size_t p = 0; p < header_.positions.size(); ++p) {
      const PartitionPosition& position = header_.positions[p];
      PartitionState& partition = *tables_->partitions[p];
      partition.next = position.next;
      partition.saved_next = position.next;
      partition.newest_record_ms = position.newest_record_ms;
      if (position.newest_record_ms != INT64_MIN) {
        partition.epoch = live_.parts_.schedule->EpochOf(position.newest_record_ms);
      }
      least = std::min(least, partition.epoch.load());
      RETURN_IF_ERROR(PlaceIds(position, static_cast<eventlog::Partition>(p), &partition));
    }
    tables_->applied_epoch = least;
    return absl::OkStatus();
  }

  absl::Status PlaceIds(const PartitionPosition& position, eventlog::Partition number,
                        PartitionState* partition) {
    std::vector<eventlog::DedupEntry>& ids = ids_[number];
    if (ids.size() < position.dedup_ids) {
      return absl::DataLossError(
          absl::StrFormat("checkpoint: %d event ids of partition %d, %d were saved", ids.size(),
                          number, position.dedup_ids));
    }
    ids.erase(ids.begin(), ids.end() - static_cast<ptrdiff_t>(position.dedup_ids));
    base::MutexLock lock(partition->mutex);
    const auto bounds = drops_.bounds.find(number);
    if (bounds != drops_.bounds.end()) {
      partition->bounds = bounds->second;
    } else {
      partition->bounds.unknown_to = partition->epoch.load();
    }
    partition->window.Restore(ids);
    if (position.ids_known_from_ms != INT64_MIN) {
      partition->window.KnowsOnlyFrom(position.ids_known_from_ms);
    }
    partition->NoteHorizon();
    partition->saved_ids = partition->window.end_sequence();
    report_.ids += ids.size();
    ids = {};
    return absl::OkStatus();
  }

  // Before anybody else knows the tables: no stripe needs its lock.
  void PlaceDrops() NO_LOCK_ANALYSIS {
    const auto measure_of = [&](const Stretch& stretch) {
      return tables_->MeasureNumber(stretch.measure_hash);
    };
    DropBook& book = tables_->drops;
    for (const DroppedEpochsPtr& guard : drops_.guards) {
      const int measure = measure_of(guard->stretch);
      if (measure < 0) continue;
      book.guards.push_back(guard);
      for (size_t i = 0; i < kStripes; ++i) {
        tables_->stripes[i].doubts[static_cast<size_t>(measure)].Guard(guard);
      }
    }
    for (const SuspectStretch& one : drops_.suspects) {
      const int measure = measure_of(one.stretch);
      if (measure < 0) continue;
      book.suspects.push_back(one);
      for (size_t i = 0; i < kStripes; ++i) {
        if (!one.stripes[i]) continue;
        tables_->stripes[i].doubts[static_cast<size_t>(measure)].suspects.push_back(one.stretch.to);
      }
    }
    book.dropped_to = drops_.dropped_to;
    book.began = drops_.began;
    // A build that kept no beginnings: epochs that were open then can be compared with nothing.
    for (const SavedMeasure& saved : header_.measures) {
      const Beginning later{.cut = header_.schedule_cut + 1};
      if (book.began.try_emplace(saved.hash, later).second) book.changes.began[saved.hash] = later;
    }
  }

  absl::Status AddDecision(const KeptDecision& kept) {
    model::Decision decision;
    RETURN_IF_ERROR(UnpackDecision(kept.packed, &decision));
    tables_->stripes[kept.payment.stripe()].decisions.Restore(kept.payment, decision,
                                                              kept.kept_from_ms);
    ++report_.decisions;
    return absl::OkStatus();
  }

  const LiveState& live_;
  const CheckpointHeader& header_;
  CheckpointStore* store_;
  std::unique_ptr<LiveState::Tables> tables_;
  RestoreReport report_;
  std::vector<ControlTotal> saved_totals_;
  DropDecoder drops_;
  std::map<eventlog::Partition, std::vector<eventlog::DedupEntry>> ids_;
};

absl::StatusOr<std::optional<CheckpointHeader>> Checkpoint::ReadHeader(CheckpointStore* store) {
  std::optional<CheckpointHeader> header;
  std::vector<MeasureCut> dropped_to;
  bool anything = false;
  RETURN_IF_ERROR(store->Read(CheckpointFamily::kMeta, [&](auto key, auto value) -> absl::Status {
    anything = true;
    ASSIGN_OR_RETURN(const auto one, DecodeDroppedTo(key, value));
    if (one) dropped_to.push_back(*one);
    if (key != kHeaderKey) return absl::OkStatus();
    ASSIGN_OR_RETURN(header, DecodeHeader(value));
    return absl::OkStatus();
  }));
  if (anything && !header) return absl::DataLossError("checkpoint: its header is gone");
  if (header) header->dropped_to = std::move(dropped_to);
  return header;
}

absl::StatusOr<RestoreReport> Checkpoint::Restore(const CheckpointHeader& header,
                                                  CheckpointStore* store) {
  Restorer restorer(*live_, header, store);
  RETURN_IF_ERROR(restorer.Run());
  live_->tables_ = restorer.TakeTables();
  live_->tables_->complete_ms = live_->LagNowMs();
  round_ = header.round;
  base_cut_ = header.base_cut;
  Track();
  return restorer.TakeReport();
}

}  // namespace verdict::counters
