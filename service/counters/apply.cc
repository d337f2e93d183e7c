// One record of the log, counted: `apply` of AGGREGATES.md, section 7.
#include <algorithm>
#include <limits>

#include "base/check.h"
#include "counters/day_modes.h"
#include "counters/live_state.h"
#include "counters/tables.h"

namespace verdict::counters {
namespace {

using eventlog::EventClass;

static_assert(kFirstDay == eventlog::kFirstDayCounted && kLastDay == eventlog::kLastDayCounted);

uint64_t Mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * 0x9e3779b97f4a7c15ULL;
  return hash ^ (hash >> 29);
}

}  // namespace

uint64_t ContributionDigest(uint64_t measure_hash, const feature::Contribution& contribution) {
  uint64_t hash = Mix(measure_hash, contribution.key.table_hash());
  hash = Mix(hash, static_cast<uint64_t>(contribution.day));
  hash = Mix(hash, static_cast<uint64_t>(contribution.tile.sum));
  hash = Mix(hash, static_cast<uint64_t>(contribution.tile.count));
  hash = Mix(hash, static_cast<uint64_t>(contribution.tile.min));
  hash = Mix(hash, static_cast<uint64_t>(contribution.tile.max));
  return Mix(hash, contribution.tile.marks);
}

uint64_t ContributionDigest(uint64_t measure_hash,
                            const feature::SlidingContribution& contribution) {
  const feature::Tile tile = contribution.entry.tile();
  uint64_t hash = Mix(measure_hash, contribution.key.table_hash());
  hash = Mix(hash, static_cast<uint64_t>(contribution.entry.time_ms()));
  hash = Mix(hash, static_cast<uint64_t>(tile.sum));
  return Mix(hash, tile.marks);
}

// The steps of one Apply: everything that can be done outside the locks comes first.
class LiveState::Application {
 public:
  Application(LiveState& live, const eventlog::LogRecord& record)
      : live_(live),
        tables_(*live.tables_),
        record_(record),
        partition_(*tables_.partitions[static_cast<size_t>(record.partition)]) {}

  EventClass Run() {
    const bool is_event = record_.unreadable.empty() && !record_.left_out;
    const EventClass event_class = is_event           ? Count()
                                   : record_.left_out ? EventClass::kFiltered
                                                      : EventClass::kDeadLettered;
    if (!is_event) Advance();
    const auto index = static_cast<size_t>(event_class);
    tables_.events[index].fetch_add(1, std::memory_order_relaxed);
    tables_.metrics.events[index].Add();
    return event_class;
  }

  // Reads the event: keys of its entities, of its transaction, of itself.
  void Prepare() {
    const feature::FeatureSet& features = *live_.parts_.features;
    const model::Event& event = record_.event;
    features.FillRecord(event.txn, &tables_.record);
    features.EntityKeys(tables_.record, *live_.parts_.hasher, &tables_.keys);
    payment_ = live_.PaymentKey(event.txn.id);
    id_ = event.kind == model::EventKind::kPayment && event.sequence == 0
              ? payment_
              : live_.parts_.hasher->EventId(event.txn.id, static_cast<uint8_t>(event.kind),
                                             event.sequence);
  }

  // ApplyApart: the verdicts of Apply, for the measures that are counted apart.
  void RunApart(eventlog::DedupWindow* window) {
    if (!record_.unreadable.empty()) return;
    Prepare();
    const feature::FeatureSet& features = *live_.parts_.features;
    features.Contributions(record_.event, tables_.record, tables_.keys, tables_.arena.get(),
                           &tables_.contributions);
    epoch_ = live_.parts_.schedule->EpochOf(record_.record_time_ms);
    if (window->SeenOrInsert(id_, record_.record_time_ms)) return;
    if (eventlog::IsQuarantined(record_.event.txn.event_time_ms, record_.record_time_ms,
                                features.options(), features.calendar())) {
      return;
    }
    const StripeSet stripes(payment_, tables_.keys);
    StripeLocks locks(tables_.stripes.get(), stripes);
    CountContributions(/*apart=*/true);
  }

  void RememberApart(eventlog::DedupWindow* window) {
    if (!record_.unreadable.empty()) return;
    Prepare();
    window->SeenOrInsert(id_, record_.record_time_ms);
  }

  // True where the id was seen already; else it is from now on.
  bool SeenOrInsert() {
    base::MutexLock lock(partition_.mutex);
    const uint64_t evicted_before = partition_.window.evicted();
    const bool seen = partition_.window.SeenOrInsert(id_, record_.record_time_ms);
    const uint64_t evicted = partition_.window.evicted() - evicted_before;
    if (evicted != 0) tables_.metrics.dedup_evicted.Add(evicted);
    partition_.NoteHorizon();
    return seen;
  }

