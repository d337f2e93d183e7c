// Sliding windows in live state: an event added, a window read, what no window reaches let go.
#include <algorithm>

#include "base/check.h"
#include "counters/live_state.h"
#include "counters/tables.h"

namespace verdict::counters {
namespace {

// A round over all series of a table is begun when so much of what they keep can have gone.
constexpr int64_t kShareKeptLonger = 16;
constexpr int64_t kMinuteMs = 60'000;

}  // namespace

int LiveState::Tables::SlidingNumber(uint64_t hash) const {
  for (size_t i = 0; i < sliding.size(); ++i) {
    if (sliding[i].hash == hash) return static_cast<int>(i);
  }
  return -1;
}

void LiveState::Tables::AddSliding(const feature::SlidingContribution& one,
                                   const LiveOptions& options) {
  const int64_t time_ms = one.entry.time_ms();
  if (time_ms <= sliding[one.measure].kept_from_ms.load(std::memory_order_relaxed)) return;
  SlidingTable& table = stripes[one.key.stripe()].sliding[one.measure];
  const size_t table_before = table.bytes();
  SlidingSeries* series = table.Find(one.key);
  const bool full = sliding_bytes.load(std::memory_order_relaxed) >= options.sliding_bytes_max;
  if (full && (series == nullptr || (!series->in_blocks() && !series->has_room()))) {
    table.NoteRefused(time_ms);
    sliding_refused.fetch_add(1, std::memory_order_relaxed);
    metrics.sliding_refused.Add();
    return;
  }
  if (series == nullptr) series = table.Insert(one.key);
  const size_t series_before = series->bytes();
  size_t minutes = full ? series->Fold(SlidingSeries::HalfOf(series->entries())) : 0;
  series->Add(one.entry);
  minutes += series->Fold(options.sliding_events_per_key_max);
  table.NoteBytes(*series, series_before);
  NoteSliding(table, table_before, minutes);
}

// Sizes are unsigned: what shrank wraps around, and back.
void LiveState::Tables::NoteSliding(const SlidingTable& table, size_t bytes_before,
                                    size_t minutes_folded) {
  const size_t added = table.bytes() - bytes_before;
  if (added != 0) sliding_bytes.fetch_add(added, std::memory_order_relaxed);
  if (minutes_folded == 0) return;
  sliding_minutes_folded.fetch_add(minutes_folded, std::memory_order_relaxed);
  metrics.sliding_folded.Add(minutes_folded);
}

void LiveState::Tables::AdvanceSliding(int64_t now_ms) {
  for (SlidingState& measure : sliding) {
    const int64_t kept_from_ms = now_ms - measure.window_ms_max - kSlidingLateMs;
    if (kept_from_ms > measure.kept_from_ms.load(std::memory_order_relaxed)) {
      measure.kept_from_ms.store(kept_from_ms, std::memory_order_relaxed);
    }
  }
}

void LiveState::Tables::SweepSliding(Stripe* stripe, const LiveOptions& options) {
  SlidingTable::SweepOptions sweep;
  sweep.tight = sliding_bytes.load(std::memory_order_relaxed) >=
                options.sliding_bytes_max - options.sliding_bytes_max / kShareKeptLonger;
  for (size_t i = 0; i < sliding.size(); ++i) {
    const SlidingState& measure = sliding[i];
    sweep.kept_from_ms = measure.kept_from_ms.load(std::memory_order_relaxed);
    sweep.every_ms =
        std::max(kMinuteMs, (measure.window_ms_max + kSlidingLateMs) / kShareKeptLonger);
    SlidingTable& table = stripe->sliding[i];
    const size_t bytes_before = table.bytes();
    const size_t minutes = table.Sweep(sweep);
    NoteSliding(table, bytes_before, minutes);
  }
}

void LiveState::SetSlidingFrom(int64_t event_time_ms, uint16_t reasons) {
  tables_->sliding_reasons.store(reasons, std::memory_order_relaxed);
  tables_->sliding_from_ms.store(event_time_ms, std::memory_order_release);
}

uint16_t LiveState::View::ReadSliding(uint64_t measure_hash, const model::EntityKey& key,
                                      const feature::SlidingWindow& window,
                                      feature::Tile* out) const {
  const int number = tables_.SlidingNumber(measure_hash);
  if (number < 0) return model::kPartialRebuilding;
  CHECK(stripes_.Contains(key.stripe()));
  const auto measure = static_cast<size_t>(number);
  uint16_t reasons = 0;
  if (window.after_ms < tables_.sliding_from_ms.load(std::memory_order_acquire)) {
    reasons |= tables_.sliding_reasons.load(std::memory_order_relaxed);
  }
  if (window.after_ms < tables_.sliding[measure].kept_from_ms.load(std::memory_order_relaxed)) {
    reasons |= model::kPartialTooOld;
  }
  SlidingTable& table = tables_.stripes[key.stripe()].sliding[measure];
  if (window.after_ms < table.refused_until_ms()) reasons |= model::kPartialLimit;
  bool exact = true;
  if (const SlidingSeries* series = table.Find(key)) *out = series->Read(window, &exact);
  if (!exact) reasons |= model::kPartialLimit;
  return reasons;
}

}  // namespace verdict::counters
