// What live state holds and what it costs: for metrics, `verdict size`, and the proof of an epoch.
#include <algorithm>
#include <set>
#include <tuple>

#include "base/check.h"
#include "counters/live_state.h"
#include "counters/tables.h"

namespace verdict::counters {

std::vector<eventlog::Offset> LiveState::NextOffsets() const {
  std::vector<eventlog::Offset> next;
  for (const auto& partition : tables_->partitions) {
    next.push_back(partition->next.load(std::memory_order_relaxed));
  }
  return next;
}

uint64_t LiveState::total(eventlog::EventClass event_class) const {
  return tables_->events[static_cast<size_t>(event_class)].load(std::memory_order_relaxed);
}

LiveSizes LiveState::sizes() const {
  LiveSizes sizes;
  for (uint32_t i = 0; i < kStripes; ++i) {
    Stripe& stripe = tables_->stripes[i];
    base::MutexLock lock(stripe.mutex);
    for (const std::vector<EpochCells>& epochs : stripe.measures) {
      for (const EpochCells& cells : epochs) {
        sizes.cells += cells.table->cells();
        sizes.cell_bytes += cells.table->cell_bytes();
        sizes.index_bytes += cells.table->index_bytes();
      }
    }
    for (const SlidingTable& table : stripe.sliding) sizes.sliding_series += table.series();
    sizes.decisions += stripe.decisions.size();
    sizes.decision_bytes += stripe.decisions.bytes();
  }
  for (const auto& partition : tables_->partitions) {
    base::MutexLock lock(partition->mutex);
    sizes.dedup_ids += partition->window.size();
    sizes.dedup_bytes += partition->window.bytes();
    sizes.dedup_evicted += partition->window.evicted();
  }
  {
    base::MutexLock lock(tables_->totals_mutex);
    sizes.measures.resize(tables_->totals.size());
    for (size_t m = 0; m < tables_->totals.size(); ++m) {
      sizes.measures[m].epochs = tables_->totals[m].size();
      for (const EpochTotals& epoch : tables_->totals[m]) {
        for (const DayTotal& day : epoch.days) sizes.measures[m].cells += day.cells;
      }
    }
  }
  {
    base::MutexLock lock(tables_->drops.mutex);
    for (const DroppedEpochsPtr& guard : tables_->drops.guards) {
      sizes.guard_bytes += guard->keys.bytes();
    }
  }
  sizes.provisionals = tables_->provisionals.load(std::memory_order_relaxed);
  sizes.overlay_bytes = tables_->overlay_bytes.load(std::memory_order_relaxed);
  sizes.decisions_evicted = tables_->decisions_evicted.load(std::memory_order_relaxed);
  sizes.provisionals_expired = tables_->provisionals_expired.load(std::memory_order_relaxed);
  sizes.cells_refused = tables_->cells_refused.load(std::memory_order_relaxed);
  sizes.orphans = tables_->orphans.load(std::memory_order_relaxed);
  sizes.sliding_bytes = tables_->sliding_bytes.load(std::memory_order_relaxed);
  sizes.sliding_minutes_folded = tables_->sliding_minutes_folded.load(std::memory_order_relaxed);
  sizes.sliding_refused = tables_->sliding_refused.load(std::memory_order_relaxed);
  return sizes;
}

std::vector<ControlTotal> LiveState::ControlTotals() const {
  std::vector<ControlTotal> out;
  {
    base::MutexLock lock(tables_->totals_mutex);
    for (size_t measure = 0; measure < tables_->totals.size(); ++measure) {
      for (const EpochTotals& epoch : tables_->totals[measure]) {
        for (const DayTotal& day : epoch.days) {
          out.push_back({.measure_hash = tables_->measure_hashes[measure],
                         .epoch = epoch.epoch,
                         .day = day.day,
                         .sum = day.sum,
                         .count = day.count,
                         .cells = day.cells});
        }
      }
    }
  }
  const auto place = [](const ControlTotal& one) {
    return std::tuple(one.measure_hash, one.epoch, one.day);
  };
  std::sort(out.begin(), out.end(),
            [&](const ControlTotal& a, const ControlTotal& b) { return place(a) < place(b); });
  return out;
}

std::vector<feature::CutId> LiveState::LiveEpochs() const {
  std::set<feature::CutId> epochs;
  base::MutexLock lock(tables_->totals_mutex);
  for (const std::vector<EpochTotals>& measure : tables_->totals) {
    for (const EpochTotals& one : measure) epochs.insert(one.epoch);
  }
  return {epochs.begin(), epochs.end()};
}

}  // namespace verdict::counters