 private:
  EventClass Count() {
    Prepare();
    const feature::FeatureSet& features = *live_.parts_.features;
    features.Contributions(record_.event, tables_.record, tables_.keys, tables_.arena.get(),
                           &tables_.contributions);
    features.SlidingContributions(record_.event, tables_.record, tables_.keys, tables_.arena.get(),
                                  &tables_.sliding_contributions);
    epoch_ = live_.parts_.schedule->EpochOf(record_.record_time_ms);
    const StripeSet stripes(payment_, tables_.keys);
    StripeLocks locks(tables_.stripes.get(), stripes);
    Prefetch();
    const EventClass event_class = Classify();
    if (event_class == EventClass::kCounted || event_class == EventClass::kOrphan) {
      CountContributions(/*apart=*/false);
    }
    if (record_.event.kind == model::EventKind::kPayment) EndProvisional();
    if (record_.decision) RestoreDecision();
    Advance();
    return event_class;
  }

  void Prefetch() const {
    for (const feature::Contribution& one : tables_.contributions) {
      tables_.stripes[one.key.stripe()].PrefetchPlaces(one.measure, one.key);
    }
    for (const feature::Contribution& one : tables_.contributions) {
      tables_.stripes[one.key.stripe()].PrefetchCells(one.measure, one.key);
    }
    for (const feature::SlidingContribution& one : tables_.sliding_contributions) {
      tables_.stripes[one.key.stripe()].PrefetchSliding(one.measure, one.key);
    }
  }

  EventClass Classify() {
    const feature::FeatureSet& features = *live_.parts_.features;
    if (SeenOrInsert()) return EventClass::kDuplicate;
    if (eventlog::IsQuarantined(record_.event.txn.event_time_ms, record_.record_time_ms,
                                features.options(), features.calendar())) {
      return EventClass::kQuarantined;
    }
    const bool nothing = tables_.contributions.empty() && tables_.sliding_contributions.empty();
    if (nothing) return EventClass::kFiltered;
    return HasOrphans() ? EventClass::kOrphan : EventClass::kCounted;
  }

  bool HasOrphans() const {
    return live_.day_modes_->any() &&
           std::any_of(tables_.contributions.begin(), tables_.contributions.end(),
                       [this](const feature::Contribution& one) { return IsOrphan(one); });
  }

  bool IsOrphan(const feature::Contribution& one) const {
    const feature::DayMode* mode = live_.day_modes_->Of(one.measure);
    return mode != nullptr && eventlog::IsOrphan(one.day, record_.record_time_ms, *mode,
                                                 live_.parts_.features->calendar());
  }

  void CountContributions(bool apart) {
    if (!apart) {
      for (const feature::SlidingContribution& one : tables_.sliding_contributions) {
        tables_.AddSliding(one, live_.options_);
      }
    }
    base::MutexLock lock(tables_.totals_mutex);
    for (const feature::Contribution& one : tables_.contributions) {
      if (tables_.apart[one.measure] != apart) continue;
      if (IsOrphan(one)) {
        tables_.orphans.fetch_add(1, std::memory_order_relaxed);
        tables_.metrics.orphans.Add();
        continue;
      }
      const std::optional<bool> created = AddToCell(one);
      if (!created) continue;
      EpochTotals& totals = tables_.Totals(one.measure, epoch_);
      totals.dirty = true;
      DayTotal& day = totals.Of(one.day);
      day.sum += one.tile.sum;
      day.count += one.tile.count;
      day.cells += *created ? 1 : 0;
    }
  }

  // Whether the cell is new; nothing where it found no room.
  std::optional<bool> AddToCell(const feature::Contribution& one) {
    EpochCells& cells = tables_.stripes[one.key.stripe()].Cells(one.measure, epoch_);
    CellTable& table = *cells.table;
    uint32_t number = table.Find(one.key, one.day);
    const bool created = number == CellTable::kNone;
    if (created && !HasRoom(table)) {
      cells.limited = true;
      tables_.cells_refused.fetch_add(1, std::memory_order_relaxed);
      tables_.metrics.cells_refused.Add();
      return std::nullopt;
    }
    const size_t bytes_before = table.bytes();
    if (created) number = table.Insert(one.key, one.day);
    if (table.Merge(number, one.tile) && tables_.tracking) cells.dirty.push_back(number);
    const size_t added = table.bytes() - bytes_before;
    if (added != 0) tables_.live_cell_bytes.fetch_add(added, std::memory_order_relaxed);
    return created;
  }

  bool HasRoom(const CellTable& table) const {
    return tables_.live_cell_bytes.load(std::memory_order_relaxed) <
               live_.options_.cells_bytes_max &&
           table.cells() + 1 < CellTable::kNone;
  }

