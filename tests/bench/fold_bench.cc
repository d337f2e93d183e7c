// One fold of the embedded log into the embedded store, as `verdict aggregate` runs it: records a
// second, and where the time goes. Each fold is whole: announce, read the log, judge, gather, sort,
// upload, prove by reading back, publish.
//   build/release/bin/fold_bench [first|next|zipf|few, default: all] [records, default 500000]
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "aggregate/folder.h"
#include "base/check.h"
#include "bench/payments.h"
#include "feature/compiled_set.h"
#include "rocks_store/rocks_aggregate_store.h"
#include "rocks_store/rocks_log.h"
#include "support/temp_dir.h"

namespace verdict {
namespace {

using std::chrono::steady_clock;
using Phase = aggregate::FoldProgress::Phase;

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = 1440 * kMinuteMs;
constexpr int64_t kStartMs = 19'676 * kDayMs + 30 * kMinuteMs;  // after the cut of that day
constexpr int64_t kSpanMs = 1200 * kMinuteMs;                   // of a day's records
constexpr size_t kBlock = 50'000;                               // records appended at a time

double Seconds(steady_clock::duration time) { return std::chrono::duration<double>(time).count(); }

double CpuSeconds() {
  rusage usage;
  CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
  const auto of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

// VmRSS or VmHWM, in bytes.
double MemoryLine(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string word; file >> word;) {
    double kib = 0;
    if (word == name && file >> kib) return kib * 1024;
  }
  return 0;
}

// What a fold spends in calls of others. All times are of the fold's one thread.
struct Spent {
  steady_clock::duration poll{}, get{}, put{}, manifests{};
};

// Adds the time of `call` to `*spent`.
template <typename Call>
auto Timed(steady_clock::duration* spent, Call call) {
  const steady_clock::time_point begin = steady_clock::now();
  auto result = call();
  *spent += steady_clock::now() - begin;
  return result;
}

// Thread-compatible. Forwards.
class TimedSource : public eventlog::EventSource {
 public:
  TimedSource(EventSource* source, Spent* spent) : source_(source), spent_(spent) {}
  using EventSource::Assign;
  int partitions() const override { return source_->partitions(); }
  absl::Status Assign(eventlog::Partition partition, eventlog::Offset from,
                      int64_t floor_ms) override {
    return source_->Assign(partition, from, floor_ms);
  }
  absl::StatusOr<size_t> Poll(std::vector<eventlog::LogRecord>* out, size_t max,
                              std::chrono::milliseconds wait) override {
    return Timed(&spent_->poll, [&] { return source_->Poll(out, max, wait); });
  }
  absl::StatusOr<eventlog::Offset> Low(eventlog::Partition partition) override {
    return source_->Low(partition);
  }
  absl::StatusOr<eventlog::Offset> End(eventlog::Partition partition) override {
    return source_->End(partition);
  }
  absl::StatusOr<std::optional<eventlog::Offset>> FirstAtOrAfter(eventlog::Partition partition,
                                                                 int64_t time_ms) override {
    return source_->FirstAtOrAfter(partition, time_ms);
  }
  absl::StatusOr<eventlog::LogIdentity> Identity(eventlog::Partition partition,
                                                 eventlog::Offset last) override {
    return source_->Identity(partition, last);
  }

