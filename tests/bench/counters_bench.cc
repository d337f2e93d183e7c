// What live state costs: decoded events applied a second, one view of all features, bytes a cell.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "counters/live_world.h"

namespace verdict::counters {
namespace {

using namespace verdict::testing;  // NOLINT: the benchmark's own words

// Zipf-like: half of the draws among an eighth of what was left, and so on.
uint64_t Skewed(std::mt19937_64* random, uint64_t keys) {
  while (keys > 8 && ((*random)() & 1) != 0) keys /= 8;
  return (*random)() % keys;
}

std::vector<eventlog::LogRecord> MakeRecords(int count, uint64_t keys) {
  std::mt19937_64 random(1);
  std::vector<eventlog::LogRecord> records(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    eventlog::LogRecord& record = records[static_cast<size_t>(i)];
    record.offset = i;
    record.record_time_ms = kNoon + i / 50;
    record.event = EventOf(Payment(
        "t" + std::to_string(i), record.record_time_ms, static_cast<int64_t>(random() % 100'000),
        "m" + std::to_string(Skewed(&random, keys)), "c" + std::to_string(Skewed(&random, keys))));
  }
  return records;
}

void BM_Apply(benchmark::State& state) {
  const auto records = MakeRecords(200'000, static_cast<uint64_t>(state.range(0)));
  double bytes_per_cell = 0;
  for (auto _ : state) {
    LiveWorld world;
    for (const eventlog::LogRecord& record : records) world.live.Apply(record);
    const LiveSizes sizes = world.live.sizes();
    bytes_per_cell = static_cast<double>(sizes.cell_bytes + sizes.index_bytes) /
                     static_cast<double>(sizes.cells);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) *
                          static_cast<int64_t>(records.size()));
  state.counters["bytes_per_cell"] = bytes_per_cell;
}
BENCHMARK(BM_Apply)->Arg(1'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// Slot, dedup, provisional, cells and overlay of 12 (measure, key) pairs.
void BM_View(benchmark::State& state) {
  LiveWorld world;
  for (const auto& record : MakeRecords(100'000, 10'000)) world.live.Apply(record);
  const auto scored = world.Score(Payment("new", kNoon, 5, "m1", "c1"));
  const std::vector<feature::Measure>& measures = world.features->measures();
  std::vector<feature::LiveCell> cells;
  std::vector<feature::DayTile> overlay;
  const model::DayNumber day = world.features->calendar().DayOf(kNoon);
  for (auto _ : state) {
    cells.clear();
    overlay.clear();
    LiveState::View view(world.live, scored->touched);
    benchmark::DoNotOptimize(view.PaymentSeen());
    benchmark::DoNotOptimize(view.WithinDedupHorizon(kNoon));
    view.PutProvisional(*world.features, scored->contributions);
    for (size_t i = 0; i < 12; ++i) {
      const feature::Measure& measure = measures[i % measures.size()];
      view.CollectLive(measure.hash, *scored->keys[measure.entity], day - 29, &cells);
      view.CollectOverlay(measure.hash, *scored->keys[measure.entity], true, &overlay);
    }
    benchmark::DoNotOptimize(cells.data());
  }
}
BENCHMARK(BM_View);

}  // namespace
}  // namespace verdict::counters
