// What the log, its bytes and a fold's increments cost: append, decode, dedup, read, gather. One
// core each. The whole fold: fold_bench.
#include <cstdio>
#include <future>
#include <random>
#include <string>
#include <vector>

#include "aggregate/increments.h"
#include "base/check.h"
#include "bench/payments.h"
#include "benchmark/benchmark.h"
#include "eventlog/dedup_window.h"
#include "rocks_store/rocks_log.h"
#include "support/temp_dir.h"
#include "wire/log_value.h"

namespace verdict {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

model::Event EventOf(uint64_t n, int64_t time_ms) {
  return bench::EventOf(n, bench::EachOnce(n), time_ms);
}

std::vector<eventlog::AppendRequest> Requests(size_t count, uint64_t first = 0) {
  std::vector<eventlog::AppendRequest> requests(count);
  for (size_t i = 0; i < count; ++i) {
    requests[i].event = EventOf(first + i, kStartMs + static_cast<int64_t>(first + i) / 35);
  }
  return requests;
}

void EncodeEvent(benchmark::State& state) {
  const model::Event event = EventOf(12345, kStartMs);
  const model::Decision decision = bench::DecisionOf(event);
  std::string bytes;
  for (auto _ : state) {
    wire::EncodeLogValue(kStartMs, event, state.range(0) != 0 ? &decision : nullptr, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(EncodeEvent)->Arg(0)->Arg(1);

void DecodeEvent(benchmark::State& state) {
  const model::Event event = EventOf(12345, kStartMs);
  const model::Decision decision = bench::DecisionOf(event);
  std::string bytes;
  wire::EncodeLogValue(kStartMs, event, &decision, &bytes);
  model::Event out;
  std::optional<model::Decision> out_decision;
  for (auto _ : state) {
    CHECK(wire::DecodeLogValue(bytes, &out, state.range(0) != 0 ? &out_decision : nullptr).ok());
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK(DecodeEvent)->Arg(0)->Arg(1);

void DedupInsert(benchmark::State& state) {
  const auto ids = static_cast<size_t>(state.range(0));
  eventlog::DedupWindow window(ids);
  std::mt19937_64 random(1);
  model::EntityKey id;
  uint64_t n = 0;
  for (auto _ : state) {
    const uint64_t low = random(), high = n++;
    std::memcpy(id.bytes.data() + 4, &low, sizeof low);
    std::memcpy(id.bytes.data(), &high, 4);
    benchmark::DoNotOptimize(window.SeenOrInsert(id, kStartMs + static_cast<int64_t>(n / 10)));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_per_id"] =
      static_cast<double>(window.bytes()) / static_cast<double>(window.size());
}
BENCHMARK(DedupInsert)->Arg(100'000)->Arg(4'000'000);

// Acknowledged appends by one caller that keeps a thousand under way.
void AppendQueued(benchmark::State& state) {
  testing::TempDir dir;
  base::WallClock clock;
  auto log = *rocks_store::RocksLog::Open(dir / "log", &clock, {});
  const std::vector<eventlog::AppendRequest> requests = Requests(10'000);
  for (auto _ : state) {
    std::promise<void> all;
    std::atomic<size_t> left{requests.size()};
    for (const eventlog::AppendRequest& request : requests) {
      log->Append(request.event, nullptr, [&](const absl::Status& status) {
        CHECK(status.ok());
        if (left.fetch_sub(1) == 1) all.set_value();
      });
    }
    all.get_future().wait();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(requests.size()));
}
BENCHMARK(AppendQueued)->UseRealTime()->Unit(benchmark::kMillisecond);

void AppendBatch(benchmark::State& state) {
  testing::TempDir dir;
  base::WallClock clock;
  auto log = *rocks_store::RocksLog::Open(dir / "log", &clock, {});
  std::vector<eventlog::AppendRequest> requests = Requests(50'000);
  for (auto _ : state) CHECK(log->AppendBatch(requests).ok());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(requests.size()));
}
BENCHMARK(AppendBatch)->UseRealTime()->Unit(benchmark::kMillisecond);

void ReadLog(benchmark::State& state) {
  testing::TempDir dir;
  base::WallClock clock;
  auto log = *rocks_store::RocksLog::Open(dir / "log", &clock, {});
  constexpr size_t kRecords = 500'000;
  for (size_t i = 0; i < kRecords; i += 50'000) {
    std::vector<eventlog::AppendRequest> requests = Requests(50'000, i);
    CHECK(log->AppendBatch(requests).ok());
  }
  std::vector<eventlog::LogRecord> records;
  for (auto _ : state) {
    auto source = log->MakeSource(/*with_decisions=*/false);
    for (int p = 0; p < source->partitions(); ++p) CHECK(source->Assign(p, 0).ok());
    size_t read = 0;
    while (read < kRecords) read += *source->Poll(&records, 1024, std::chrono::milliseconds(0));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRecords));
}
BENCHMARK(ReadLog)->UseRealTime()->Unit(benchmark::kMillisecond);

// One day of events, three entities, into the increments alone.
void GatherIncrements(benchmark::State& state) {
  const auto keys = static_cast<uint64_t>(state.range(0));
  std::mt19937_64 random(2);
  for (auto _ : state) {
    aggregate::Increments increments;
    feature::Contribution one{
        .measure = 0, .key = {}, .day = 19'675, .tile = {.sum = 5, .count = 1}};
    for (int i = 0; i < 3'000'000; ++i) {
      const uint64_t key = (random() % keys) * 0x9e3779b97f4a7c15ULL;
      std::memcpy(one.key.bytes.data() + 4, &key, sizeof key);
      increments.Add(one);
    }
    increments.Sort();
    benchmark::DoNotOptimize(increments.size());
  }
  state.SetItemsProcessed(state.iterations() * 3'000'000);
}
BENCHMARK(GatherIncrements)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Iterations(2)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace verdict