 private:
  EventSource* source_;
  Spent* spent_;
};

// Thread-compatible. Forwards.
class TimedStore : public aggregate::AggregateStore {
 public:
  TimedStore(AggregateStore* store, Spent* spent) : store_(store), spent_(spent) {}
  void Get(std::vector<aggregate::BlobKey> keys, std::chrono::milliseconds timeout,
           aggregate::OnBlobs done) override {
    store_->Get(std::move(keys), timeout, std::move(done));
  }
  absl::StatusOr<std::vector<aggregate::BlobResult>> GetNow(
      std::span<const aggregate::BlobKey> keys) override {
    return Timed(&spent_->get, [&] { return store_->GetNow(keys); });
  }
  absl::Status PutIfNewer(std::span<const aggregate::BlobWrite> writes) override {
    written_ += writes.size();
    return Timed(&spent_->put, [&] { return store_->PutIfNewer(writes); });
  }
  absl::StatusOr<aggregate::Manifest> GetManifest(uint64_t measure_hash) override {
    return store_->GetManifest(measure_hash);
  }
  absl::Status CompareAndSwapManifest(uint64_t measure_hash, const aggregate::Manifest& expected,
                                      const aggregate::Manifest& next) override {
    return Timed(&spent_->manifests,
                 [&] { return store_->CompareAndSwapManifest(measure_hash, expected, next); });
  }
  absl::Status Scan(uint64_t measure_hash,
                    const std::function<absl::Status(const model::EntityKey&,
                                                     const feature::Blob&)>& visit) override {
    return store_->Scan(measure_hash, visit);
  }
  size_t written() const { return written_; }

