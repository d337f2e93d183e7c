// What is known of epochs that are gone from memory, and of those whose proof failed.
#pragma once

#include <bitset>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "counters/key_filter.h"
#include "counters/stripe_set.h"
#include "eventlog/event_source.h"
#include "feature/blob.h"
#include "model/business_day.h"

namespace verdict::counters {

// The epochs [from, to) of one measure.
struct Stretch {
  uint64_t measure_hash = 0;
  feature::CutId from = feature::kNoCut;
  feature::CutId to = feature::kNoCut;
  bool Holds(feature::CutId epoch) const { return from <= epoch && epoch < to; }
  friend bool operator==(const Stretch&, const Stretch&) = default;
};

using StripeBits = std::bitset<kStripes>;

// Of one measure.
struct MeasureCut {
  uint64_t measure_hash = 0;
  feature::CutId cut = feature::kNoCut;
  friend bool operator==(const MeasureCut&, const MeasureCut&) = default;
};

// Where counting of a measure began here. Epochs before `cut` are only in the blobs, or nowhere yet
// (a measure that joined); of days before `day` the log had lost records.
struct Beginning {
  feature::CutId cut = feature::kNoCut;
  model::DayNumber day = std::numeric_limits<model::DayNumber>::min();
  feature::CutId blobs_to = feature::kNoCut;  // the blobs must reach it: it was never here
  friend bool operator==(const Beginning&, const Beginning&) = default;
};

// **Immutable** once shared. The guard that a dropped stretch leaves (R27): a blob older than
// `stretch.to` of a key in it has lost what the stretch added.
struct DroppedEpochs {
  Stretch stretch;
  int64_t dropped_ms = 0;  // by the state's clock
  KeyFilter keys{0};
  // Stripes that had refused cells: of their keys not all were known here.
  StripeBits limited = {};
};
using DroppedEpochsPtr = std::shared_ptr<const DroppedEpochs>;

// Of one measure in one stripe; guarded by the stripe's mutex.
struct StripeDoubts {
  std::vector<DroppedEpochsPtr> guards;         // of what was freed in this stripe
  feature::CutId guarded_to = feature::kNoCut;  // the newest of theirs: later blobs lack nothing
  std::vector<feature::CutId> suspects;         // `to` of the stretches whose proof failed here

  void Guard(const DroppedEpochsPtr& guard);
  void Forget(const DroppedEpochsPtr& guard);
};

struct SuspectStretch {
  Stretch stretch;
  StripeBits stripes = {};
};

// What a checkpoint has still to learn.
struct DropChanges {
  struct Dropped {
    DroppedEpochsPtr guard;  // null: no window reaches them any more, or imports own their days
    Stretch stretch = {};
    std::vector<feature::CutId> epochs;           // that were in memory
    feature::CutId dropped_to = feature::kNoCut;  // the measure's newest; kNoCut: in no blob
  };
  std::vector<Dropped> dropped;
  std::vector<Stretch> forgotten;  // whose guards are gone
  // All there are; nothing where none came or went.
  std::optional<std::vector<SuspectStretch>> suspects;
  std::map<uint64_t, Beginning> began;  // by measure hash: where it was set
};

// **Thread-safe.** All drops of a state; the stripes point into it.
struct DropBook {
  base::Mutex mutex;
  std::vector<DroppedEpochsPtr> guards GUARDED_BY(mutex);
  std::vector<SuspectStretch> suspects GUARDED_BY(mutex);
  std::map<uint64_t, Beginning> began GUARDED_BY(mutex);            // by measure hash
  std::map<uint64_t, feature::CutId> dropped_to GUARDED_BY(mutex);  // by measure hash: the newest
  DropChanges changes GUARDED_BY(mutex);
};

// Where one partition's records passed from epoch to epoch: what a manifest's C[p] is compared
// with.
struct EpochBound {
  feature::CutId epoch = 0;
  eventlog::Offset before = 0;  // every record of older epochs lies below it
  eventlog::Offset first = 0;   // the first record of this epoch or a later one
  friend bool operator==(const EpochBound&, const EpochBound&) = default;
};

// **Thread-compatible.**
class EpochBounds {
 public:
  static constexpr size_t kKept = 128;

  // A record of `epoch` at `offset` is applied, the first of its epoch; `before` was next.
  void Pass(feature::CutId epoch, eventlog::Offset before, eventlog::Offset offset);
  // Can the partition's cut `to` lie at `offset`: is no record of an older epoch there or behind
  // it, none of that epoch or a later one before it? `next` is the partition's.
  bool Agrees(feature::CutId to, eventlog::Offset offset, eventlog::Offset next) const;

  // Of cuts up to this one nothing is known (the state was restored without).
  feature::CutId unknown_to = feature::kNoCut;
  std::vector<EpochBound> bounds;  // ascending epochs, the last kKept
  friend bool operator==(const EpochBounds&, const EpochBounds&) = default;

 private:
  // Since the partition was begun at a cut. Where in front of it that cut lies is all the same:
  // between what is visible there may be aborted records, and those that retention has removed.
  bool CountedNothing() const { return bounds.empty() && unknown_to == feature::kNoCut; }
};

}  // namespace verdict::counters
