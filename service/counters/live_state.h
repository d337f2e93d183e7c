// What this replica knows of the log's newest stretch, in memory: cells by epoch, provisionals,
// decisions, seen ids.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "counters/stripe_set.h"
#include "eventlog/dedup_window.h"
#include "eventlog/event_source.h"
#include "eventlog/rules_of_the_log.h"
#include "feature/day_mode.h"
#include "feature/feature_set.h"
#include "feature/merge.h"
#include "feature/sliding.h"
#include "feature/tile.h"
#include "model/decision.h"
#include "model/entity_key.h"

namespace verdict::counters {

// Retries of one transaction that may wait for its first Score; more are told to come again.
inline constexpr size_t kMaxWaitersPerTransaction = 64;
inline constexpr int kPartitionsMax = 1024;
// Touched::partition of a log whose producers choose the partition.
inline constexpr eventlog::Partition kAnyPartition = -1;
// A transaction may be so much older than the clock and still find its sliding windows whole.
inline constexpr int64_t kSlidingLateMs = int64_t{60} * 60'000;

struct LiveOptions {
  size_t dedup_ids_per_partition = 8'000'000;  // R19: beyond, the oldest ids are forgotten, tallied
  int64_t decisions_kept_ms = int64_t{2} * 3600'000;  // R22
  size_t decisions_bytes_max = size_t{1} << 30;       // the oldest go first, tallied
  int64_t provisional_ttl_ms = int64_t{10} * 60'000;  // R21
  size_t overlay_bytes_max = size_t{256}
                             << 20;  // beyond, a transaction is not added: PARTIAL(limit)
  size_t cells_bytes_max = size_t{8}
                           << 30;  // all measures; beyond, no new cell: PARTIAL(limit) (R43)
  // R11: beyond, the oldest minutes of a key keep their sub-total alone. Beyond the bytes, long
  // series give up half, and what finds no room then is left out: PARTIAL(limit).
  size_t sliding_events_per_key_max = 65'536;
  size_t sliding_bytes_max = size_t{1} << 30;
};

struct LiveParts {
  // Must keep alive what it points to (its schema).
  std::shared_ptr<const feature::FeatureSet> features;
  const eventlog::CutSchedule* schedule = nullptr;  // must outlive the state
  const model::KeyHasher* hasher = nullptr;         // must outlive the state
  const base::Clock* clock = nullptr;               // must outlive the state
  int partitions = 1;                               // 1 to kPartitionsMax; see Grow
  // An event lies in PartitionOf(its merchant). False: its producer chose, and where a payment's id
  // may be known all partitions are asked.
  bool placed_by_merchant = true;
};

// What one transaction touches. `payment` (LiveState::PaymentKey) names the transaction.
struct Touched {
  model::EntityKey payment;
  std::span<const std::optional<model::EntityKey>> entities;  // FeatureSet::EntityKeys
  eventlog::Partition partition = 0;                          // LiveState::PlaceOf
};

// How far this replica has come.
struct AsOf {
  feature::CutId newest_epoch =
      feature::kNoCut;  // a blob with a later cut holds events unknown here
  int64_t lag_ms = 0;  // age of the newest moment up to which everything in the log is applied here
};

enum class SlotState : uint8_t {
  kOpened,         // it is the caller's to answer or abandon
  kOpenElsewhere,  // another Score is at it: Park
  kAnswered,       // the stored decision; nothing is to be counted
  kConflict        // same id, other digest
};

// Called once, outside all locks, when the slot it waited for was answered or abandoned: ask again.
using Waiter = std::function<void()>;

struct LiveSizes {
  size_t cells = 0, cell_bytes = 0, index_bytes = 0;
  size_t dedup_ids = 0, dedup_bytes = 0;
  size_t decisions = 0, decision_bytes = 0;
  size_t provisionals = 0, overlay_bytes = 0;
  size_t guard_bytes = 0;
  struct Measure {
    size_t cells = 0, epochs = 0;
  };
  std::vector<Measure> measures = {};  // as the features order them
  uint64_t dedup_evicted = 0, decisions_evicted = 0, provisionals_expired = 0;
  uint64_t cells_refused = 0;  // contributions that found no room
  uint64_t orphans = 0;        // contributions to imported measures that came too late (R5)
  size_t sliding_series = 0, sliding_bytes = 0;
  uint64_t sliding_minutes_folded = 0, sliding_refused = 0;
};

// Sum, count and number of cells of one (measure, epoch, day), kept while counting, checked on
// restore (R33).
struct ControlTotal {
  uint64_t measure_hash = 0;
  feature::CutId epoch = 0;
  model::DayNumber day = 0;
  feature::Int128 sum = 0;
  int64_t count = 0;
  uint64_t cells = 0;
  friend bool operator==(const ControlTotal&, const ControlTotal&) = default;
};

class DayModes;  // counters/day_modes.h

// **Thread-safe.** State lies in 1,024 stripes, each under its mutex; this room alone takes them
// (R20). One thread applies (Apply, RememberId, and what `Checkpoint` does), another may fill
// sliding windows after a start (`SlidingRebuild`); any thread views.
// Measures are named by their definition hash, so that rule sets may come and go.
class LiveState {
 public:
  class View;
  class Application;

