// What does not count: making the state, asking about it, letting go of what is old.
#include "counters/live_state.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "counters/day_modes.h"
#include "counters/decision_bytes.h"
#include "counters/tables.h"

namespace verdict::counters {
namespace {

constexpr uint32_t kStripesPerExpire = kStripes / LiveState::kExpireCallsPerRound;

LiveMetricHandles RegisterMetrics() {
  base::MetricRegistry& registry = base::Metrics();
  LiveMetricHandles handles;
  for (int i = 0; i < eventlog::kEventClasses; ++i) {
    const std::string name(eventlog::EventClassName(static_cast<eventlog::EventClass>(i)));
    handles.events[static_cast<size_t>(i)] = registry.AddCounter(
        "verdict_agg_events_total", "Events read from the log, each in exactly one class.",
        {{"class", name}});
  }
  const auto ended = [&](const char* state) {
    return registry.AddCounter("verdict_agg_provisional_total",
                               "Provisional transactions by how they ended.", {{"state", state}});
  };
  handles.replaced = ended("replaced");
  handles.expired = ended("expired");
  handles.changed_by_event = ended("changed_by_event");
  const auto evicted = [&](const char* kind) {
    return registry.AddCounter("verdict_agg_evicted_total",
                               "Entries forgotten for want of memory before their time.",
                               {{"kind", kind}});
  };
  handles.dedup_evicted = evicted("dedup");
  handles.decisions_evicted = evicted("decisions");
  handles.cells_refused = evicted("cells");
  handles.orphans = registry.AddCounter("verdict_agg_orphan_contributions_total",
                                        "What events would have added to imported measures, had "
                                        "they not come too late for the import.");
  handles.sliding_refused = evicted("sliding");
  handles.sliding_folded = registry.AddCounter(
      "verdict_agg_sliding_folded_total",
      "Minutes of sliding windows of which the sub-total alone is left, for want of room.");
  return handles;
}

}  // namespace

EpochCells& Stripe::Cells(uint16_t measure, feature::CutId epoch) {
  std::vector<EpochCells>& epochs = measures[measure];
  // Nearly always the newest one.
  auto place = epochs.end();
  while (place != epochs.begin() && std::prev(place)->epoch >= epoch) --place;
  if (place == epochs.end() || place->epoch != epoch) {
    place = epochs.emplace(place);
    place->epoch = epoch;
  }
  return *place;
}

DayTotal& EpochTotals::Of(model::DayNumber day) {
  for (DayTotal& total : days) {
    if (total.day == day) return total;
  }
  days.push_back({.day = day});
  return days.back();
}

LiveState::Tables::Tables(const LiveParts& parts, const LiveOptions& options)
    : reasons(parts.features->measures().size()),
      sliding(parts.features->sliding_measures().size()),
      metrics(RegisterMetrics()) {
  for (const feature::Measure& measure : parts.features->measures()) {
    measure_hashes.push_back(measure.hash);
  }
  apart = std::make_unique<std::atomic<bool>[]>(measure_hashes.size());
  lacking = std::make_unique<std::atomic<feature::CutId>[]>(measure_hashes.size());
  for (size_t i = 0; i < measure_hashes.size(); ++i) lacking[i] = feature::kNoCut;
  for (size_t i = 0; i < sliding.size(); ++i) {
    sliding[i].hash = parts.features->sliding_measures()[i].hash;
    sliding[i].window_ms_max = parts.features->sliding_measures()[i].window_ms_max;
  }
  for (size_t i = 0; i < kStripes; ++i) {
    stripes[i].measures.resize(measure_hashes.size());
    stripes[i].doubts.resize(measure_hashes.size());
    stripes[i].sliding.resize(sliding.size());
  }
  totals.resize(measure_hashes.size());
  for (int i = 0; i < parts.partitions; ++i) {
    partitions.push_back(std::make_unique<PartitionState>(options.dedup_ids_per_partition));
  }
}

int LiveState::Tables::MeasureNumber(uint64_t hash) const {
  for (size_t i = 0; i < measure_hashes.size(); ++i) {
    if (measure_hashes[i] == hash) return static_cast<int>(i);
  }
  return -1;
}

EpochTotals& LiveState::Tables::Totals(uint16_t measure, feature::CutId epoch) {
  std::vector<EpochTotals>& epochs = totals[measure];
  auto place = epochs.end();
  while (place != epochs.begin() && std::prev(place)->epoch >= epoch) --place;
  if (place == epochs.end() || place->epoch != epoch) {
    place = epochs.emplace(place);
    place->epoch = epoch;
  }
  return *place;
}

LiveState::LiveState(LiveParts parts, const LiveOptions& options)
    : parts_(std::move(parts)), options_(options) {
  CHECK(parts_.features != nullptr && parts_.schedule != nullptr && parts_.hasher != nullptr &&
        parts_.clock != nullptr && parts_.partitions > 0 && parts_.partitions <= kPartitionsMax);
  CHECK(parts_.features->entities().size() <= kMaxEntityTypes);
  day_modes_ = std::make_unique<DayModes>(parts_.features->measures().size());
  tables_ = std::make_unique<Tables>(parts_, options_);
  tables_->complete_ms = LagNowMs();
}

LiveState::~LiveState() = default;

absl::Status LiveState::Rebind(const feature::FeatureSet& features) const {
  const feature::FeatureOptions& ours = parts_.features->options();
  const feature::FeatureOptions& theirs = features.options();
  if (ours.zone_name != theirs.zone_name || ours.base_currency != theirs.base_currency ||
      ours.late_accept_days != theirs.late_accept_days ||
      ours.future_skew_ms != theirs.future_skew_ms) {
    return absl::FailedPreconditionError(
        "restart the service: the business zone, base currency, late_accept or future_skew of the "
        "features changed, and what is counted would be counted otherwise");
  }
  if (features.entities().size() > kMaxEntityTypes) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "%d entity types, at most %d", features.entities().size(), kMaxEntityTypes));
  }
  for (const feature::Feature& feature : features.features()) {
    const bool counted =
        feature.slides()
            ? tables_->SlidingNumber(features.sliding_measures()[feature.measure].hash) >= 0
            : tables_->MeasureNumber(features.measures()[feature.measure].hash) >= 0;
    if (counted) continue;
    return absl::FailedPreconditionError(absl::StrFormat(
        "restart the service: feature %s adds up something that is not counted yet (a new entity, "
        "`of` or `where`)",
        feature.full_name));
  }
  return absl::OkStatus();
}

