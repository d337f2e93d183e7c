// Live state saved and put back: everything up to one log position, or nothing of it (R29 to R33).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "counters/checkpoint_store.h"
#include "counters/decision_table.h"
#include "counters/dropped_epochs.h"
#include "counters/live_state.h"
#include "eventlog/dedup_window.h"
#include "eventlog/event_source.h"

namespace verdict::counters {

// Of one partition: where counting goes on, and the record by which the log can be told from
// another.
struct PartitionPosition {
  eventlog::Offset next = 0;
  int64_t newest_record_ms = INT64_MIN;
  int64_t ids_known_from_ms = INT64_MIN;
  uint64_t dedup_ids = 0;          // how many of the newest saved ids are held
  eventlog::LogIdentity identity;  // of the last applied record; last = -1 where none was
  friend bool operator==(const PartitionPosition&, const PartitionPosition&) = default;
};

struct SavedMeasure {
  uint64_t hash = 0;
  uint16_t reasons = 0;  // LiveState::SetReasons
  model::DayNumber reasons_newest_day = 0;
};

// What changed since the round before, copied; Encode() makes writes of it on another thread.
struct CheckpointBatch {
  struct SavedCell {
    uint64_t measure_hash;
    feature::CutId epoch;
    model::EntityKey key;
    model::DayNumber day;
    feature::Tile tile;
  };
  struct SavedIds {
    eventlog::Partition partition;
    std::vector<eventlog::DedupEntry> ids;
    int64_t oldest_bucket;  // what is older can go
  };
  struct Limited {
    uint64_t measure_hash;
    feature::CutId epoch;
    uint16_t stripe;
  };
  struct SavedBounds {
    eventlog::Partition partition = 0;
    EpochBounds bounds;
  };
  uint64_t round = 0;
  std::vector<PartitionPosition> positions;
  std::vector<SavedMeasure> measures;
  std::string zone_name;
  model::DayNumber zone_first = 0, zone_last = 0;
  uint64_t zone_digest = 0;
  feature::CutId schedule_cut = 0;  // a cut and its time: were the cuts taken otherwise then?
  int64_t schedule_time_ms = 0;
  feature::CutId base_cut = feature::kNoCut;
  std::vector<std::vector<SavedCell>> cells;  // by stripe, ascending
  std::vector<ControlTotal> totals;           // of the (measure, epoch)s that changed, whole
  std::vector<Limited> limited;
  std::vector<SavedIds> ids;
  std::vector<KeptDecisions> decisions;   // by stripe
  int64_t decisions_from_ms = INT64_MIN;  // what was kept before can go
  DropChanges drops;
  std::vector<SavedBounds> bounds;  // of the partitions where they changed
  std::vector<uint64_t> dropped_measures;

  size_t cell_count() const {
    size_t count = 0;
    for (const std::vector<SavedCell>& of_stripe : cells) count += of_stripe.size();
    return count;
  }
};

// What a checkpoint says of itself, read before its cells.
struct CheckpointHeader {
  uint64_t round = 0;
  std::vector<PartitionPosition> positions;
  std::vector<SavedMeasure> measures;
  std::string zone_name;
  model::DayNumber zone_first = 0, zone_last = 0;
  uint64_t zone_digest = 0;
  feature::CutId schedule_cut = 0;
  int64_t schedule_time_ms = 0;
  feature::CutId base_cut = feature::kNoCut;  // Checkpoint::SetBase
  std::vector<MeasureCut> dropped_to;         // epochs before these are in the blobs alone
};

struct RestoreReport {
  std::vector<uint64_t> missing_measures;     // declared, but not in the checkpoint: to be rebuilt
  std::vector<uint64_t> undeclared_measures;  // in the checkpoint, declared no more: dropped
  uint64_t cells = 0, ids = 0, decisions = 0;
};

// **Thread-compatible.** Of the apply thread, but for Encode(). Makes `live` remember what changes:
// one a state, made before anything is applied.
class Checkpoint {
 public:
  explicit Checkpoint(LiveState* live);  // must outlive it

  // Copies what changed since the last call; call between two events. `identities`: of the last
  // applied record of each partition, read now. A batch that was collected must be written before
  // the next one, however long it takes.
  CheckpointBatch Collect(const std::vector<eventlog::LogIdentity>& identities);
  static void Encode(const CheckpointBatch& batch, CheckpointStore::Put put);

  // Nothing where the store is empty. Errors: DataLoss.
  static absl::StatusOr<std::optional<CheckpointHeader>> ReadHeader(CheckpointStore* store);
  // Replaces the state by the store's. On an error the state stays as it was. REQUIRES: no other
  // thread uses it yet. Errors: DataLoss where something cannot be read, or the control totals are
  // not those of the cells (R33); FailedPrecondition where days or cuts were cut otherwise than
  // now.
  absl::StatusOr<RestoreReport> Restore(const CheckpointHeader& header, CheckpointStore* store);
  // Empties the state.
  void Reset();
  // The state begins behind this published cut: what lies before it only blobs have. kNoCut: it
  // holds the whole log. A restored state keeps that of its checkpoint.
  void SetBase(feature::CutId cut) { base_cut_ = cut; }

 private:
  void Track();
  void CollectStripes(CheckpointBatch* batch);
  void CollectTotals(CheckpointBatch* batch);
  void CollectPartitions(const std::vector<eventlog::LogIdentity>& identities,
                         CheckpointBatch* batch);
  class Restorer;

  LiveState* live_;
  uint64_t round_ = 0;
  feature::CutId base_cut_ = feature::kNoCut;
};

}  // namespace verdict::counters
