// What ingest costs a Score: its p99 while 35,000 events a second arrive and checkpoints are
// written, against its p99 without, in alternated pairs. All parts are real and in one process: the
// embedded log, the apply thread, checkpoints as often as verdictd writes them, the decider with a
// hundred rules; the events' writer runs here too, which a deployment has elsewhere. Latency counts
// from the moment at which a Score was due to the moment at which its payment is in the log.
//   build/release/bin/ingest_bench [events/s, default 35000] [Score/s, default 2000] [pairs,
//   default 5]
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "aggregate/blob_cache.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/thread_role.h"
#include "bench/hundred_rules.h"
#include "counters/checkpoint.h"
#include "decide/world.h"
#include "ingest/checkpoint_thread.h"
#include "ingest/pump.h"
#include "ingest/start_up.h"
#include "rocks_store/rocks_checkpoint_store.h"
#include "rocks_store/rocks_log.h"

namespace verdict {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kMerchants = 100'000;
constexpr int kCards = 500'000;
constexpr std::chrono::seconds kLeg{12};  // two checkpoints, and a part of a third
constexpr std::chrono::seconds kSettle{1};
constexpr milliseconds kTick{1};  // its events are one append

// Popular merchants have more payments.
uint64_t Pick(uint64_t n, int of) {
  const double unit = static_cast<double>(n * 0x9E3779B97F4A7C15 >> 11) * 0x1p-53;
  return static_cast<uint64_t>(unit * unit * of);
}

void Fill(uint64_t n, const char* prefix, int64_t now_ms, model::Transaction* txn) {
  txn->id = prefix + std::to_string(n);
  txn->event_time_ms = now_ms;
  txn->amount_minor = static_cast<int64_t>(100 + n % 50'000);
  txn->currency = "EUR";
  txn->merchant_id = "merchant-" + std::to_string(Pick(n, kMerchants));
  txn->card_id = "card-" + std::to_string(Pick(n * 31 + 7, kCards));
  txn->country = "FR";
  txn->status = "approved";
}

class BenchCall : public decide::ScoreCall {
 public:
  void Done() override {
    *spent_ns = std::chrono::nanoseconds(steady_clock::now() - due).count();
    busy.store(false, std::memory_order_release);
  }
  std::atomic<bool> busy{false};
  steady_clock::time_point due;
  int64_t* spent_ns = nullptr;
};

struct Leg {
  double p50_us = 0, p99_us = 0, max_us = 0;
  uint64_t events = 0;  // applied meanwhile
  uint64_t saved = 0;   // cells that checkpoints wrote meanwhile
};

class Bench {
 public:
  Bench(const std::filesystem::path& folder, int events_per_second, int scores_per_second)
      : events_per_second_(events_per_second), scores_per_second_(scores_per_second) {
    set_ = testing::LoadRules(bench::HundredRules(/*sliding=*/false), {});
    rules_.Publish(set_);
    log_ = *rocks_store::RocksLog::Open((folder / "log").string(), &clock_, {});
    store_ = *rocks_store::RocksCheckpointStore::Open((folder / "checkpoint").string());
    source_ = log_->MakeSource(/*with_decisions=*/false);
    live_ = std::make_unique<counters::LiveState>(
        counters::LiveParts{.features = set_->features,
                            .schedule = &schedule_,
                            .hasher = &hasher_,
                            .clock = &clock_,
                            .partitions = source_->partitions()},
        counters::LiveOptions{});
    checkpoint_ = std::make_unique<counters::Checkpoint>(live_.get());
    ingest::StartUpParts start;
    start.source = source_.get();
    start.live = live_.get();
    start.clock = &clock_;
    CHECK(ingest::StartUp(start).ok());
    checkpoints_ = std::make_unique<ingest::CheckpointThread>(
        ingest::CheckpointThread::Parts{checkpoint_.get(), store_.get(), source_.get(), live_.get(),
                                        [this] { return log_->Sync(); }},
        ingest::CheckpointThread::Options{});
    ingest::Pump::Parts parts;
    parts.source = source_.get();
    parts.live = live_.get();
    parts.clock = &clock_;
    parts.schedule = &schedule_;
    parts.checkpoints = checkpoints_.get();
    pump_ = std::make_unique<ingest::Pump>(std::move(parts), ingest::Pump::Options{});
    decider_ = std::make_unique<decide::Decider>(decide::Decider::Parts{.rules = &rules_,
                                                                        .live = live_.get(),
                                                                        .blobs = &cache_,
                                                                        .appender = log_.get(),
                                                                        .clock = &clock_,
                                                                        .hasher = &hasher_},
                                                 decide::DeciderOptions{});
    pump_->Start();
  }
  ~Bench() {
    for (const BenchCall& call : calls_) Await(call);
    pump_->Stop();
    checkpoints_->Stop();
  }

  // Every merchant and every card has cells and is cached, as on any afternoon.
  void Warm() {
    std::vector<eventlog::AppendRequest> requests(10'000);
    for (int first = 0; first < kCards; first += static_cast<int>(requests.size())) {
      for (size_t i = 0; i < requests.size(); ++i) {
        const uint64_t n = static_cast<uint64_t>(first) + i;
        Fill(n, "warm-", clock_.NowMs(), &requests[i].event.txn);
        requests[i].event.txn.merchant_id = "merchant-" + std::to_string(n % kMerchants);
        requests[i].event.txn.card_id = "card-" + std::to_string(n);
      }
      CHECK(log_->AppendBatch(requests).ok());
    }
    while (pump_->records() < kCards) std::this_thread::sleep_for(milliseconds(10));
  }

  // One leg. With ingest there are checkpoints too.
  Leg Run(bool ingest) {
    if (ingest) checkpoints_->Start();
    std::atomic<bool> stop{false};
    std::thread writer;
    if (ingest) writer = std::thread([&] { Write(stop); });
    std::this_thread::sleep_for(kSettle);
    Leg leg;
    leg.events = pump_->records();
    leg.saved = SavedCells();
    std::vector<int64_t> spent_ns(static_cast<size_t>(kLeg.count() * scores_per_second_));
    const auto begin = steady_clock::now();
    for (size_t i = 0; i < spent_ns.size(); ++i) {
      BenchCall& call = calls_[i % calls_.size()];
      Await(call);
      call.due = begin + std::chrono::nanoseconds(1'000'000'000 / scores_per_second_ * i);
      call.spent_ns = &spent_ns[i];
      Fill(scored_++, "scored-", clock_.NowMs(), &call.txn);
      std::this_thread::sleep_until(call.due);
      call.busy.store(true, std::memory_order_relaxed);
      decider_->Score(&call);
    }
    for (const BenchCall& call : calls_) Await(call);
    leg.events = pump_->records() - leg.events;
    leg.saved = SavedCells() - leg.saved;
    stop = true;
    if (writer.joinable()) writer.join();
    checkpoints_->Stop();
    std::sort(spent_ns.begin(), spent_ns.end());
    const auto at = [&](double share) {
      const auto last = static_cast<double>(spent_ns.size() - 1);
      return static_cast<double>(spent_ns[static_cast<size_t>(share * last)]) / 1000;
    };
    leg.p50_us = at(0.5);
    leg.p99_us = at(0.99);
    leg.max_us = at(1);
    return leg;
  }

 private:
  static void Await(const BenchCall& call) {
    while (call.busy.load(std::memory_order_acquire)) std::this_thread::yield();
  }

  static uint64_t SavedCells() {
    return base::Metrics().CounterValue("verdict_agg_checkpoint_dirty_cells_total", {});
  }

  void Write(const std::atomic<bool>& stop) {
    base::TakeRole(base::ThreadRole::kCounting);
    const auto each =
        static_cast<size_t>(static_cast<int64_t>(events_per_second_) * kTick.count() / 1000);
    std::vector<eventlog::AppendRequest> requests(each);
    auto next = steady_clock::now();
    while (!stop) {
      for (eventlog::AppendRequest& request : requests) {
        Fill(written_++, "event-", clock_.NowMs(), &request.event.txn);
      }
      CHECK(log_->AppendBatch(requests).ok());
      next += kTick;
      std::this_thread::sleep_until(next);
    }
  }

  int events_per_second_, scores_per_second_;
  uint64_t written_ = 0, scored_ = 0;
  base::WallClock clock_;
  model::BusinessCalendar calendar_ = model::BusinessCalendar::Load("UTC").value();
  eventlog::CutSchedule schedule_{calendar_};
  model::KeyHasher hasher_{base::SipKey{7, 11}};
  std::shared_ptr<const ruleset::RuleSet> set_;
  base::Published<ruleset::RuleSet> rules_;
  testing::FakeAggregateStore aggregates_;
  aggregate::BlobCache cache_{&aggregates_, {}};
  std::unique_ptr<rocks_store::RocksLog> log_;
  std::unique_ptr<rocks_store::RocksCheckpointStore> store_;
  std::unique_ptr<eventlog::EventSource> source_;
  std::unique_ptr<counters::LiveState> live_;
  std::unique_ptr<counters::Checkpoint> checkpoint_;
  std::unique_ptr<ingest::CheckpointThread> checkpoints_;
  std::unique_ptr<ingest::Pump> pump_;
  std::unique_ptr<decide::Decider> decider_;
  std::array<BenchCall, 4096> calls_;
};

void Print(const char* what, const Leg& leg) {
  printf("  %-8s p50 %8.1f us   p99 %8.1f us   max %9.1f us   %7.0f events/s   %9llu cells saved\n",
         what, leg.p50_us, leg.p99_us, leg.max_us,
         static_cast<double>(leg.events) / static_cast<double>(kLeg.count()),
         static_cast<unsigned long long>(leg.saved));
  fflush(stdout);
}

int Main(int argc, char** argv) {
  const int events = argc > 1 ? std::atoi(argv[1]) : 35'000;
  const int scores = argc > 2 ? std::atoi(argv[2]) : 2'000;
  const int pairs = argc > 3 ? std::atoi(argv[3]) : 5;
  CHECK(events >= 1000 && scores > 0 && pairs > 0);
  base::TakeRole(base::ThreadRole::kServing);  // as the threads that take the calls of verdictd
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("ingest-bench-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::vector<double> ratios;
  {
    Bench bench(folder, events, scores);
    bench.Warm();
    (void)bench.Run(false);
    for (int i = 0; i < pairs; ++i) {
      const bool first = i % 2 != 0;
      Leg legs[2];
      legs[first] = bench.Run(first);
      legs[!first] = bench.Run(!first);
      ratios.push_back(legs[1].p99_us / legs[0].p99_us);
      printf("pair %d: p99 with ingest / without = %.2f\n", i + 1, ratios.back());
      Print("without", legs[0]);
      Print("with", legs[1]);
    }
  }
  std::filesystem::remove_all(folder);
  std::sort(ratios.begin(), ratios.end());
  printf("%d Score/s, %d events/s, %d pairs: median ratio of p99 %.2f (at most 1.20)\n", scores,
         events, pairs, ratios[ratios.size() / 2]);
  return 0;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) { return verdict::Main(argc, argv); }
