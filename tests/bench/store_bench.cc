// What the log, its bytes and the fold cost: append, decode, dedup, read, fold. One core each.
#include <cstdio>
#include <future>
#include <random>
#include <string>
#include <vector>

#include "aggregate/folder.h"
#include "aggregate/increments.h"
#include "base/check.h"
#include "benchmark/benchmark.h"
#include "eventlog/dedup_window.h"
#include "feature/compiled_set.h"
#include "rocks_store/rocks_aggregate_store.h"
#include "rocks_store/rocks_log.h"
#include "support/temp_dir.h"
#include "wire/log_value.h"

namespace verdict {
namespace {

constexpr int64_t kStartMs = 1'700'000'000'000;

model::Event EventOf(uint64_t n, int64_t time_ms) {
  model::Event event;
  event.txn.id = "txn-" + std::to_string(n) + "-9f86d081";
  event.txn.event_time_ms = time_ms;
  event.txn.amount_minor = static_cast<int64_t>(n % 100'000);
  event.txn.currency = "EUR";
  event.txn.merchant_id = "merchant-" + std::to_string(n * 2654435761 % 200'000);
  event.txn.merchant_mcc = "5411";
  event.txn.merchant_country = "FR";
  event.txn.card_id = "card-" + std::to_string(n * 40503 % 1'000'000);
  event.txn.card_country = "DE";
  event.txn.customer_id = "customer-" + std::to_string(n * 7919 % 1'000'000);
  event.txn.device_id = "device-" + std::to_string(n * 104729 % 1'000'000);
  event.txn.ip = "203.0.113.77";
  event.txn.country = "FR";
  event.txn.channel = "ecom";
  event.txn.status = "approved";
  return event;
}

model::Decision DecisionOf(const model::Event& event) {
  model::Decision decision;
  decision.transaction_id = event.txn.id;
  decision.outcome = model::Outcome::kAllow;
  decision.provenance = model::Provenance::kFull;
  decision.rule_set = "0123456789ab";
  decision.decided_at_ms = kStartMs;
  return decision;
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
  const model::Decision decision = DecisionOf(event);
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
  const model::Decision decision = DecisionOf(event);
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

// The whole job over one day: read, judge, gather, upload, prove, publish.
void FoldDay(benchmark::State& state) {
  const auto compiled = feature::Compile(
      {{.name = "volume", .of = "txn.amount_minor", .where = "txn.currency == 'EUR'"},
       {.name = "count", .entity = "card", .aggregate = "count"},
       {.name = "count", .entity = "customer", .aggregate = "count"}});
  CHECK(compiled.set != nullptr);
  const eventlog::CutSchedule schedule(compiled.set->calendar());
  const model::KeyHasher hasher({1, 2});
  constexpr size_t kRecords = 500'000;
  for (auto _ : state) {
    state.PauseTiming();
    testing::TempDir dir;
    base::EventClock clock;
    auto log = *rocks_store::RocksLog::Open(dir / "log", &clock, {});
    auto store = *rocks_store::RocksAggregateStore::Open(dir / "aggregates", {});
    for (size_t i = 0; i < kRecords; i += 50'000) {
      std::vector<eventlog::AppendRequest> requests = Requests(50'000, i);
      CHECK(log->AppendBatch(requests).ok());
    }
    CHECK(log->AdvanceTime(kStartMs + 2 * 86'400'000).ok());
    auto source = log->MakeSource(/*with_decisions=*/false);
    aggregate::FolderParts parts;
    parts.source = source.get();
    parts.store = store.get();
    parts.features = compiled.set;
    parts.schedule = &schedule;
    parts.hasher = &hasher;
    parts.clock = &clock;
    parts.log_id = log->db().log_id();
    parts.seal = [&](int64_t time_ms) { return log->AdvanceTime(time_ms); };
    aggregate::Folder folder(parts, {});
    state.ResumeTiming();
    CHECK(folder.Run(nullptr).ok());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kRecords));
}
BENCHMARK(FoldDay)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace verdict