model::EntityKey LiveState::PaymentKey(std::string_view transaction_id) const {
  return parts_.hasher->EventId(transaction_id, static_cast<uint8_t>(model::EventKind::kPayment),
                                0);
}

int LiveState::partitions() const { return static_cast<int>(tables_->partitions.size()); }

eventlog::Partition LiveState::PlaceOf(std::string_view merchant_id) const {
  return parts_.placed_by_merchant ? eventlog::PartitionOf(merchant_id, partitions())
                                   : kAnyPartition;
}

void LiveState::Grow(int partitions) {
  CHECK(partitions <= kPartitionsMax);
  while (this->partitions() < partitions) {
    tables_->partitions.push_back(
        std::make_unique<PartitionState>(options_.dedup_ids_per_partition));
  }
}

int64_t LiveState::LagNowMs() const {
  if (!parts_.clock->is_event_clock()) return parts_.clock->NowMs();
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

void LiveState::NoteComplete(int64_t moment_ms, feature::CutId epoch) {
  tables_->complete_ms.store(moment_ms, std::memory_order_relaxed);
  if (epoch > tables_->complete_epoch.load(std::memory_order_relaxed)) {
    tables_->complete_epoch.store(epoch, std::memory_order_relaxed);
  }
}

AsOf LiveState::as_of() const {
  AsOf as_of;
  as_of.newest_epoch = std::max(tables_->applied_epoch.load(std::memory_order_relaxed),
                                tables_->complete_epoch.load(std::memory_order_relaxed));
  as_of.lag_ms =
      std::max(int64_t{0}, LagNowMs() - tables_->complete_ms.load(std::memory_order_relaxed));
  return as_of;
}

void LiveState::Expire() {
  const int64_t lag_now_ms = LagNowMs();
  const int64_t oldest_decision_ms = parts_.clock->NowMs() - options_.decisions_kept_ms;
  const bool tight =
      tables_->overlay_bytes.load(std::memory_order_relaxed) > options_.overlay_bytes_max / 2;
  tables_->AdvanceSliding(parts_.clock->NowMs());
  for (uint32_t i = 0; i < kStripesPerExpire; ++i) {
    Stripe& stripe = tables_->stripes[tables_->next_stripe_to_expire];
    tables_->next_stripe_to_expire = (tables_->next_stripe_to_expire + 1) % kStripes;
    base::MutexLock lock(stripe.mutex);
    tables_->SweepSliding(&stripe, options_);
    const size_t expired = tables_->ChangeOverlay(
        &stripe, [&](Overlay& overlay) { return overlay.Sweep(lag_now_ms, tight); });
    if (expired != 0) {
      tables_->provisionals.fetch_sub(expired, std::memory_order_relaxed);
      tables_->provisionals_expired.fetch_add(expired, std::memory_order_relaxed);
      tables_->metrics.expired.Add(expired);
    }
    const size_t evicted =
        stripe.decisions.Expire(oldest_decision_ms, options_.decisions_bytes_max / kStripes);
    if (evicted == 0) continue;
    tables_->decisions_evicted.fetch_add(evicted, std::memory_order_relaxed);
    tables_->metrics.decisions_evicted.Add(evicted);
  }
}

void LiveState::SetReasons(uint64_t measure_hash, uint16_t reasons, model::DayNumber newest_day) {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return;
  tables_->reasons[static_cast<size_t>(measure)].store({reasons, newest_day},
                                                       std::memory_order_relaxed);
}

void LiveState::AddReasons(uint64_t measure_hash, uint16_t reasons, model::DayNumber newest_day) {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return;
  std::atomic<MeasureReasons>& stored = tables_->reasons[static_cast<size_t>(measure)];
  MeasureReasons set = stored.load(std::memory_order_relaxed);
  MeasureReasons both;
  do {
    both.newest_day = set.bits == 0 ? newest_day : std::max(set.newest_day, newest_day);
    both.bits = set.bits | reasons;
  } while (!stored.compare_exchange_weak(set, both, std::memory_order_relaxed));
}

void LiveState::ClearReasons(uint64_t measure_hash, uint16_t reasons) {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return;
  std::atomic<MeasureReasons>& stored = tables_->reasons[static_cast<size_t>(measure)];
  // The version first: who sees the reasons gone, then asks for the version, sees the new one.
  tables_->reasons_version.fetch_add(1, std::memory_order_seq_cst);
  MeasureReasons set = stored.load(std::memory_order_relaxed);
  MeasureReasons left;
  do {
    left = set;
    left.bits &= ~static_cast<uint32_t>(reasons);
  } while (!stored.compare_exchange_weak(set, left, std::memory_order_seq_cst));
}

void LiveState::SetLacking(uint64_t measure_hash, feature::CutId to) {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return;
  tables_->reasons_version.fetch_add(1, std::memory_order_seq_cst);  // first: as ClearReasons
  tables_->lacking[static_cast<size_t>(measure)].store(to, std::memory_order_seq_cst);
}

feature::CutId LiveState::LackingOf(uint64_t measure_hash) const {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return feature::kNoCut;
  return tables_->lacking[static_cast<size_t>(measure)].load(std::memory_order_relaxed);
}

uint16_t LiveState::ReasonsOf(uint64_t measure_hash) const {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return 0;
  return static_cast<uint16_t>(
      tables_->reasons[static_cast<size_t>(measure)].load(std::memory_order_relaxed).bits);
}

model::DayNumber LiveState::ReasonsNewestDay(uint64_t measure_hash) const {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure < 0) return feature::kNoDay;
  const MeasureReasons set =
      tables_->reasons[static_cast<size_t>(measure)].load(std::memory_order_relaxed);
  return set.bits == 0 ? feature::kNoDay : set.newest_day;
}

