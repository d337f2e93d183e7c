// One point of the log, for one transaction and all its entities (R20).
#include <algorithm>

#include "base/check.h"
#include "counters/day_modes.h"
#include "counters/decision_bytes.h"
#include "counters/live_state.h"
#include "counters/tables.h"

namespace verdict::counters {

namespace {

// One of them, or all.
template <typename Partitions>
auto PartitionsOf(const Partitions& partitions, eventlog::Partition which) {
  return which == kAnyPartition ? std::span(partitions.begin(), partitions.end())
                                : std::span(partitions.begin() + which, static_cast<size_t>(1));
}

}  // namespace

LiveState::View::View(LiveState& live, const Touched& touched) NO_LOCK_ANALYSIS
    : live_(live),
      tables_(*live.tables_),
      touched_(touched),
      lag_now_ms_(live.LagNowMs()),
      stripes_(touched.payment, touched.entities) {
  CHECK(touched.partition >= kAnyPartition && touched.partition < live.partitions());
  for (const uint16_t stripe : stripes_) tables_.stripes[stripe].mutex.Lock();
}

LiveState::View::~View() NO_LOCK_ANALYSIS {
  for (const uint16_t stripe : stripes_) tables_.stripes[stripe].mutex.Unlock();
}

SlotState LiveState::View::FindOrOpen(const std::array<uint64_t, 2>& request_digest,
                                      model::Decision* answered) {
  DecisionTable& decisions = tables_.stripes[touched_.payment.stripe()].decisions;
  const DecisionSlot* slot = decisions.Find(touched_.payment);
  if (slot == nullptr) {
    decisions.Open(touched_.payment, request_digest);
    return SlotState::kOpened;
  }
  if (slot->digest != request_digest) return SlotState::kConflict;
  if (!slot->answered) return SlotState::kOpenElsewhere;
  CHECK(UnpackDecision(slot->packed, answered).ok());  // packed by ourselves
  return SlotState::kAnswered;
}

bool LiveState::View::Park(Waiter waiter) {
  DecisionSlot* slot = tables_.stripes[touched_.payment.stripe()].decisions.Find(touched_.payment);
  CHECK(slot != nullptr && !slot->answered);
  if (slot->waiters.size() >= kMaxWaitersPerTransaction) return false;
  slot->waiters.push_back(std::move(waiter));
  return true;
}

void LiveState::View::Answer(const model::Decision& decision, std::vector<Waiter>* waiters) {
  DecisionTable& decisions = tables_.stripes[touched_.payment.stripe()].decisions;
  DecisionSlot* slot = decisions.Find(touched_.payment);
  CHECK(slot != nullptr && !slot->answered);
  std::move(slot->waiters.begin(), slot->waiters.end(), std::back_inserter(*waiters));
  slot->waiters.clear();
  const int64_t now_ms = live_.parts_.clock->NowMs();
  decisions.Answer(slot, decision, now_ms);
  const size_t evicted = decisions.Expire(now_ms - live_.options_.decisions_kept_ms,
                                          live_.options_.decisions_bytes_max / kStripes);
  if (evicted == 0) return;
  tables_.decisions_evicted.fetch_add(evicted, std::memory_order_relaxed);
  tables_.metrics.decisions_evicted.Add(evicted);
}

void LiveState::View::Abandon(std::vector<Waiter>* waiters) {
  Stripe& stripe = tables_.stripes[touched_.payment.stripe()];
  DecisionSlot* slot = stripe.decisions.Find(touched_.payment);
  CHECK(slot != nullptr && !slot->answered);
  std::move(slot->waiters.begin(), slot->waiters.end(), std::back_inserter(*waiters));
  slot->waiters.clear();
  stripe.decisions.Abandon(touched_.payment);
  EndProvisional();
}

// Applying the payment takes its stripe: the answer holds as long as the view does.
bool LiveState::View::PaymentSeen() const {
  if (!payment_seen_) {
    payment_seen_ = false;
    for (const auto& partition : PartitionsOf(tables_.partitions, touched_.partition)) {
      base::MutexLock lock(partition->mutex);
      if (!partition->window.Contains(touched_.payment)) continue;
      payment_seen_ = true;
      break;
    }
  }
  return *payment_seen_;
}

bool LiveState::View::WithinDedupHorizon(int64_t event_time_ms) const {
  int64_t horizon_ms = INT64_MIN;
  for (const auto& partition : PartitionsOf(tables_.partitions, touched_.partition)) {
    horizon_ms = std::max(horizon_ms, partition->horizon_ms.load(std::memory_order_relaxed));
  }
  // What is not quarantined was recorded at most future_skew before its event time.
  return horizon_ms == INT64_MIN ||
         event_time_ms - horizon_ms >= live_.parts_.features->options().future_skew_ms;
}

void LiveState::View::Prefetch(const feature::FeatureSet& features,
                               std::span<const std::optional<model::EntityKey>> keys) const {
  const auto for_each = [&](auto visit) {
    for (const feature::Measure& measure : features.measures()) {
      const std::optional<model::EntityKey>& key = keys[measure.entity];
      const int number = key ? tables_.MeasureNumber(measure.hash) : -1;
      if (number < 0) continue;
      visit(tables_.stripes[key->stripe()], static_cast<uint16_t>(number), *key);
    }
  };
  for_each([](const Stripe& s, uint16_t m, const auto& key) { s.PrefetchPlaces(m, key); });
  for (const feature::SlidingMeasure& measure : features.sliding_measures()) {
    const std::optional<model::EntityKey>& key = keys[measure.entity];
    const int number = key ? tables_.SlidingNumber(measure.hash) : -1;
    if (number >= 0) tables_.stripes[key->stripe()].PrefetchSliding(number, *key);
  }
  for_each([](const Stripe& s, uint16_t m, const auto& key) { s.PrefetchCells(m, key); });
}

uint16_t LiveState::View::CollectLive(uint64_t measure_hash, const model::EntityKey& key,
                                      model::DayNumber oldest,
                                      std::vector<feature::LiveCell>* out) const {
  const int measure = tables_.MeasureNumber(measure_hash);
  if (measure < 0) return model::kPartialRebuilding;
  CHECK(stripes_.Contains(key.stripe()));
  const MeasureReasons set =
      tables_.reasons[static_cast<size_t>(measure)].load(std::memory_order_acquire);
  constexpr uint32_t kOfAllDays = model::kPartialRebuilding | model::kPartialSuspect;
  auto reasons = static_cast<uint16_t>(oldest <= set.newest_day ? set.bits : set.bits & kOfAllDays);
  for (const EpochCells& cells :
       tables_.stripes[key.stripe()].measures[static_cast<size_t>(measure)]) {
    if (cells.limited) reasons |= model::kPartialLimit;
    const CellTable& table = *cells.table;
    if (table.last_day() < oldest) continue;
    table.ForEach(key, [&](model::DayNumber day, uint32_t number) {
      if (day >= oldest) out->push_back({cells.epoch, day, table.Read(number)});
    });
  }
  return reasons;
}

LiveState::View::Doubts LiveState::View::FindDoubts(uint64_t measure_hash,
                                                    const model::EntityKey& key,
                                                    feature::CutId blob_cut,
                                                    model::DayNumber oldest) const {
  Doubts found;
  const int measure = tables_.MeasureNumber(measure_hash);
  if (measure < 0) return found;
  CHECK(stripes_.Contains(key.stripe()));
  // Whatever the window's parts: what the store has lost may be the very blob that says which days
  // come from it.
  const feature::CutId lacking =
      tables_.lacking[static_cast<size_t>(measure)].load(std::memory_order_acquire);
  if (lacking != feature::kNoCut && oldest <= lacking + 1) found.reasons |= model::kPartialSuspect;
  const StripeDoubts& doubts = tables_.stripes[key.stripe()].doubts[static_cast<size_t>(measure)];
  // A stretch's records lie before its cut, wherever in the day that is, and their events at most
  // future_skew later: none is of a later day than the next.
  for (const feature::CutId to : doubts.suspects) {
    if (oldest <= to + 1) found.reasons |= model::kPartialSuspect;
  }
  if (blob_cut >= doubts.guarded_to) return found;
  for (const DroppedEpochsPtr& guard : doubts.guards) {
    const feature::CutId to = guard->stretch.to;
    if (blob_cut >= to || oldest > to + 1) continue;
    if (guard->limited[key.stripe()]) found.reasons |= model::kPartialLimit;
    if (!guard->keys.MayHold(key)) continue;
    found.reasons |= model::kPartialSuspect;
    found.reread = true;
  }
  return found;
}

template <typename TakeWhole, typename Visit>
void LiveState::View::VisitOverlay(uint16_t measure, const model::EntityKey& key,
                                   bool without_current, TakeWhole take_whole, Visit visit) const {
  CHECK(stripes_.Contains(key.stripe()));
  const Provisional* skipped =
      without_current ? tables_.stripes[touched_.payment.stripe()].overlay.Find(touched_.payment)
                      : nullptr;
  tables_.ChangeOverlay(&tables_.stripes[key.stripe()], [&](Overlay& overlay) {
    overlay.VisitParts(measure, key, lag_now_ms_, skipped, take_whole, visit);
  });
}

void LiveState::View::CollectOverlay(uint64_t measure_hash, const model::EntityKey& key,
                                     bool without_current,
                                     std::vector<feature::DayTile>* out) const {
  const int measure = tables_.MeasureNumber(measure_hash);
  if (measure < 0) return;
  VisitOverlay(
      static_cast<uint16_t>(measure), key, without_current,
      [](int64_t first_day, int64_t last_day) { return first_day == last_day; },
      [&](int64_t day, const feature::Tile& tile) {
        out->push_back({static_cast<model::DayNumber>(day), tile});
      });
}

void LiveState::View::CollectSlidingOverlay(uint64_t measure_hash, const model::EntityKey& key,
                                            const feature::SlidingWindow& window,
                                            bool without_current,
                                            std::vector<feature::TimedTile>* out) const {
  const int measure = tables_.SlidingNumber(measure_hash);
  if (measure < 0) return;
  VisitOverlay(
      static_cast<uint16_t>(measure | kSlidingPart), key, without_current,
      [&](int64_t first_ms, int64_t last_ms) {
        return window.Holds(first_ms) && window.Holds(last_ms);
      },
      [&](int64_t time_ms, const feature::Tile& tile) {
        if (window.Holds(time_ms)) out->push_back({time_ms, tile});
      });
}

bool LiveState::View::PutProvisional(const feature::FeatureSet& features,
                                     std::span<const feature::Contribution> contributions,
                                     std::span<const feature::SlidingContribution> sliding) {
  if (PaymentSeen()) return true;
  const size_t parts = contributions.size() + sliding.size();
  const size_t needed = sizeof(Provisional) + parts * Overlay::kBytesOfLonePart;
  const bool room = tables_.overlay_bytes.load(std::memory_order_relaxed) + needed <=
                    live_.options_.overlay_bytes_max;
  if (parts > 0 && !room) return false;
  EndProvisional();
  if (parts > 0) Put(features, contributions, sliding);
  return true;
}

void LiveState::View::ReplaceProvisional(const feature::FeatureSet& features,
                                         std::span<const feature::Contribution> contributions,
                                         std::span<const feature::SlidingContribution> sliding) {
  const Provisional* standing =
      tables_.stripes[touched_.payment.stripe()].overlay.Find(touched_.payment);
  if (standing == nullptr || lag_now_ms_ >= standing->expires_ms) return;
  EndProvisional();
  if (!contributions.empty() || !sliding.empty()) Put(features, contributions, sliding);
}

void LiveState::View::EndProvisional() {
  const bool ended =
      tables_.ChangeOverlay(&tables_.stripes[touched_.payment.stripe()],
                            [&](Overlay& overlay) { return overlay.End(touched_.payment); });
  if (ended) {
    tables_.provisionals.fetch_sub(1, std::memory_order_relaxed);
  }
}

// Its event will be recorded now or later: what it would add then, nobody is to count before.
bool LiveState::View::WillBeOrphan(size_t measure, model::DayNumber day) const {
  const feature::DayMode* mode = live_.day_modes_->Of(measure);
  return mode != nullptr && eventlog::IsOrphan(day, live_.parts_.clock->NowMs(), *mode,
                                               live_.parts_.features->calendar());
}

void LiveState::View::Put(const feature::FeatureSet& features,
                          std::span<const feature::Contribution> contributions,
                          std::span<const feature::SlidingContribution> sliding) {
  const int64_t expires_ms = lag_now_ms_ + live_.options_.provisional_ttl_ms;
  Provisional* whole = tables_.ChangeOverlay(
      &tables_.stripes[touched_.payment.stripe()],
      [&](Overlay& overlay) { return overlay.Begin(touched_.payment, expires_ms); });
  const auto add = [&](const auto& one, uint64_t hash, int number, int64_t at,
                       const feature::Tile& tile) {
    CHECK(stripes_.Contains(one.key.stripe()));
    if (number < 0) return;
    whole->digest += ContributionDigest(hash, one);
    tables_.ChangeOverlay(&tables_.stripes[one.key.stripe()], [&](Overlay& overlay) {
      overlay.AddPart(whole, static_cast<uint16_t>(number), one.key, at, tile, lag_now_ms_);
    });
  };
  for (const feature::Contribution& one : contributions) {
    const uint64_t hash = features.measures()[one.measure].hash;
    const int measure = tables_.MeasureNumber(hash);
    if (measure >= 0 && WillBeOrphan(static_cast<size_t>(measure), one.day)) {
      whole->digest += ContributionDigest(hash, one);  // as its event will have it
      continue;
    }
    add(one, hash, measure, one.day, one.tile);
  }
  for (const feature::SlidingContribution& one : sliding) {
    const uint64_t hash = features.sliding_measures()[one.measure].hash;
    const int number = tables_.SlidingNumber(hash);
    add(one, hash, number < 0 ? number : number | kSlidingPart, one.entry.time_ms(),
        one.entry.tile());
  }
  tables_.provisionals.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace verdict::counters
