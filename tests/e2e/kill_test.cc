// kill -9 at random moments and inside append, checkpoint and fold, against the client's own
// ledger: every acknowledged payment counts exactly once, every payment in doubt 0 or 1 times, and
// a retry gets its first decision.
//   kill_test --verdictd build/release/bin/verdictd [--kills 20] [--events 100000] [--seed 1]
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "e2e/kill_client.h"
#include "e2e/ledger.h"
#include "e2e/verdictd_process.h"
#include "model/business_day.h"

namespace verdict::testing {
namespace {

struct Arguments {
  std::string verdictd = "build/release/bin/verdictd";
  std::string rules = "tests/e2e/rules";
  int kills = 20;
  uint64_t events = 100'000;
  uint64_t seed = 1;
  int days = 12;
};

// What ends a life of verdictd: a timer, or a failpoint that kills it from within.
struct Death {
  std::string failpoint;  // empty: by the timer
  int timer_ms = 0;
};

Death NextDeath(int number, std::mt19937_64* random) {
  static const std::vector<std::string> kFailpoints = {
      "log.append.before_commit", "log.append.after_commit", "checkpoint.before_write",
      "checkpoint.after_write",   "fold.before_upload",      "fold.mid_upload",
      "fold.before_publish"};
  Death death;
  death.timer_ms = 300 + static_cast<int>((*random)() % 2500);
  if (number % 3 == 0) return death;  // a random moment
  death.failpoint = kFailpoints[number % kFailpoints.size()];
  death.timer_ms = 30'000;  // where the failpoint is not reached, the timer ends it all the same
  return death;
}

std::string FailpointSpec(const Death& death, uint64_t seed) {
  if (death.failpoint.empty()) return "";
  const char* probability = death.failpoint.starts_with("fold.")         ? "1"
                            : death.failpoint.starts_with("checkpoint.") ? "0.3"
                                                                         : "0.001";
  return death.failpoint + "=kill:" + probability + ":" + std::to_string(seed);
}

std::map<std::string, int> ReadKills(const std::string& path) {
  std::map<std::string, int> kills;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) ++kills[line];
  return kills;
}

// What Record acknowledged last is counted as soon as it was read from the log: milliseconds later.
constexpr std::chrono::milliseconds kIngestTime{500};

// Asks for each merchant's totals without counting anything, and holds them against the ledger.
int CompareTotals(const KillRun& run, const Ledger& ledger) {
  auto stub = v1::FraudDecision::NewStub(
      grpc::CreateChannel(run.address, grpc::InsecureChannelCredentials()));
  std::this_thread::sleep_for(kIngestTime);
  int wrong = 0;
  for (int merchant = 0; merchant < run.merchants; ++merchant) {
    v1::ExplainRequest request;
    v1::Transaction* txn = request.mutable_transaction();
    txn->set_id("probe" + std::to_string(merchant));
    txn->set_event_time_ms(run.start_ms + static_cast<int64_t>(run.next.load()) * run.step_ms);
    txn->set_amount_minor(0);
    txn->set_currency("EUR");
    txn->set_merchant_id("m" + std::to_string(merchant));
    v1::ExplainResponse response;
    grpc::ClientContext context;
    const grpc::Status status = stub->Explain(&context, request, &response);
    int64_t sum = -1;
    int64_t count = -1;
    for (const v1::FeatureValue& feature : response.features()) {
      if (feature.name() == "merchant.volume_30d") sum = feature.int_value();
      if (feature.name() == "merchant.count_30d")
        count = feature.int_value() - 1;  // the probe itself
    }
    std::string why_not = status.error_message();
    if (!status.ok() || !ledger.Explains(merchant, sum, count, &why_not)) {
      std::printf("WRONG %s\n", why_not.c_str());
      ++wrong;
    }
    if (response.decision().provenance() != v1::PROVENANCE_FULL) {
      std::printf("WRONG merchant %d: the final answer is not FULL\n", merchant);
      ++wrong;
    }
  }
  return wrong;
}

// Keeps verdictd alive until the clients have sent everything, killing it `kills` times on the way.
bool LiveAndDie(const Arguments& arguments, VerdictdProcess* process, KillRun* run,
                const std::string& failpoint_log, int* timer_kills) {
  std::mt19937_64 random(arguments.seed);
  for (int number = 0; number < arguments.kills; ++number) {
    const Death death = NextDeath(number, &random);
    process->Start({"VERDICT_FAILPOINTS=" + FailpointSpec(death, arguments.seed * 1000 + number),
                    "VERDICT_FAILPOINT_LOG=" + failpoint_log});
    const bool serving = process->AwaitServing(std::chrono::seconds(60));
    if (!serving && !process->HasEnded()) {
      std::printf("WRONG verdictd did not serve within 60 s after kill %d\n", number);
      return false;
    }
    run->serving.store(serving);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(death.timer_ms);
    while (std::chrono::steady_clock::now() < end && !process->HasEnded()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (!process->HasEnded()) {
      process->Kill();
      ++*timer_kills;
    }
    run->serving.store(false);
    std::printf("kill %2d of %d  %-26s %llu payments sent\n", number + 1, arguments.kills,
                death.failpoint.empty() ? "random moment" : death.failpoint.c_str(),
                static_cast<unsigned long long>(run->next.load()));
    std::fflush(stdout);
  }
  process->Start({"VERDICT_FAILPOINTS="});
  if (!process->AwaitServing(std::chrono::seconds(60))) {
    std::printf("WRONG verdictd did not serve within 60 s after the last kill\n");
    return false;
  }
  run->hurried.store(true);
  run->serving.store(true);
  while (run->next.load() < run->events_wanted && !process->HasEnded()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

int CheckRun(const Arguments& arguments, const KillRun& run, const Ledger& ledger,
             const std::map<std::string, int>& inside, int timer_kills) {
  int wrong = CompareTotals(run, ledger);
  std::printf("\n%-44s %llu\n%-44s %llu\n%-44s %llu\n%-44s %llu\n%-44s %d\n",
              "payments acknowledged", static_cast<unsigned long long>(ledger.acknowledged_count()),
              "payments in doubt", static_cast<unsigned long long>(ledger.doubted_count()),
              "retries that got their first decision",
              static_cast<unsigned long long>(run.replayed.load()), "answers not FULL",
              static_cast<unsigned long long>(run.not_full.load()), "kills by the timer",
              timer_kills);
  for (const auto& [name, count] : inside) {
    std::printf("kills inside %-31s %d\n", name.c_str(), count);
  }
  for (const std::string room : {"log.append", "checkpoint", "fold"}) {
    bool hit = false;
    for (const auto& [name, count] : inside) hit = hit || name.starts_with(room);
    if (!hit) {
      std::printf("WRONG no kill fell inside %s\n", room.c_str());
      ++wrong;
    }
  }
  if (run.forgotten.load() != 0 || run.refused.load() != 0 || run.replayed.load() == 0) {
    std::printf("WRONG %llu retries were decided anew, %llu calls were refused, %llu replayed\n",
                static_cast<unsigned long long>(run.forgotten.load()),
                static_cast<unsigned long long>(run.refused.load()),
                static_cast<unsigned long long>(run.replayed.load()));
    ++wrong;
  }
  if (ledger.acknowledged_count() < arguments.events * 9 / 10) {
    std::printf("WRONG fewer than nine in ten payments were acknowledged\n");
    ++wrong;
  }
  return wrong;
}

int Main(const Arguments& arguments) {
  char pattern[] = "/tmp/verdict-kill-XXXXXX";
  const std::string work = mkdtemp(pattern);
  const std::string failpoint_log = work + "/failpoints";
  KillRun run;
  run.events_wanted = arguments.events;
  run.start_ms =
      *model::ParseTimeMs("2026-03-20T00:00:00Z");  // over a change of the clocks in Paris
  run.step_ms = int64_t{86'400'000} * arguments.days / static_cast<int64_t>(arguments.events);
  VerdictdProcess process(
      {.binary = arguments.verdictd,
       .directory = work + "/data",
       .rules = arguments.rules,
       .flags = {"--clock", "event", "--zone", "Europe/Paris", "--checkpoint-period-ms", "200"},
       .environment = {},
       .log = work + "/verdictd.log"});
  run.address = process.address();
  Ledger ledger(run.merchants);
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<KillClient>> clients;
  for (uint64_t i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<KillClient>(&run, &ledger, arguments.seed * 100 + i));
    threads.emplace_back([client = clients.back().get()] { client->Run(); });
  }
  int timer_kills = 0;
  const bool lived = LiveAndDie(arguments, &process, &run, failpoint_log, &timer_kills);
  run.done.store(true);
  for (std::thread& thread : threads) thread.join();
  int wrong = lived ? CheckRun(arguments, run, ledger, ReadKills(failpoint_log), timer_kills) : 1;
  const int status = process.Stop();
  if (status != 0) {
    std::printf("WRONG verdictd ended with %d after SIGTERM\n", status);
    ++wrong;
  }
  if (wrong == 0) std::filesystem::remove_all(work);
  std::printf("kill test, seed %llu: %s\n", static_cast<unsigned long long>(arguments.seed),
              wrong == 0 ? "exact" : ("NOT exact, see " + work).c_str());
  return wrong == 0 ? 0 : 1;
}

}  // namespace
}  // namespace verdict::testing

int main(int argc, char** argv) {
  verdict::testing::Arguments arguments;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--verdictd") arguments.verdictd = argv[i + 1];
    if (flag == "--kills") arguments.kills = std::stoi(argv[i + 1]);
    if (flag == "--events") arguments.events = std::stoull(argv[i + 1]);
    if (flag == "--seed") arguments.seed = std::stoull(argv[i + 1]);
  }
  return verdict::testing::Main(arguments);
}