  void EndProvisional() {
    Overlay& overlay = tables_.stripes[payment_.stripe()].overlay;
    const Provisional* assumed = overlay.Find(payment_);
    if (assumed == nullptr) return;
    uint64_t digest = 0;
    for (const feature::Contribution& one : tables_.contributions) {
      digest += ContributionDigest(tables_.measure_hashes[one.measure], one);
    }
    for (const feature::SlidingContribution& one : tables_.sliding_contributions) {
      digest += ContributionDigest(tables_.sliding[one.measure].hash, one);
    }
    (assumed->digest == digest ? tables_.metrics.replaced : tables_.metrics.changed_by_event).Add();
    tables_.ChangeOverlay(&tables_.stripes[payment_.stripe()],
                          [&](Overlay& changed) { return changed.End(payment_); });
    tables_.provisionals.fetch_sub(1, std::memory_order_relaxed);
  }

  void RestoreDecision() {
    const int64_t oldest_ms = live_.parts_.clock->NowMs() - live_.options_.decisions_kept_ms;
    if (record_.record_time_ms < oldest_ms) return;
    tables_.stripes[payment_.stripe()].decisions.Restore(payment_, *record_.decision,
                                                         record_.record_time_ms);
  }

  void Advance() {
    partition_.newest_record_ms.store(record_.record_time_ms, std::memory_order_relaxed);
    const feature::CutId epoch = live_.parts_.schedule->EpochOf(record_.record_time_ms);
    if (epoch != partition_.epoch.load(std::memory_order_relaxed)) {
      base::MutexLock lock(partition_.mutex);
      partition_.bounds.Pass(epoch, partition_.next.load(std::memory_order_relaxed),
                             record_.offset);
      partition_.bounds_saved = false;
      partition_.epoch.store(epoch, std::memory_order_relaxed);
      feature::CutId least = epoch;
      for (const auto& one : tables_.partitions) {
        least = std::min(least, one->epoch.load(std::memory_order_relaxed));
      }
      tables_.applied_epoch.store(least, std::memory_order_relaxed);
    }
    partition_.next.store(record_.offset + 1, std::memory_order_relaxed);  // last
  }

  LiveState& live_;
  Tables& tables_;
  const eventlog::LogRecord& record_;
  PartitionState& partition_;
  model::EntityKey payment_;
  model::EntityKey id_;
  feature::CutId epoch_ = feature::kNoCut;
};

EventClass LiveState::Apply(const eventlog::LogRecord& record) {
  CHECK(record.partition >= 0 && record.partition < partitions());
  CHECK(record.offset >= tables_->partitions[static_cast<size_t>(record.partition)]->next.load(
                             std::memory_order_relaxed));
  return Application(*this, record).Run();
}

void LiveState::ApplyAll(std::span<const eventlog::LogRecord> records) {
  for (const eventlog::LogRecord& record : records) Apply(record);
}

void LiveState::RememberId(const eventlog::LogRecord& record) {
  CHECK(record.partition >= 0 && record.partition < partitions());
  if (!record.unreadable.empty() || record.left_out) return;
  Application application(*this, record);
  application.Prepare();
  application.SeenOrInsert();
}

void LiveState::CountApart(std::span<const uint64_t> measure_hashes) {
  for (const uint64_t hash : measure_hashes) {
    const int measure = tables_->MeasureNumber(hash);
    if (measure < 0) continue;
    tables_->apart[static_cast<size_t>(measure)] = true;
    // Said whatever the days; the other reasons keep theirs.
    AddReasons(hash, model::kPartialRebuilding, std::numeric_limits<model::DayNumber>::min());
  }
}

void LiveState::ApplyApart(const eventlog::LogRecord& record, eventlog::DedupWindow* window) {
  CHECK(record.partition >= 0 && record.partition < partitions());
  Application(*this, record).RunApart(window);
}

void LiveState::RememberIdApart(const eventlog::LogRecord& record, eventlog::DedupWindow* window) {
  CHECK(record.partition >= 0 && record.partition < partitions());
  Application(*this, record).RememberApart(window);
}

void LiveState::Join() {
  for (size_t i = 0; i < tables_->measure_hashes.size(); ++i) {
    if (!tables_->apart[i]) continue;
    tables_->apart[i].store(false, std::memory_order_release);
    ClearReasons(tables_->measure_hashes[i], model::kPartialRebuilding);
  }
}

void LiveState::StartAt(eventlog::Partition partition, eventlog::Offset next,
                        int64_t ids_known_from_ms) {
  CHECK(partition >= 0 && partition < partitions());
  PartitionState& state = *tables_->partitions[static_cast<size_t>(partition)];
  state.next.store(next, std::memory_order_relaxed);
  base::MutexLock lock(state.mutex);
  if (ids_known_from_ms != INT64_MIN) state.window.KnowsOnlyFrom(ids_known_from_ms);
  state.NoteHorizon();
}

}  // namespace verdict::counters