uint64_t LiveState::reasons_version() const {
  return tables_->reasons_version.load(std::memory_order_acquire);
}

void LiveState::SetDayMode(uint64_t measure_hash, const feature::DayMode& mode) {
  const int measure = tables_->MeasureNumber(measure_hash);
  if (measure >= 0) day_modes_->Set(static_cast<size_t>(measure), mode);
}

const feature::DayMode* LiveState::DayModeOf(uint64_t measure_hash) const {
  if (!day_modes_->any()) return nullptr;
  const int measure = tables_->MeasureNumber(measure_hash);
  return measure < 0 ? nullptr : day_modes_->Of(static_cast<size_t>(measure));
}

absl::StatusOr<model::Decision> LiveState::FindDecision(std::string_view transaction_id) const {
  const model::EntityKey payment = PaymentKey(transaction_id);
  Stripe& stripe = tables_->stripes[payment.stripe()];
  base::MutexLock lock(stripe.mutex);
  const DecisionSlot* slot = stripe.decisions.Find(payment);
  if (slot == nullptr || !slot->answered) {
    return absl::NotFoundError(
        absl::StrFormat("no decision is kept for transaction \"%s\"", std::string(transaction_id)));
  }
  model::Decision decision;
  RETURN_IF_ERROR(UnpackDecision(slot->packed, &decision));
  return decision;
}

}  // namespace verdict::counters