 private:
  AggregateStore* store_;
  Spent* spent_;
  size_t written_ = 0;
};

using Draw = std::function<bench::People(uint64_t n)>;

// Zipf's law with exponent 1 over `people` of each kind: rank r as often as 1 / r.
Draw ByZipf(double people) {
  return [people](uint64_t n) {
    std::mt19937_64 random(n);
    std::uniform_real_distribution<double> uniform(0, std::log(people));
    const auto one = [&] { return static_cast<uint64_t>(std::exp(uniform(random))); };
    return bench::People{one(), one(), one()};
  };
}

struct World {
  const char* name;
  const char* what;
  Draw draw;
  int days = 1;              // the last one's fold is measured, over the blobs of those before
  bool decisions = false;    // beside each payment, as Score writes them
  uint64_t repeat_each = 0;  // each so many-th record is the one before it again; 0: none
};

// Spread over 20 hours of the world's `day`.
void AppendDay(const World& world, int day, size_t records, rocks_store::RocksLog* log) {
  for (size_t begin = 0; begin < records; begin += kBlock) {
    std::vector<eventlog::AppendRequest> requests(std::min(kBlock, records - begin));
    for (size_t i = 0; i < requests.size(); ++i) {
      uint64_t n = begin + i;
      if (world.repeat_each != 0 && n % world.repeat_each == 1) --n;
      const auto time_ms = kStartMs + day * kDayMs +
                           static_cast<int64_t>(n) * kSpanMs / static_cast<int64_t>(records);
      n += static_cast<uint64_t>(day) * records;
      requests[i].event = bench::EventOf(n, world.draw(n), time_ms);
      if (world.decisions) requests[i].decision = bench::DecisionOf(requests[i].event);
    }
    CHECK(log->AppendBatch(requests).ok());
  }
}

struct Stage {
  const char* name;
  steady_clock::duration time;
};

void Print(const std::vector<Stage>& stages, double wall, double records) {
  for (const Stage& stage : stages) {
    std::printf("  %-34s %8.1f ms %5.1f %% %7.0f ns/record\n", stage.name,
                1e3 * Seconds(stage.time), 100 * Seconds(stage.time) / wall,
                1e9 * Seconds(stage.time) / records);
  }
}

// The fold that is due, timed.
void Measure(const World& world, aggregate::FolderParts parts, size_t records) {
  Spent spent;
  TimedSource source(parts.source, &spent);
  TimedStore store(parts.store, &spent);
  parts.source = &source;
  parts.store = &store;
  aggregate::Folder folder(parts, {});
  std::array<steady_clock::duration, static_cast<size_t>(Phase::kPublish) + 1> in_phase{};
  steady_clock::duration in_sort{}, in_upload{}, read_back{};
  size_t keys = 0;
  uint64_t read = 0;
  std::ofstream("/proc/self/clear_refs") << "5";  // VmHWM begins anew
  const double memory = MemoryLine("VmRSS:"), cpu = CpuSeconds();
  const steady_clock::time_point begin = steady_clock::now();
  for (bool more = true; more;) {
    const Phase before = folder.progress().phase;
    const Spent earlier = spent;
    const steady_clock::time_point step = steady_clock::now();
    const auto stepped = folder.Step();
    const steady_clock::duration took = steady_clock::now() - step;
    if (!stepped.ok()) std::printf("%s\n", stepped.status().ToString().c_str());
    CHECK(stepped.ok());
    more = *stepped;
    in_phase[static_cast<size_t>(before)] += took;
    const aggregate::FoldProgress now = folder.progress();
    if (now.phase == Phase::kRead) read = now.done;
    if (before == Phase::kRead && now.phase == Phase::kUpload) in_sort += took, keys = now.total;
    if (before == Phase::kUpload) in_upload += spent.get - earlier.get;
    if (before == Phase::kProve) read_back += spent.get - earlier.get;
  }
  const double wall = Seconds(steady_clock::now() - begin), used = CpuSeconds() - cpu;
  CHECK(keys > 0 && store.written() == keys);
  const auto of = [&](Phase phase) { return in_phase[static_cast<size_t>(phase)]; };
  std::printf(
      "%s: %s\n  folded records/s %.0f: %zu records of the day in the log, %zu read (with the ids "
      "before the cut), 3 measures, 3 entities, %zu blobs written; %.2f s, cores used %.2f; memory "
      "grew by %.0f MB at most\n",
      world.name, world.what, static_cast<double>(records) / wall, records,
      static_cast<size_t>(read), keys, wall, used / wall, (MemoryLine("VmHWM:") - memory) / 1e6);
  Print({{"log: read, decode", spent.poll},
         {"judge, gather", of(Phase::kRead) - spent.poll - in_sort},
         {"sort by key", in_sort},
         {"store: read what is added to", in_upload},
         {"merge", of(Phase::kUpload) - in_upload - spent.put},
         {"store: encode, write", spent.put},
         {"store: read back", read_back},
         {"prove", of(Phase::kProve) - read_back},
         {"announce, publish", of(Phase::kIdle) + of(Phase::kPublish)}},
        wall, static_cast<double>(records));
}

void Run(const World& world, size_t records) {
  const auto compiled = feature::Compile(
      {{.name = "volume", .of = "txn.amount_minor", .where = "txn.currency == 'EUR'"},
       {.name = "count", .entity = "card", .aggregate = "count"},
       {.name = "count", .entity = "customer", .aggregate = "count"}});
  CHECK(compiled.set != nullptr);
  const eventlog::CutSchedule schedule(compiled.set->calendar());
  const model::KeyHasher hasher({1, 2});
  testing::TempDir dir;
  base::EventClock clock;
  auto log = *rocks_store::RocksLog::Open(dir / "log", &clock, {});
  auto store = *rocks_store::RocksAggregateStore::Open(dir / "aggregates", {});
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
  for (int day = 0; day < world.days; ++day) {
    AppendDay(world, day, records, log.get());
    CHECK(log->AdvanceTime(kStartMs + (day + 1) * kDayMs - kMinuteMs).ok());
    if (day + 1 == world.days) return Measure(world, parts, records);
    CHECK(aggregate::Folder(parts, {}).Run(nullptr).ok());
  }
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) {
  using verdict::World;
  const std::string wanted = argc > 1 ? argv[1] : "all";
  const size_t records = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 500'000;
  CHECK(records > 0);
  const World worlds[] = {
      {"first", "every card and customer once, into an empty store", verdict::bench::EachOnce},
      {"next", "the same a day later, onto the blobs of two days before", verdict::bench::EachOnce,
       3},
      {"zipf", "10 M of each entity by Zipf's law, with decisions, 1 % repeated",
       verdict::ByZipf(1e7), 3, true, 100},
      {"few", "10,000 of each entity by Zipf's law, with decisions, 1 % repeated",
       verdict::ByZipf(1e4), 3, true, 100},
  };
  for (const World& world : worlds) {
    if (wanted == "all" || wanted == world.name) verdict::Run(world, records);
  }
}
