// What live state consists of, and which mutex guards what. Private to this room.
//
// Order of locks: stripes, ascending; then one partition's mutex; then totals_mutex. Nobody takes a
// stripe while holding one of the latter two. The mutex of drops is held alone.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "counters/cell_table.h"
#include "counters/decision_table.h"
#include "counters/dropped_epochs.h"
#include "counters/growing_array.h"
#include "counters/live_state.h"
#include "counters/overlay.h"
#include "counters/sliding_table.h"
#include "counters/stripe_set.h"
#include "eventlog/dedup_window.h"

namespace verdict::counters {

struct EpochCells {
  feature::CutId epoch = 0;
  std::unique_ptr<CellTable> table = std::make_unique<CellTable>();
  std::vector<uint32_t> dirty;  // cells changed since the last checkpoint took them
  bool limited = false;         // a cell found no room here
  bool limited_saved = false;
};

struct alignas(64) Stripe {
  base::Mutex mutex;
  std::vector<std::vector<EpochCells>> measures;  // by measure number; epochs ascending
  std::vector<StripeDoubts> doubts;               // by measure number
  std::vector<SlidingTable> sliding;              // by sliding measure number
  Overlay overlay;
  DecisionTable decisions;

  // The cells of (measure, epoch), made where there are none.
  EpochCells& Cells(uint16_t measure, feature::CutId epoch);
  // Asks early for what the newest epoch and the overlay hold of (measure, key): first where to
  // look, then what is there. Many keys' misses overlap so, instead of standing in a row.
  void PrefetchPlaces(uint16_t measure, const model::EntityKey& key) const {
    overlay.Prefetch(measure, key);
    if (!measures[measure].empty()) measures[measure].back().table->PrefetchSlot(key);
  }
  void PrefetchSliding(int measure, const model::EntityKey& key) const {
    overlay.Prefetch(static_cast<uint16_t>(measure | kSlidingPart), key);
    sliding[static_cast<size_t>(measure)].Prefetch(key);
  }
  void PrefetchCells(uint16_t measure, const model::EntityKey& key) const {
    if (!measures[measure].empty()) measures[measure].back().table->PrefetchCell(key);
  }
};

struct PartitionState {
  explicit PartitionState(size_t max_ids) : window(max_ids) {}

  std::atomic<eventlog::Offset> next{0};
  std::atomic<int64_t> newest_record_ms{INT64_MIN};
  std::atomic<feature::CutId> epoch{feature::kNoCut};
  std::atomic<int64_t> horizon_ms{INT64_MIN};  // the window's

  base::Mutex mutex;
  eventlog::DedupWindow window GUARDED_BY(mutex);
  EpochBounds bounds GUARDED_BY(mutex);
  bool bounds_saved GUARDED_BY(mutex) = true;  // a checkpoint has them as they are

  // After each change of the window.
  void NoteHorizon() REQUIRES_LOCK(mutex) {
    horizon_ms.store(window.horizon_ms(), std::memory_order_relaxed);
  }

  uint64_t saved_ids =
      0;  // sequence number of the first id that no checkpoint holds; of the apply thread
  eventlog::Offset saved_next = -1;  // `next` of the last checkpoint; of the apply thread
};

struct DayTotal {
  model::DayNumber day = 0;
  feature::Int128 sum = 0;
  int64_t count = 0;
  uint64_t cells = 0;
};

struct EpochTotals {
  feature::CutId epoch = 0;
  std::vector<DayTotal> days;  // in the order of first mention
  bool dirty = false;

  DayTotal& Of(model::DayNumber day);
};

// Why answers over a measure that reach back to `newest_day` are not whole.
struct MeasureReasons {
  uint32_t bits = 0;
  model::DayNumber newest_day = 0;
};
static_assert(std::atomic<MeasureReasons>::is_always_lock_free);

// One sliding measure.
struct SlidingState {
  uint64_t hash = 0;
  int64_t window_ms_max = 0;
  // What lies at or before it may have been let go. Grows; stored before anything is let go.
  std::atomic<int64_t> kept_from_ms{INT64_MIN};
};

struct LiveMetricHandles {
  std::array<base::Counter, eventlog::kEventClasses> events;
  base::Counter replaced, expired, changed_by_event;
  base::Counter dedup_evicted, decisions_evicted, cells_refused;
  base::Counter orphans;
  base::Counter sliding_folded, sliding_refused;
};

struct LiveState::Tables {
  Tables(const LiveParts& parts, const LiveOptions& options);

