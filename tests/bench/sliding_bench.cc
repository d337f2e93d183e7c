// What windows of minutes and hours cost: one read of one key, however busy; events applied with
// and without them; bytes an event.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "bench/allocation_count.h"
#include "counters/live_world.h"
#include "counters/sliding_series.h"

namespace verdict::counters {
namespace {

using namespace verdict::testing;  // NOLINT: the benchmark's own words
using std::chrono::steady_clock;

std::shared_ptr<const feature::FeatureSet> SlidingSet() {
  return CompileFeatures({Declare("volume_24h", "merchant", "sum", "txn.amount_base_minor", "24h"),
                          Declare("volume_1h", "merchant", "sum", "txn.amount_base_minor", "1h"),
                          Declare("max_5m", "merchant", "max", "txn.amount_base_minor", "5m"),
                          Declare("count_1h", "card", "count", "", "1h")});
}

// One merchant with `events` events spread evenly over `span_ms` up to noon.
void Fill(LiveWorld* world, int events, int64_t span_ms) {
  for (int i = 0; i < events; ++i) {
    world->Apply(EventOf(Payment("t" + std::to_string(i), kNoon - span_ms + span_ms * i / events,
                                 i % 1000, "hot", "c" + std::to_string(i % 50'000))));
  }
}

// One window of one key: events (range 0) spread over minutes (range 1), a window of minutes
// (range 2).
void BM_SlidingRead(benchmark::State& state) {
  LiveWorld world(1, {}, SlidingSet());
  Fill(&world, static_cast<int>(state.range(0)), state.range(1) * kMinuteMs);
  const auto scored = world.Score(Payment("ask", kNoon, 0, "hot", "c1"));
  const feature::SlidingMeasure& measure =
      world.features->sliding_measures()[world.FeatureNamed("volume_1h").measure];
  const model::EntityKey key = *scored->keys[measure.entity];
  std::mt19937_64 random(1);
  std::vector<int64_t> nanoseconds;
  uint64_t allocated = 0;
  LiveState::View view(world.live, scored->touched);
  for (auto _ : state) {
    const int64_t until_ms = kNoon - static_cast<int64_t>(random() % 10'000);
    feature::Tile total;
    const uint64_t before = bench::AllocationsOfThisThread();
    const auto start = steady_clock::now();
    view.ReadSliding(measure.hash, key, {until_ms - state.range(2) * kMinuteMs, until_ms}, &total);
    const auto spent = steady_clock::now() - start;
    allocated += bench::AllocationsOfThisThread() - before;
    benchmark::DoNotOptimize(total);
    nanoseconds.push_back(spent.count());
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  state.counters["p50_ns"] = static_cast<double>(nanoseconds[nanoseconds.size() / 2]);
  state.counters["p99_ns"] = static_cast<double>(nanoseconds[nanoseconds.size() * 99 / 100]);
  state.counters["allocations"] = static_cast<double>(allocated);
}
BENCHMARK(BM_SlidingRead)
    ->Args({5, 1440, 1440})
    ->Args({100, 1440, 1440})
    ->Args({65'000, 1440, 1440})
    ->Args({65'000, 1440, 60})
    ->Args({65'000, 60, 60})
    ->Args({65'000, 1, 60})
    ->Args({200'000, 1440, 1440});

// Events applied with sliding measures (range 0: 1) or with days alone.
void BM_ApplyWithSliding(benchmark::State& state) {
  std::vector<feature::FeatureDeclaration> declared = SmallDeclarations();
  if (state.range(0) != 0) {
    declared.push_back(Declare("volume_1h", "merchant", "sum", "txn.amount_base_minor", "1h"));
    declared.push_back(Declare("count_1h", "card", "count", "", "1h"));
  }
  const auto set = CompileFeatures(declared);
  std::mt19937_64 random(1);
  std::vector<eventlog::LogRecord> records(200'000);
  for (size_t i = 0; i < records.size(); ++i) {
    records[i].offset = static_cast<eventlog::Offset>(i);
    records[i].record_time_ms = kNoon + static_cast<int64_t>(i) / 50;
    const std::string n = std::to_string(i);
    records[i].event = EventOf(Payment("t" + n, records[i].record_time_ms, 100,
                                       "m" + std::to_string(random() % 20'000),
                                       "c" + std::to_string(random() % 100'000)));
  }
  double bytes_per_event = 0;
  for (auto _ : state) {
    LiveWorld world(1, {}, set);
    for (const eventlog::LogRecord& record : records) world.live.Apply(record);
    bytes_per_event = static_cast<double>(world.live.sizes().sliding_bytes) /
                      static_cast<double>(2 * records.size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(records.size()));
  state.counters["bytes_per_entry"] = bytes_per_event;
}
BENCHMARK(BM_ApplyWithSliding)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

// One key that gets all events, in order or up to a minute late (range 0).
void BM_AddToHotKey(benchmark::State& state) {
  std::mt19937_64 random(1);
  int64_t now_ms = kNoon;
  SlidingSeries series;
  for (auto _ : state) {
    now_ms += 20;
    const int64_t late_ms = state.range(0) == 0 ? 0 : static_cast<int64_t>(random() % kMinuteMs);
    series.Add({now_ms - late_ms, model::EventKind::kPayment, feature::AmountState::kKnown, 5});
    series.Fold(65'536);
  }
}
BENCHMARK(BM_AddToHotKey)->Arg(0)->Arg(1);

}  // namespace
}  // namespace verdict::counters
