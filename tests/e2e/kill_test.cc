// kill -9 at random moments and, on top, inside append, checkpoint and fold, against the client's
// own ledger: every acknowledged payment counts exactly once, be it that its first call was lost in
// a kill and only the retry acknowledged it, every payment in doubt 0 or 1 times, and a retry gets
// its first decision.
//   kill_test --verdictd build/release/bin/verdictd [--kills 20] [--events 100000] [--seed 1]
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <algorithm>
#include <chrono>
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
  std::chrono::milliseconds timer{0};
  // In an append the clients leave no pause, and more of the calls are Scores, whose retries show
  // what had been appended.
  bool FindsClientsHurried() const { return failpoint.starts_with("log.append."); }
};

// `kills` at random moments, and three from within for every five of them. A failpoint is passed
// several times a second, or at the next midnight: the timer there only ends a test gone wrong.
// Half of them fall between an append and its answer, which is when a retry might count twice.
std::vector<Death> PlanDeaths(int kills, uint64_t seed) {
  static const std::vector<std::string> kFailpoints = {
      "log.append.after_commit", "checkpoint.before_write", "log.append.after_commit",
      "fold.before_upload",      "log.append.after_commit", "log.append.before_commit",
      "log.append.after_commit", "fold.mid_upload",         "log.append.after_commit",
      "checkpoint.after_write",  "log.append.after_commit", "fold.before_publish"};
  std::mt19937_64 random(seed);
  std::vector<Death> deaths;
  size_t within = 0;
  for (int i = 1; i <= kills; ++i) {
    deaths.push_back({.failpoint = "", .timer = std::chrono::milliseconds(300 + random() % 2000)});
    if (static_cast<size_t>(i) * 3 / 5 == within) continue;
    deaths.push_back({.failpoint = kFailpoints[within++ % kFailpoints.size()],
                      .timer = std::chrono::seconds(60)});
  }
  // Late: days must have been folded, dropped and become old first.
  for (const char* place : {"drop.mid_free", "log.trim.after_erase"}) {
    deaths.push_back({.failpoint = place, .timer = std::chrono::seconds(90)});
  }
  return deaths;
}

std::string FailpointSpec(const Death& death, uint64_t seed) {
  if (death.failpoint.empty()) return "";
  const bool rare =
      death.failpoint.starts_with("fold.") || death.failpoint.starts_with("log.trim.");
  const char* probability = rare                                         ? "1"
                            : death.failpoint.starts_with("checkpoint.") ? "0.3"
                            : death.failpoint.starts_with("drop.")       ? "0.1"
                                                                         : "0.005";
  return death.failpoint + "=kill:" + probability + ":" + std::to_string(seed);
}

std::map<std::string, int> ReadKills(const std::string& path) {
  std::map<std::string, int> kills;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) ++kills[line];
  return kills;
}

// Sent after the last kill: enough for retries of what it left in doubt.
constexpr uint64_t kSentAfterLastKill = 2000;
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
    txn->set_event_time_ms(run.clock.now_ms());
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

// What a run is made of.
struct Stage {
  const Arguments& arguments;
  VerdictdProcess* process;
  KillRun* run;
  std::string failpoint_log;  // each kill from within is a line here
};

struct Kills {
  int all = 0;
  int by_timer = 0;
};

// False where it runs and does not serve: one that was killed before it served is up to the caller.
bool BeginLife(const Stage& stage, const std::string& failpoints) {
  stage.run->life.fetch_add(1);
  stage.process->Start(
      {"VERDICT_FAILPOINTS=" + failpoints, "VERDICT_FAILPOINT_LOG=" + stage.failpoint_log});
  const bool serving = stage.process->AwaitServing(std::chrono::seconds(60));
  stage.run->serving.store(serving);
  if (serving || stage.process->HasEnded()) return true;
  std::printf("WRONG verdictd did not serve within 60 s in life %d\n", stage.run->life.load());
  return false;
}