  // -1 where the measure is not counted here.
  int MeasureNumber(uint64_t hash) const;
  int SlidingNumber(uint64_t hash) const;
  EpochTotals& Totals(uint16_t measure, feature::CutId epoch) REQUIRES_LOCK(totals_mutex);
  // REQUIRES: the stripe of its key is held. `measure` is a number here.
  void AddSliding(const feature::SlidingContribution& one, const LiveOptions& options);
  void NoteSliding(const SlidingTable& table, size_t bytes_before, size_t minutes_folded);
  // Windows of transactions over kSlidingLateMs before `now_ms` are no longer kept whole.
  void AdvanceSliding(int64_t now_ms);
  // REQUIRES: `stripe` is held.
  void SweepSliding(Stripe* stripe, const LiveOptions& options);
  // REQUIRES: `stripe` is held. What `change(overlay)` returns; its bytes are noted.
  template <typename Change>
  auto ChangeOverlay(Stripe* stripe, Change change) {
    const absl::Cleanup note = [this, stripe, before = stripe->overlay.bytes()] {
      // Sizes are unsigned: what shrank wraps around, and back.
      const size_t added = stripe->overlay.bytes() - before;
      if (added != 0) overlay_bytes.fetch_add(added, std::memory_order_relaxed);
    };
    return change(stripe->overlay);
  }

  std::vector<uint64_t> measure_hashes;  // number -> hash: the order of the bound set
  std::vector<std::atomic<MeasureReasons>> reasons;
  std::unique_ptr<std::atomic<feature::CutId>[]> lacking;  // by measure number: SetLacking
  // By measure number: CountApart. Written by the apply thread.
  std::unique_ptr<std::atomic<bool>[]> apart;
  std::atomic<uint64_t> reasons_version{0};
  std::vector<SlidingState> sliding;  // number -> measure, likewise
  std::unique_ptr<Stripe[]> stripes = std::make_unique<Stripe[]>(kStripes);
  GrowingArray<PartitionState, kPartitionsMax> partitions;

  // Each group has cache lines of its own: what one thread writes for each event, others do not
  // wait for.
  alignas(64) std::array<std::atomic<uint64_t>, eventlog::kEventClasses> events{};
  std::atomic<uint64_t> live_cell_bytes{0};
  alignas(64) std::atomic<feature::CutId> applied_epoch{feature::kNoCut};  // the least of all
  std::atomic<feature::CutId> complete_epoch{feature::kNoCut};
  std::atomic<int64_t> complete_ms{0};
  alignas(64) std::atomic<size_t> provisionals{0};
  std::atomic<size_t> overlay_bytes{0};
  alignas(64) std::atomic<uint64_t> sliding_bytes{0};
  std::atomic<int64_t> sliding_from_ms{INT64_MIN};  // SetSlidingFrom
  std::atomic<uint16_t> sliding_reasons{0};
  std::atomic<uint64_t> sliding_minutes_folded{0}, sliding_refused{0};
  alignas(64) std::atomic<uint64_t> decisions_evicted{0};
  std::atomic<uint64_t> provisionals_expired{0}, cells_refused{0};
  std::atomic<uint64_t> orphans{0};

  base::Mutex totals_mutex;
  std::vector<std::vector<EpochTotals>> totals GUARDED_BY(totals_mutex);  // by measure number

  DropBook drops;

  LiveMetricHandles metrics;

  // Of the apply thread alone.
  bool tracking = false;                      // a checkpoint follows: remember what changes
  std::vector<uint64_t> undeclared_measures;  // in the checkpoint, but counted no more
  uint32_t next_stripe_to_expire = 0;
  rule::Record record;
  rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  std::vector<std::optional<model::EntityKey>> keys;
  std::vector<feature::Contribution> contributions;
  std::vector<feature::SlidingContribution> sliding_contributions;
};

// Holds the stripes of a set for a scope.
class StripeLocks {
 public:
  StripeLocks(Stripe* stripes, const StripeSet& set) NO_LOCK_ANALYSIS : stripes_(stripes),
                                                                        set_(set) {
    for (const uint16_t stripe : set_) stripes_[stripe].mutex.Lock();
  }
  ~StripeLocks() NO_LOCK_ANALYSIS {
    for (const uint16_t stripe : set_) stripes_[stripe].mutex.Unlock();
  }
  StripeLocks(const StripeLocks&) = delete;
  StripeLocks& operator=(const StripeLocks&) = delete;

 private:
  Stripe* stripes_;
  const StripeSet& set_;
};

// The same whatever the order of the parts: does an event add what its provisional assumed? Add up
// one by part.
uint64_t ContributionDigest(uint64_t measure_hash, const feature::Contribution& contribution);
uint64_t ContributionDigest(uint64_t measure_hash,
                            const feature::SlidingContribution& contribution);

}  // namespace verdict::counters
