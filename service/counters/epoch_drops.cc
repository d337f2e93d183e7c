// A closed epoch's tables change no more: between two locks of a stripe only its dirty flags do,
// and whether the tables are there at all, which is the caller's doing.
#include "counters/epoch_drops.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "counters/tables.h"

namespace verdict::counters {
namespace {

// Cells copied under one lock of a stripe: some 10 us.
constexpr uint32_t kCellsPerLock = 512;

using Cell = EpochDrops::Cell;

void MergeSame(std::vector<Cell>* cells) {
  std::sort(cells->begin(), cells->end(), [](const Cell& a, const Cell& b) {
    return std::tie(a.key, a.tile.day) < std::tie(b.key, b.tile.day);
  });
  size_t kept = 0;
  for (size_t i = 0; i < cells->size(); ++i) {
    Cell& cell = (*cells)[i];
    if (kept > 0 && (*cells)[kept - 1].key == cell.key &&
        (*cells)[kept - 1].tile.day == cell.tile.day) {
      (*cells)[kept - 1].tile.tile.Merge(cell.tile.tile);
    } else {
      (*cells)[kept++] = cell;
    }
  }
  cells->resize(kept);
}

}  // namespace

bool EpochDrops::IsApart(uint64_t measure_hash) const {
  const LiveState::Tables& tables = *live_->tables_;
  const int measure = tables.MeasureNumber(measure_hash);
  return measure >= 0 && tables.apart[static_cast<size_t>(measure)].load(std::memory_order_acquire);
}

void EpochDrops::SetBeginning(uint64_t measure_hash, const Beginning& began) {
  DropBook& drops = live_->tables_->drops;
  base::MutexLock lock(drops.mutex);
  drops.began[measure_hash] = began;
  drops.changes.began[measure_hash] = began;
}

Beginning EpochDrops::BeginningOf(uint64_t measure_hash) const {
  DropBook& drops = live_->tables_->drops;
  base::MutexLock lock(drops.mutex);
  const auto found = drops.began.find(measure_hash);
  return found == drops.began.end() ? Beginning() : found->second;
}

feature::CutId EpochDrops::DroppedTo(uint64_t measure_hash) const {
  DropBook& drops = live_->tables_->drops;
  base::MutexLock lock(drops.mutex);
  const auto found = drops.dropped_to.find(measure_hash);
  return found == drops.dropped_to.end() ? feature::kNoCut : found->second;
}

std::vector<feature::CutId> EpochDrops::Epochs(uint64_t measure_hash) const {
  LiveState::Tables& tables = *live_->tables_;
  const int measure = tables.MeasureNumber(measure_hash);
  std::vector<feature::CutId> epochs;
  if (measure < 0) return epochs;
  base::MutexLock lock(tables.totals_mutex);
  for (const EpochTotals& one : tables.totals[static_cast<size_t>(measure)]) {
    epochs.push_back(one.epoch);
  }
  return epochs;
}

std::optional<model::DayNumber> EpochDrops::NewestDay(const Stretch& stretch) const {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  std::optional<model::DayNumber> newest;
  base::MutexLock lock(tables.totals_mutex);
  for (const EpochTotals& one : tables.totals[measure]) {
    if (!stretch.Holds(one.epoch)) continue;
    for (const DayTotal& day : one.days) newest = std::max(newest.value_or(day.day), day.day);
  }
  return newest;
}

bool EpochDrops::Closed(feature::CutId to, std::span<const eventlog::Offset> offsets) const {
  LiveState::Tables& tables = *live_->tables_;
  const bool complete = Past(to);
  const size_t followed = tables.partitions.size();
  for (size_t p = followed; p < offsets.size(); ++p) {
    if (offsets[p] > 0) return false;
  }
  for (size_t p = 0; p < followed; ++p) {
    const eventlog::Offset end = p < offsets.size() ? offsets[p] : 0;
    if (tables.partitions[p]->next.load(std::memory_order_relaxed) < end && !complete) return false;
  }
  return true;
}

// By the wall clock, what comes once the log was read past the cut's time is younger than the cut.
bool EpochDrops::Past(feature::CutId to) const {
  return !live_->parts_.clock->is_event_clock() &&
         live_->tables_->complete_epoch.load(std::memory_order_relaxed) >= to;
}

feature::CutId EpochDrops::NewestEpoch() const {
  feature::CutId newest = feature::kNoCut;
  for (const auto& one : live_->tables_->partitions) {
    newest = std::max(newest, one->epoch.load(std::memory_order_relaxed));
  }
  return newest;
}

bool EpochDrops::SameVector(feature::CutId to, std::span<const eventlog::Offset> offsets) const {
  LiveState::Tables& tables = *live_->tables_;
  for (size_t p = 0; p < tables.partitions.size(); ++p) {
    PartitionState& partition = *tables.partitions[p];
    const eventlog::Offset offset = p < offsets.size() ? offsets[p] : 0;
    const eventlog::Offset next = partition.next.load(std::memory_order_relaxed);
    base::MutexLock lock(partition.mutex);
    if (!partition.bounds.Agrees(to, offset, next)) return false;
  }
  return true;
}

bool EpochDrops::Read(const Stretch& stretch, uint32_t stripe_number,
                      std::vector<Cell>* cells) const {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  Stripe& stripe = tables.stripes[stripe_number];
  cells->clear();
  bool limited = false;
  size_t epochs = 0;
  bool more = true;
  for (size_t i = 0; more; ++i) {
    for (uint32_t from = 0, end = 1; from < end; from += kCellsPerLock) {
      // Nothing is allocated, or sorted, while a Score may wait.
      if (cells->capacity() - cells->size() < kCellsPerLock) {
        cells->reserve(2 * cells->capacity() + kCellsPerLock);
      }
      base::MutexLock lock(stripe.mutex);
      more = i < stripe.measures[measure].size();
      if (!more) break;
      const EpochCells& one = stripe.measures[measure][i];
      if (!stretch.Holds(one.epoch)) break;
      if (from == 0) ++epochs;
      limited = limited || one.limited;
      end = one.table->cells();
      for (uint32_t n = from; n < std::min(end, from + kCellsPerLock); ++n) {
        const counters::Cell& cell = one.table->At(n);
        cells->push_back({cell.key, {cell.day, one.table->Read(n)}});
      }
    }
  }
  if (epochs > 1) MergeSame(cells);
  return limited;
}

size_t EpochDrops::Entities(const Stretch& stretch) const {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  size_t entities = 0;
  for (size_t i = 0; i < kStripes; ++i) {
    base::MutexLock lock(tables.stripes[i].mutex);
    for (const EpochCells& one : tables.stripes[i].measures[measure]) {
      if (stretch.Holds(one.epoch)) entities += one.table->entities();
    }
  }
  return entities;
}

void EpochDrops::Suspect(const Stretch& stretch, const StripeBits& stripes) {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  for (size_t i = 0; i < kStripes; ++i) {
    base::MutexLock lock(tables.stripes[i].mutex);
    std::vector<feature::CutId>& suspects = tables.stripes[i].doubts[measure].suspects;
    std::erase(suspects, stretch.to);
    if (stripes[i]) suspects.push_back(stretch.to);
  }
  base::MutexLock lock(tables.drops.mutex);
  std::erase_if(tables.drops.suspects, [&](const SuspectStretch& one) {
    return one.stretch.measure_hash == stretch.measure_hash && one.stretch.to == stretch.to;
  });
  if (stripes.any()) tables.drops.suspects.push_back({stretch, stripes});
  tables.drops.changes.suspects = tables.drops.suspects;
}

std::vector<SuspectStretch> EpochDrops::Suspects() const {
  base::MutexLock lock(live_->tables_->drops.mutex);
  return live_->tables_->drops.suspects;
}

bool EpochDrops::MayFree(const Stretch& stretch) const {
  LiveState::Tables& tables = *live_->tables_;
  if (!tables.tracking) return true;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  {
    base::MutexLock lock(tables.drops.mutex);
    if (!tables.drops.changes.dropped.empty()) return false;
  }
  {
    base::MutexLock lock(tables.totals_mutex);
    for (const EpochTotals& one : tables.totals[measure]) {
      if (stretch.Holds(one.epoch) && one.dirty) return false;
    }
  }
  for (size_t i = 0; i < kStripes; ++i) {
    base::MutexLock lock(tables.stripes[i].mutex);
    for (const EpochCells& one : tables.stripes[i].measures[measure]) {
      if (stretch.Holds(one.epoch) && !one.dirty.empty()) return false;
    }
  }
  return true;
}

void EpochDrops::Free(const Stretch& stretch, uint32_t stripe_number,
                      const DroppedEpochsPtr& guard) {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  Stripe& stripe = tables.stripes[stripe_number];
  std::vector<std::unique_ptr<CellTable>> freed;  // outlives the lock
  {
    base::MutexLock lock(stripe.mutex);
    for (EpochCells& one : stripe.measures[measure]) {
      if (!stretch.Holds(one.epoch)) continue;
      tables.live_cell_bytes.fetch_sub(one.table->bytes(), std::memory_order_relaxed);
      freed.push_back(std::move(one.table));
    }
    std::erase_if(stripe.measures[measure],
                  [](const EpochCells& one) { return one.table == nullptr; });
    if (guard != nullptr) stripe.doubts[measure].Guard(guard);
  }
}

void EpochDrops::Finish(const Stretch& stretch, const DroppedEpochsPtr& guard) {
  End(stretch, guard, guard == nullptr ? Now::kNeededByNobody : Now::kInBlobs);
}

void EpochDrops::FinishImported(const Stretch& stretch) { End(stretch, nullptr, Now::kInBlobs); }

void EpochDrops::End(const Stretch& stretch, const DroppedEpochsPtr& guard, Now now) {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(stretch.measure_hash));
  DropChanges::Dropped dropped;
  dropped.guard = guard;
  dropped.stretch = stretch;
  {
    base::MutexLock lock(tables.totals_mutex);
    std::erase_if(tables.totals[measure], [&](const EpochTotals& one) {
      if (!stretch.Holds(one.epoch)) return false;
      dropped.epochs.push_back(one.epoch);
      return true;
    });
  }
  base::MutexLock lock(tables.drops.mutex);
  if (guard != nullptr) tables.drops.guards.push_back(guard);
  if (now == Now::kInBlobs) {
    feature::CutId& to =
        tables.drops.dropped_to.try_emplace(stretch.measure_hash, stretch.to).first->second;
    to = std::max(to, stretch.to);
    dropped.dropped_to = to;
  }
  if (tables.tracking) tables.drops.changes.dropped.push_back(std::move(dropped));
}

std::vector<DroppedEpochsPtr> EpochDrops::Guards() const {
  base::MutexLock lock(live_->tables_->drops.mutex);
  return live_->tables_->drops.guards;
}

void EpochDrops::Forget(const DroppedEpochsPtr& guard, uint32_t stripe_number) {
  LiveState::Tables& tables = *live_->tables_;
  const auto measure = static_cast<size_t>(tables.MeasureNumber(guard->stretch.measure_hash));
  Stripe& stripe = tables.stripes[stripe_number];
  base::MutexLock lock(stripe.mutex);
  stripe.doubts[measure].Forget(guard);
}

void EpochDrops::FinishForget(const DroppedEpochsPtr& guard) {
  DropBook& drops = live_->tables_->drops;
  base::MutexLock lock(drops.mutex);
  std::erase(drops.guards, guard);
  if (live_->tables_->tracking) drops.changes.forgotten.push_back(guard->stretch);
}

}  // namespace verdict::counters
