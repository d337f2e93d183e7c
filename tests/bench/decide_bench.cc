// One decision in process: 12 features, 100 rules, every entity resident. Prints p50, p99 and
// allocations a decision, with an appender that answers at once; events are applied in batches
// between. decide_bench [merchants] [decisions] [sliding]: sliding = 1 adds four features whose
// windows slide.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "bench/allocation_count.h"
#include "bench/hundred_rules.h"
#include "decide/world.h"

namespace verdict {
namespace {

using std::chrono::steady_clock;

// Answers at once; what it was given is applied between two batches, as ingest would.
class CollectingAppender : public eventlog::EventAppender {
 public:
  CollectingAppender() { events.reserve(kBatch); }
  void Append(const model::Event& event, const model::Decision*,
              eventlog::OnAppended done) override {
    events.push_back(event);
    done(absl::OkStatus());
  }
  static constexpr size_t kBatch = 256;
  std::vector<model::Event> events;
};

// Counts them, so that no provisional stands for long.
void Apply(testing::World* world, CollectingAppender* appender) {
  for (const model::Event& event : appender->events) {
    world->log.Append(eventlog::PartitionOf(event.txn.merchant_id, testing::kPartitions),
                      world->clock.NowMs(), event);
  }
  appender->events.clear();
  world->Pump();
  for (int p = 0; p < testing::kPartitions; ++p) world->log.Retain(p, world->log.End(p));
}

class BenchCall : public decide::ScoreCall {
 public:
  void Done() override { done = true; }
  bool done = false;
};

void PrintStages() {
  for (const char* stage :
       {"validate", "keys", "blobs", "view", "merge", "rules", "publish", "append"}) {
    const base::MetricLabels labels = {{"stage", stage}};
    const auto ns = base::Metrics().CounterValue("verdict_score_stage_nanoseconds_total", labels);
    const auto samples = base::Metrics().CounterValue("verdict_score_stage_samples_total", labels);
    if (samples > 0)
      std::printf("  %-9s %6.2f us\n", stage,
                  static_cast<double>(ns) / static_cast<double>(samples) / 1000);
  }
}

int Run(int merchants, int decisions, bool sliding) {
  testing::World world(bench::HundredRules(sliding));
  CollectingAppender appender;
  decide::Decider decider({.rules = &world.rules,
                           .live = &*world.live,
                           .blobs = &world.cache,
                           .appender = &appender,
                           .clock = &world.clock,
                           .hasher = &world.hasher},
                          {});
  BenchCall call;
  std::vector<int64_t> nanoseconds;
  nanoseconds.reserve(static_cast<size_t>(decisions));
  uint64_t allocated = 0;
  const int warm = 2 * merchants;  // each entity's blobs are cached, its cells are there
  for (int i = 0; i < warm + decisions; ++i) {
    call.txn = world.Payment("payment-" + std::to_string(i), 10'000 + i % 5'000);
    call.txn.merchant_id = "merchant-" + std::to_string(i % merchants);
    call.txn.card_id = "card-" + std::to_string(i % merchants);
    if (i < merchants) {
      model::Transaction seen = call.txn;
      seen.id += "-seen";
      world.Log(seen);
    }
    if (i == merchants) world.Pump();
    if (appender.events.size() == CollectingAppender::kBatch) Apply(&world, &appender);
    const uint64_t before = bench::AllocationsOfThisThread();
    const auto start = steady_clock::now();
    decider.Score(&call);
    const auto spent = steady_clock::now() - start;
    if (i < warm) continue;
    nanoseconds.push_back(spent.count());
    allocated += bench::AllocationsOfThisThread() - before;
  }
  std::sort(nanoseconds.begin(), nanoseconds.end());
  const auto at = [&](double share) {
    return static_cast<double>(nanoseconds[static_cast<size_t>(
               share * static_cast<double>(nanoseconds.size() - 1))]) /
           1000;
  };
  std::printf(
      "one decision, 100 rules, %d features, %d merchants: p50 %.2f us, p99 %.2f us, %.1f "
      "allocations\n",
      sliding ? 16 : 12, merchants, at(0.5), at(0.99), static_cast<double>(allocated) / decisions);
  PrintStages();
  return call.done ? 0 : 1;
}

}  // namespace
}  // namespace verdict

int main(int argc, char** argv) {
  return verdict::Run(argc > 1 ? std::atoi(argv[1]) : 100'000,
                      argc > 2 ? std::atoi(argv[2]) : 300'000, argc > 3 && std::atoi(argv[3]) != 0);
}