  LiveState(LiveParts parts, const LiveOptions& options);
  ~LiveState();

  // May `features` be scored with? Their measures must be among those counted since the start,
  // under the same zone, base currency and late rule. Errors: FailedPrecondition, naming what asks
  // for a restart. Changes nothing: all measures go on being counted.
  absl::Status Rebind(const feature::FeatureSet& features) const;
  const feature::FeatureSet& features() const { return *parts_.features; }
  const eventlog::CutSchedule& schedule() const { return *parts_.schedule; }
  int partitions() const;
  // The partition in which a merchant's events lie; kAnyPartition where that is not ours to say.
  eventlog::Partition PlaceOf(std::string_view merchant_id) const;
  model::EntityKey PaymentKey(std::string_view transaction_id) const;

  // --- the apply thread ---
  // Counts one record as AGGREGATES section 7 says. REQUIRES: record.offset >= next offset of its
  // partition. The class is decided in this order: dead_lettered, duplicate, quarantined, filtered,
  // orphan (some imported measure does not take it any more; the others have counted it), counted.
  eventlog::EventClass Apply(const eventlog::LogRecord& record);
  void ApplyAll(std::span<const eventlog::LogRecord> records);
  // Warm-up (section 11, step 3): the id is seen from now on, nothing is counted, no offset moves.
  void RememberId(const eventlog::LogRecord& record);
  // After a cold start: counting goes on at `next`; ids recorded before `ids_known_from_ms` are
  // unknown.
  void StartAt(eventlog::Partition partition, eventlog::Offset next, int64_t ids_known_from_ms);
  // The log has more partitions than before: they are counted from their first records on.
  // REQUIRES: at most kPartitionsMax.
  void Grow(int partitions);
  // Everything that was in the log at `moment_ms` (of LagNowMs()) is applied, and no cut later than
  // `epoch` was taken by then.
  void NoteComplete(int64_t moment_ms, feature::CutId epoch);
  // Provisionals past their time, decisions past theirs. A few stripes a call; call it often.
  void Expire();
  static constexpr int kExpireCallsPerRound = 16;  // so many calls see every stripe
  // Measures that are new to a state that goes on (R15): Apply leaves them out until Join, answers
  // over them are PARTIAL(rebuilding), no checkpoint has them and none of their epochs is closed.
  // Unknown ones are ignored.
  void CountApart(std::span<const uint64_t> measure_hashes);
  // Counts one record in those measures alone; nothing else changes. `window` knows the ids of the
  // record's partition as far as ApplyApart was given it.
  void ApplyApart(const eventlog::LogRecord& record, eventlog::DedupWindow* window);
  // The id alone, as RememberId.
  void RememberIdApart(const eventlog::LogRecord& record, eventlog::DedupWindow* window);
  // Apply counts them too from here on. REQUIRES: they hold all that lies before the next offsets,
  // from where they begin.
  void Join();

