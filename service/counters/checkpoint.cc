// What changed since the last round, copied between two events (R31).
#include "counters/checkpoint.h"

#include <algorithm>

#include "base/check.h"
#include "counters/tables.h"

namespace verdict::counters {

Checkpoint::Checkpoint(LiveState* live) : live_(live) {
  for (const eventlog::Offset next : live_->NextOffsets()) CHECK(next == 0);
  Track();
}

void Checkpoint::Track() {
  LiveState::Tables& tables = *live_->tables_;
  tables.tracking = true;
  const size_t bytes_max = live_->options_.decisions_bytes_max / kStripes;
  for (size_t i = 0; i < kStripes; ++i) tables.stripes[i].decisions.Track(bytes_max);
}

void Checkpoint::Reset() {
  live_->tables_ = std::make_unique<LiveState::Tables>(live_->parts_, live_->options_);
  live_->tables_->complete_ms = live_->LagNowMs();
  round_ = 0;
  Track();
}

CheckpointBatch Checkpoint::Collect(const std::vector<eventlog::LogIdentity>& identities) {
  LiveState::Tables& tables = *live_->tables_;
  CHECK(identities.size() == tables.partitions.size());
  CheckpointBatch batch;
  batch.round = ++round_;
  batch.base_cut = base_cut_;
  for (size_t i = 0; i < tables.measure_hashes.size(); ++i) {
    if (tables.apart[i]) continue;
    const MeasureReasons set = tables.reasons[i].load(std::memory_order_relaxed);
    batch.measures.push_back({.hash = tables.measure_hashes[i],
                              .reasons = static_cast<uint16_t>(set.bits),
                              .reasons_newest_day = set.newest_day});
  }
  batch.decisions_from_ms = live_->parts_.clock->NowMs() - live_->options_.decisions_kept_ms;
  batch.dropped_epochs.swap(tables.dropped_epochs);
  batch.dropped_measures.swap(tables.undeclared_measures);
  CollectPartitions(identities, &batch);
  CollectTotals(&batch);
  CollectStripes(&batch);
  return batch;
}

void Checkpoint::CollectPartitions(const std::vector<eventlog::LogIdentity>& identities,
                                   CheckpointBatch* batch) {
  int64_t newest_record_ms = INT64_MIN;
  for (size_t p = 0; p < identities.size(); ++p) {
    PartitionState& partition = *live_->tables_->partitions[p];
    PartitionPosition position;
    position.next = partition.next.load(std::memory_order_relaxed);
    position.newest_record_ms = partition.newest_record_ms.load(std::memory_order_relaxed);
    position.identity = identities[p];
    newest_record_ms = std::max(newest_record_ms, position.newest_record_ms);
    base::MutexLock lock(partition.mutex);
    position.ids_known_from_ms = partition.window.horizon_ms();
    position.dedup_ids = partition.window.size();
    CheckpointBatch::SavedIds ids;
    ids.partition = static_cast<eventlog::Partition>(p);
    ids.ids = partition.window.Entries(partition.saved_ids);
    partition.saved_ids = partition.window.end_sequence();
    if (!ids.ids.empty()) {
      ids.oldest_bucket = ids.ids.back().bucket - eventlog::kDedupBucketsBack;
      batch->ids.push_back(std::move(ids));
    }
    batch->positions.push_back(std::move(position));
  }
  const feature::FeatureSet& features = *live_->parts_.features;
  const model::DayNumber newest_day =
      newest_record_ms == INT64_MIN ? 0 : features.calendar().DayOf(newest_record_ms);
  batch->zone_name = features.options().zone_name;
  batch->zone_first = newest_day - features.kept_days();
  batch->zone_last = newest_day + 1;
  batch->zone_digest = features.calendar().TransitionsDigest(batch->zone_first, batch->zone_last);
  batch->schedule_cut = newest_day;
  batch->schedule_time_ms = live_->parts_.schedule->CutTimeMs(newest_day);
}

void Checkpoint::CollectTotals(CheckpointBatch* batch) {
  LiveState::Tables& tables = *live_->tables_;
  base::MutexLock lock(tables.totals_mutex);
  for (size_t measure = 0; measure < tables.totals.size(); ++measure) {
    if (tables.apart[measure]) continue;
    for (EpochTotals& epoch : tables.totals[measure]) {
      if (!epoch.dirty) continue;
      epoch.dirty = false;
      for (const DayTotal& day : epoch.days) {
        batch->totals.push_back({.measure_hash = tables.measure_hashes[measure],
                                 .epoch = epoch.epoch,
                                 .day = day.day,
                                 .sum = day.sum,
                                 .count = day.count,
                                 .cells = day.cells});
      }
    }
  }
}

void Checkpoint::CollectStripes(CheckpointBatch* batch) {
  LiveState::Tables& tables = *live_->tables_;
  for (size_t i = 0; i < kStripes; ++i) {
    Stripe& stripe = tables.stripes[i];
    base::MutexLock lock(stripe.mutex);
    KeptDecisions decisions = stripe.decisions.TakeFresh();
    if (!decisions.bytes.empty()) batch->decisions.push_back(std::move(decisions));
    size_t dirty = 0;
    for (const std::vector<EpochCells>& epochs : stripe.measures) {
      for (const EpochCells& cells : epochs) dirty += cells.dirty.size();
    }
    std::vector<CheckpointBatch::SavedCell> saved;
    saved.reserve(dirty);
    for (size_t measure = 0; measure < stripe.measures.size(); ++measure) {
      if (tables.apart[measure]) continue;
      const uint64_t hash = tables.measure_hashes[measure];
      for (EpochCells& cells : stripe.measures[measure]) {
        for (const uint32_t number : cells.dirty) {
          const Cell& cell = cells.table->At(number);
          saved.push_back({.measure_hash = hash,
                           .epoch = cells.epoch,
                           .key = cell.key,
                           .day = cell.day,
                           .tile = cells.table->Read(number)});
          cells.table->ClearDirty(number);
        }
        cells.dirty.clear();
        if (cells.limited && !cells.limited_saved) {
          cells.limited_saved = true;
          batch->limited.push_back({hash, cells.epoch, static_cast<uint16_t>(i)});
        }
      }
    }
    if (!saved.empty()) batch->cells.push_back(std::move(saved));
  }
}

}  // namespace verdict::counters
