// Epochs that the batch has taken over: read to be compared, freed, and doubted where they are not
// whole (AGGREGATES section 12; R27).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "counters/dropped_epochs.h"
#include "counters/live_state.h"
#include "feature/tile.h"
#include "model/entity_key.h"

namespace verdict::counters {

// **Thread-safe** beside everything else of the state, but one caller at a time: no two may free
// epochs. Made after the state was restored; the state must outlive it. Stripe locks are held for
// microseconds. REQUIRES of all: the measure is counted here, and the stretch is closed but for
// Closed() itself.
class EpochDrops {
 public:
  explicit EpochDrops(LiveState* live) : live_(live) {}

  // --- what there is ---
  // Is the measure still counted beside the others (LiveState::CountApart)? Then none of its epochs
  // is whole; once it is false it stays false.
  bool IsApart(uint64_t measure_hash) const;
  void SetBeginning(uint64_t measure_hash, const Beginning& began);  // kept in checkpoints
  Beginning BeginningOf(uint64_t measure_hash) const;
  // The newest cut up to which epochs of the measure were dropped; kNoCut where none was.
  feature::CutId DroppedTo(uint64_t measure_hash) const;
  std::vector<feature::CutId> Epochs(uint64_t measure_hash) const;  // in memory, ascending
  // The newest day that one of the stretch's cells in memory has; nothing where it has none.
  std::optional<model::DayNumber> NewestDay(const Stretch& stretch) const;
  // Is every record before the cut `to` applied here? `offsets` is its C[p]; a partition that is
  // not followed here yet leaves it open.
  bool Closed(feature::CutId to, std::span<const eventlog::Offset> offsets) const;
  // Did this replica, too, pass to the cut's epoch at `offsets`?
  bool SameVector(feature::CutId to, std::span<const eventlog::Offset> offsets) const;
  // Is the log read past the time of the cut `to`, whatever it holds? Never by an event clock,
  // which promises nothing about what comes.
  bool Past(feature::CutId to) const;
  // The newest epoch of which a record was applied; kNoCut: none was.
  feature::CutId NewestEpoch() const;

  struct Cell {
    model::EntityKey key;
    feature::DayTile tile;
  };
  // One stripe's cells, those of one (entity, day) merged over the epochs. Replaces what `cells`
  // held. True: the stripe refused cells of the stretch, so that not all are there.
  bool Read(const Stretch& stretch, uint32_t stripe, std::vector<Cell>* cells) const;
  size_t Entities(const Stretch& stretch) const;  // at most so many, counted once an epoch

  // --- what becomes of it ---
  // Answers of these stripes whose window reaches the stretch say PARTIAL(suspect). Replaces what
  // was said of the stretch; no stripe: nothing is said any more.
  void Suspect(const Stretch& stretch, const StripeBits& stripes);
  std::vector<SuspectStretch> Suspects() const;

  // Has a checkpoint collected all its cells, and the drop before this one? Always, where none is
  // kept.
  bool MayFree(const Stretch& stretch) const;
  // Frees a stripe's cells; its guard stands from then on. `guard` is null where no window reaches
  // them any more.
  void Free(const Stretch& stretch, uint32_t stripe, const DroppedEpochsPtr& guard);
  // After every stripe was freed: the totals go, and checkpoints learn of it.
  void Finish(const Stretch& stretch, const DroppedEpochsPtr& guard);
  // The same where imports own all its days (DAY mode): a blob says by itself which days it holds,
  // so no guard is needed, but the store must have them.
  void FinishImported(const Stretch& stretch);

  std::vector<DroppedEpochsPtr> Guards() const;
  // Takes the guard from one stripe; from all in turn, then FinishForget.
  void Forget(const DroppedEpochsPtr& guard, uint32_t stripe);
  void FinishForget(const DroppedEpochsPtr& guard);

 private:
  enum class Now : uint8_t { kInBlobs, kNeededByNobody };
  void End(const Stretch& stretch, const DroppedEpochsPtr& guard, Now now);

  LiveState* live_;
};

}  // namespace verdict::counters