  // --- any thread ---
  // Further PartialReason bits of answers over a measure: before, log_gone, too_old, suspect.
  // Said of answers that reach back to `newest_day` or before it, rebuilding and suspect of all.
  // Replaces what was set; kept in checkpoints. Unknown measures are ignored.
  void SetReasons(uint64_t measure_hash, uint16_t reasons,
                  model::DayNumber newest_day = std::numeric_limits<model::DayNumber>::max());
  // The same, but beside what was set: all bits are then said back to the newer of the two days.
  void AddReasons(uint64_t measure_hash, uint16_t reasons, model::DayNumber newest_day);
  // Takes `reasons` back from what was set. Who read blobs before that must not take them for
  // whole: where the version after CollectLive is another than before the blobs were read.
  void ClearReasons(uint64_t measure_hash, uint16_t reasons);
  uint16_t ReasonsOf(uint64_t measure_hash) const;
  // The newest day back to which they are said; kNoDay where there are none. Rebuilding, which
  // CountApart sets, is said of every answer.
  model::DayNumber ReasonsNewestDay(uint64_t measure_hash) const;
  uint64_t reasons_version() const;  // grows with each ClearReasons, and with SetLacking
  // The store of blobs lacks what epochs before `to` added, and they are no longer in memory: it
  // was emptied, or is older than it was. Answers whose window reaches them say PARTIAL(suspect).
  // kNoCut: it lacks nothing (any more; as ClearReasons). In no checkpoint. Unknown measures are
  // ignored.
  void SetLacking(uint64_t measure_hash, feature::CutId to);
  feature::CutId LackingOf(uint64_t measure_hash) const;
  // Sliding windows hold every event later than `event_time_ms` that was applied here; those that
  // reach further back say `reasons`. INT64_MIN: they hold all (the default).
  void SetSlidingFrom(int64_t event_time_ms, uint16_t reasons);
  // The measure's past days are imported (R5): from now on its orphans are told from what counts,
  // and views say so. Replaces what was set; outlives Restore. Unknown measures are ignored.
  void SetDayMode(uint64_t measure_hash, const feature::DayMode& mode);
  // Null: the measure is not imported. What it points to stays as long as the state does.
  const feature::DayMode* DayModeOf(uint64_t measure_hash) const;
  // The decision stored for a transaction id. Errors: NotFound.
  absl::StatusOr<model::Decision> FindDecision(std::string_view transaction_id) const;
  AsOf as_of() const;
  // The clock that lags and provisionals are measured by: the state's own, and the steady one where
  // that follows events.
  int64_t LagNowMs() const;
  std::vector<eventlog::Offset> NextOffsets() const;
  uint64_t total(eventlog::EventClass event_class) const;  // since the process began
  LiveSizes sizes() const;
  std::vector<ControlTotal> ControlTotals() const;  // sorted by (measure hash, epoch, day)
  std::vector<feature::CutId> LiveEpochs() const;   // ascending

 private:
  friend class Checkpoint;
  friend class EpochDrops;
  friend class SlidingRebuild;
  struct Tables;
  LiveParts parts_;
  LiveOptions options_;
  std::unique_ptr<DayModes> day_modes_;  // by measure, as in parts_.features
  std::unique_ptr<Tables> tables_;
};

// Thread-compatible: made, used and destroyed on one thread; holds the stripes of its transaction
// and entities, so keep it short: no I/O, no rule evaluation, no second View. Vectors it is given
// are appended to.
class LiveState::View {
 public:
  View(LiveState& live, const Touched& touched);
  ~View();
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  // The decision slot of the transaction. kAnswered fills `answered`.
  SlotState FindOrOpen(const std::array<uint64_t, 2>& request_digest, model::Decision* answered);
  // REQUIRES: FindOrOpen said kOpenElsewhere in this view. False where kMaxWaitersPerTransaction
  // wait already.
  bool Park(Waiter waiter);
  // Stores the decision in the open slot / closes the slot without one (its provisional goes too).
  // Hands back who waited, to be called once the view is gone.
  void Answer(const model::Decision& decision, std::vector<Waiter>* waiters);
  void Abandon(std::vector<Waiter>* waiters);

