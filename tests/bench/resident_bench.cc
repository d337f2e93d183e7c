// A merchant base held in memory, as one core sees it: how fast events of it are decoded and
// counted, how many bytes a cell takes, how long the first checkpoint and its restore take.
//   build/release/bin/resident_bench [merchants, default 10000000] [folder for the checkpoint]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "counters/live_world.h"
#include "rocks_store/rocks_checkpoint_store.h"
#include "wire/event_bytes.h"

namespace verdict {
namespace {

using namespace verdict::testing;  // NOLINT: the benchmark's own words
using std::chrono::steady_clock;

constexpr int kTargetCells = 10'000'000;
constexpr int kBlock = 100'000;  // events made at a time, off the clock
constexpr double kBytesPerCellMax = 64;
constexpr double kRestoreSecondsMax = 10;

double SecondsSince(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

double ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

std::shared_ptr<const feature::FeatureSet> OneMeasure() {
  return CompileFeatures({Declare("volume_30d", "merchant", "sum", "txn.amount_base_minor", "30d"),
                          Declare("count_30d", "merchant", "count", "", "30d")});
}

// The values of `count` records, from the `first` on: a few of a base of `merchants`.
std::vector<std::string> MakeValues(int first, int count, int merchants, bool each_once) {
  std::mt19937_64 random(static_cast<uint64_t>(first) + 1);
  std::vector<std::string> values(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    const uint64_t merchant =
        each_once ? static_cast<uint64_t>(first + i) : random() % static_cast<uint64_t>(merchants);
    wire::EventToBytes(EventOf(Payment("t" + std::to_string(first + i), kNoon + first / 50,
                                       static_cast<int64_t>(random() % 100'000),
                                       "merchant-" + std::to_string(merchant),
                                       "card-" + std::to_string(random() % 1'000'000))),
                       &values[static_cast<size_t>(i)]);
  }
  return values;
}

struct Rates {
  double seconds_decode = 0;
  double seconds_apply = 0;  // dedup included
  int events = 0;
};

// Decoded into one record, as the sources do, then counted; each clock over a whole block.
void Feed(const std::vector<std::string>& values, LiveWorld* world, Rates* rates) {
  std::vector<eventlog::LogRecord> records(values.size());
  const eventlog::Offset next = world->live.NextOffsets()[0];
  auto begin = steady_clock::now();
  for (size_t i = 0; i < values.size(); ++i) {
    records[i].offset = next + static_cast<eventlog::Offset>(i);
    CHECK(wire::EventFromBytes(values[i], &records[i].event).ok());
    records[i].record_time_ms = records[i].event.txn.event_time_ms;
  }
  rates->seconds_decode += SecondsSince(begin);
  begin = steady_clock::now();
  for (const eventlog::LogRecord& record : records) world->live.Apply(record);
  rates->seconds_apply += SecondsSince(begin);
  rates->events += static_cast<int>(values.size());
}

void PrintRates(const char* what, const Rates& rates) {
  printf("%s: apply of decoded events, dedup included, %.0f/s; decode + dedup + apply %.0f/s\n",
         what, rates.events / rates.seconds_apply,
         rates.events / (rates.seconds_decode + rates.seconds_apply));
}

int Main(int argc, char** argv) {
  const int merchants = argc > 1 ? std::atoi(argv[1]) : kTargetCells;
  CHECK(merchants > 0);
  const std::filesystem::path folder =
      std::filesystem::path(argc > 2 ? argv[2] : "/tmp") / ("resident-" + std::to_string(getpid()));
  const auto set = OneMeasure();
  // Each id is remembered for its time; the cap is what a deployment would say for this many.
  counters::LiveOptions options;
  options.dedup_ids_per_partition = static_cast<size_t>(merchants) + 4'000'000;
  LiveWorld world(1, options, set);
  counters::Checkpoint checkpoint(&world.live);
  const double resident_before = ResidentBytes();

  Rates filling;
  for (int first = 0; first < merchants; first += kBlock) {
    Feed(MakeValues(first, std::min(kBlock, merchants - first), merchants, true), &world, &filling);
  }
  const counters::LiveSizes sizes = world.live.sizes();
  const double cells = static_cast<double>(sizes.cells);
  const double per_cell = static_cast<double>(sizes.cell_bytes + sizes.index_bytes) / cells;
  printf(
      "%d merchants: %zu cells, %.1f bytes a cell, index included (at most %.0f); %zu ids, "
      "%.1f bytes an id; resident %.2f GB\n",
      merchants, sizes.cells, per_cell, kBytesPerCellMax, sizes.dedup_ids,
      static_cast<double>(sizes.dedup_bytes) / static_cast<double>(sizes.dedup_ids),
      (ResidentBytes() - resident_before) / 1e9);
  PrintRates("each merchant's first event", filling);
  Rates again;
  for (int i = 0; i < 20; ++i) {
    Feed(MakeValues(merchants + i * kBlock, kBlock, merchants, false), &world, &again);
  }
  PrintRates("any merchant's next event", again);

  auto store = rocks_store::RocksCheckpointStore::Open(folder.string());
  CHECK(store.ok());
  eventlog::LogIdentity identity{.log_id = "log", .partition = 0};
  identity.last = world.live.NextOffsets()[0] - 1;
  auto begin = steady_clock::now();
  const counters::CheckpointBatch batch = checkpoint.Collect({identity});
  const double collected = SecondsSince(begin);
  begin = steady_clock::now();
  CHECK((*store)
            ->Write([&](counters::CheckpointStore::Put put) {
              counters::Checkpoint::Encode(batch, put);
            })
            .ok());
  printf("first checkpoint of all of it: collected in %.2f s, written in %.1f s\n", collected,
         SecondsSince(begin));
  double restored_in = 0;
  {
    LiveWorld other(1, options, set);
    counters::Checkpoint restore(&other.live);
    begin = steady_clock::now();
    const auto header = counters::Checkpoint::ReadHeader(store->get());
    CHECK(header.ok() && header->has_value());
    const auto report = restore.Restore(**header, store->get());
    restored_in = SecondsSince(begin);
    CHECK(report.ok() && report->cells == world.live.sizes().cells);
    printf("restored %llu cells and %llu ids in %.1f s (at most %.0f for ten million cells)\n",
           static_cast<unsigned long long>(report->cells),
           static_cast<unsigned long long>(report->ids), restored_in, kRestoreSecondsMax);
  }
  store->reset();
  std::filesystem::remove_all(folder);
  return per_cell <= kBytesPerCellMax ? 0 : 1;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