// One life up to its death. False where it did not end by the SIGKILL that was meant for it.
bool LiveOnce(const Stage& stage, const Death& death, uint64_t seed, Kills* kills) {
  stage.run->hurried.store(death.FindsClientsHurried());
  if (!BeginLife(stage, FailpointSpec(death, seed))) return false;
  const auto end = std::chrono::steady_clock::now() + death.timer;
  while (std::chrono::steady_clock::now() < end && !stage.process->HasEnded()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const bool by_timer = !stage.process->HasEnded();
  if (by_timer) stage.process->Kill();
  stage.run->serving.store(false);
  if (!stage.process->EndedBySigkill()) {
    std::printf("WRONG verdictd ended by itself: %s\n", stage.process->HowItEnded().c_str());
    return false;
  }
  ++kills->all;
  kills->by_timer += by_timer;
  if (!by_timer || death.failpoint.empty()) return true;
  std::printf("WRONG %s was not reached\n", death.failpoint.c_str());
  return false;
}

// Kills verdictd as planned, and lets the last life go on until the clients have sent everything.
bool LiveAndDie(const Stage& stage, Kills* kills) {
  const Arguments& arguments = stage.arguments;
  const std::vector<Death> deaths = PlanDeaths(arguments.kills, arguments.seed);
  for (size_t i = 0; i < deaths.size(); ++i) {
    if (!LiveOnce(stage, deaths[i], arguments.seed * 1000 + i, kills)) return false;
    std::printf("kill %2zu of %zu  %-26s %llu payments sent\n", i + 1, deaths.size(),
                deaths[i].failpoint.empty() ? "random moment" : deaths[i].failpoint.c_str(),
                static_cast<unsigned long long>(stage.run->clock.sent()));
    std::fflush(stdout);
  }
  stage.run->hurried.store(true);
  stage.run->last_life.store(stage.run->life.load() + 1);
  if (!BeginLife(stage, "")) return false;
  const uint64_t enough = std::max(arguments.events, stage.run->clock.sent() + kSentAfterLastKill);
  while (stage.run->clock.sent() < enough && !stage.process->HasEnded()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!stage.process->HasEnded()) return true;
  std::printf("WRONG verdictd ended after the last kill: %s\n",
              stage.process->HowItEnded().c_str());
  return false;
}

void PrintFigure(const char* what, uint64_t figure) {
  std::printf("%-52s %llu\n", what, static_cast<unsigned long long>(figure));
}

// Says what is wrong unless it `holds`; how many things are.
int Require(bool holds, const std::string& otherwise) {
  if (!holds) std::printf("WRONG %s\n", otherwise.c_str());
  return holds ? 0 : 1;
}

// Each death has its cause: nothing else killed verdictd.
int CheckKills(const Kills& kills, const std::map<std::string, int>& inside) {
  int logged = 0;
  for (const auto& [name, count] : inside) logged += count;
  PrintFigure("kills", static_cast<uint64_t>(kills.all));
  PrintFigure("kills at random moments", static_cast<uint64_t>(kills.by_timer));
  for (const auto& [name, count] : inside) {
    PrintFigure(("kills inside " + name).c_str(), static_cast<uint64_t>(count));
  }
  int wrong = Require(kills.by_timer + logged == kills.all,
                      "a kill came neither from the timer nor from a failpoint");
  for (const std::string place : {"log.append", "checkpoint", "fold", "drop", "log.trim"}) {
    const bool hit = std::any_of(inside.begin(), inside.end(),
                                 [&](const auto& one) { return one.first.starts_with(place); });
    wrong += Require(hit, "no kill fell inside " + place);
  }
  return wrong;
}

int CheckAnswers(const Arguments& arguments, const KillRun& run, const Ledger& ledger) {
  PrintFigure("payments sent", run.clock.sent());
  PrintFigure("payments acknowledged", ledger.acknowledged_count());
  PrintFigure("  of these in doubt until a retry", ledger.settled_count());
  PrintFigure("  of these found decided by the retry", run.found_decided.load());
  PrintFigure("payments in doubt to the end", ledger.doubted_count());
  PrintFigure("retries that got their first decision", run.replayed.load());
  PrintFigure("  of these in another life than decided it", run.across_kill.load());
  PrintFigure("answers not FULL", run.not_full.load());
  return Require(run.forgotten.load() == 0, "retries were decided anew") +
         Require(run.refused.load() == 0, "calls were refused") +
         Require(run.across_kill.load() > 0, "no retry of an answer crossed a kill") +
         Require(ledger.settled_count() > 0, "no payment in doubt was settled by a retry") +
         Require(run.found_decided.load() > 0, "no Score in doubt had been decided") +
         Require(ledger.doubted_count() > 0, "no payment stayed in doubt") +
         Require(ledger.acknowledged_count() >= arguments.events * 9 / 10,
                 "fewer than nine in ten payments were acknowledged");
}

int Main(const Arguments& arguments) {
  char pattern[] = "/tmp/verdict-kill-XXXXXX";
  const std::string work = mkdtemp(pattern);
  const std::string failpoint_log = work + "/failpoints";
  VerdictdProcess process({.binary = arguments.verdictd,
                           .directory = work + "/data",
                           .rules = arguments.rules,
                           .flags = {"--clock", "event", "--zone", "Europe/Paris",
                                     "--checkpoint-period-ms", "200", "--log-retention-days", "2"},
                           .environment = {},
                           .log = work + "/verdictd.log"});
  // Over a change of the clocks in Paris.
  KillRun run{.address = process.address(),
              .clock = RunClock(
                  *model::ParseTimeMs("2026-03-20T00:00:00Z"),
                  int64_t{86'400'000} * arguments.days / static_cast<int64_t>(arguments.events))};
  Ledger ledger(run.merchants);
  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<KillClient>> clients;
  for (uint64_t i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<KillClient>(&run, &ledger, arguments.seed * 100 + i));
    threads.emplace_back([client = clients.back().get()] { client->Run(); });
  }
  Kills kills;
  const Stage stage{arguments, &process, &run, failpoint_log};
  const bool lived = LiveAndDie(stage, &kills);
  run.done.store(true);
  for (std::thread& thread : threads) thread.join();
  int wrong = lived ? CompareTotals(run, ledger) + CheckKills(kills, ReadKills(failpoint_log)) +
                          CheckAnswers(arguments, run, ledger)
                    : 1;
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