  // The log's PAYMENT of this transaction was applied here (within the dedup window).
  bool PaymentSeen() const;
  // False: the transaction is so old that its PAYMENT may have been applied and its id forgotten:
  // PARTIAL(current).
  bool WithinDedupHorizon(int64_t event_time_ms) const;

  // Asks the memory early for what CollectLive and CollectOverlay will read of these entities.
  void Prefetch(const feature::FeatureSet& features,
                std::span<const std::optional<model::EntityKey>> keys) const;
  // Live cells of (measure, key), all epochs kept, days >= `oldest`. Returns the PartialReason bits
  // that apply: SetReasons, limit; rebuilding where the measure is not counted here.
  uint16_t CollectLive(uint64_t measure_hash, const model::EntityKey& key, model::DayNumber oldest,
                       std::vector<feature::LiveCell>* out) const;
  // What is wanting in the answer of (measure, key) from `blob_cut` on (kNoCut: the store has none)
  // because of epochs that are no longer in memory, because the store lacks what it had
  // (SetLacking), or because a proof failed; of a window that begins at `oldest`. `reread`: a blob
  // read anew may well be newer, and whole.
  struct Doubts {
    uint16_t reasons = 0;
    bool reread = false;
  };
  Doubts FindDoubts(uint64_t measure_hash, const model::EntityKey& key, feature::CutId blob_cut,
                    model::DayNumber oldest) const;
  // Provisionals of (measure, key) that are neither replaced by their event nor expired; with
  // `without_current`, not those of the view's own transaction. Many of one day may come as one.
  void CollectOverlay(uint64_t measure_hash, const model::EntityKey& key, bool without_current,
                      std::vector<feature::DayTile>* out) const;

  // What the log's events in the window add up to in a sliding measure. Returns the PartialReason
  // bits that apply: what SetSlidingFrom said; too_old where the window begins before what is still
  // kept; limit where an edge lies in a minute of which the sub-total alone is left, or events
  // found no room; rebuilding where the measure is not counted here.
  uint16_t ReadSliding(uint64_t measure_hash, const model::EntityKey& key,
                       const feature::SlidingWindow& window, feature::Tile* out) const;
  // CollectOverlay of a sliding measure: what lies in the window. Many may come as one, under the
  // time of the last.
  void CollectSlidingOverlay(uint64_t measure_hash, const model::EntityKey& key,
                             const feature::SlidingWindow& window, bool without_current,
                             std::vector<feature::TimedTile>* out) const;

  // Counts the transaction provisionally; `contributions` are in the measures of `features`.
  // Nothing is put where PaymentSeen(), nor of no contributions. False: no room
  // (overlay_bytes_max), PARTIAL(limit).
  bool PutProvisional(const feature::FeatureSet& features,
                      std::span<const feature::Contribution> contributions,
                      std::span<const feature::SlidingContribution> sliding = {});
  // The same with the real outcome, where the provisional still stands; nothing where its event
  // came meanwhile. Where PutProvisional was given no contributions none stands: put them instead.
  void ReplaceProvisional(const feature::FeatureSet& features,
                          std::span<const feature::Contribution> contributions,
                          std::span<const feature::SlidingContribution> sliding = {});

  AsOf as_of() const { return live_.as_of(); }
  const feature::DayMode* DayModeOf(uint64_t measure_hash) const {
    return live_.DayModeOf(measure_hash);
  }

 private:
  void EndProvisional();
  bool WillBeOrphan(size_t measure, model::DayNumber day) const;
  void Put(const feature::FeatureSet& features,
           std::span<const feature::Contribution> contributions,
           std::span<const feature::SlidingContribution> sliding);
  template <typename TakeWhole, typename Visit>
  void VisitOverlay(uint16_t measure, const model::EntityKey& key, bool without_current,
                    TakeWhole take_whole, Visit visit) const;

  LiveState& live_;
  Tables& tables_;
  Touched touched_;
  int64_t lag_now_ms_;
  mutable std::optional<bool> payment_seen_;  // as soon as it was asked
  StripeSet stripes_;
};

}  // namespace verdict::counters
