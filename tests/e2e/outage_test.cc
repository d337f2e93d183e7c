// A broker or a Redis that is away under load: 10,000 Score/s go on, inside the budget, and the
// answers say what they lack; what comes back is found again without a restart; and a verdictd
// whose Redis was never up answers.
//   outage_test [--bin build/release/bin] [--rate 10000]
// Exit 0: so it is; 1: not; 77: a server cannot be had here.
#include <stdlib.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "e2e/outage_prober.h"
#include "e2e/seam/conductor.h"
#include "e2e/seam/kafka_topic.h"
#include "e2e/seam/payment_system.h"
#include "e2e/seam/report.h"
#include "e2e/seam/servers.h"
#include "e2e/seam/setup.h"
#include "e2e/verdictd_process.h"

namespace verdict::seam {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr double kBudgetMs = 200;
constexpr double kFullShare = 0.999;
constexpr int kMerchants = 2000;
constexpr int kCards = 50'000;
constexpr int kHistory = 40'000;
constexpr int64_t kDayMs = 86'400'000;
// Where answers begin to be STALE (features.json leaves the default), and what it takes to notice.
constexpr seconds kFreshWithin{5};
constexpr milliseconds kNotices{1500};
// What is back is found again within this time.
constexpr seconds kHealsWithin{8};

struct Arguments {
  std::string binaries = "build/release/bin";
  std::string script = "deploy/local/up.sh";
  int rate = 10'000;
};

int64_t WallNowMs() {
  return std::chrono::duration_cast<milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// As verdict-load names them.
Fact SomePayment(const std::string& id, int64_t time_ms, std::mt19937_64* random) {
  Fact fact{.id = id, .time_ms = time_ms};
  fact.merchant = absl::StrFormat("m%08d", (*random)() % kMerchants);
  const uint64_t card = (*random)() % kCards;
  fact.card = absl::StrFormat("c%09d", card);
  fact.customer = absl::StrFormat("u%09d", card / 2);
  fact.base_amount = 1 + static_cast<int64_t>((*random)() % 30'000);
  fact.status = "approved";
  return fact;
}

void ProduceHistory(Producer* producer) {
  std::mt19937_64 random(1);
  const int64_t now_ms = WallNowMs();
  for (int i = 0; i < kHistory; ++i) {
    const int64_t age_ms = 30 * kDayMs * (kHistory - i) / kHistory;
    producer->Produce(MessageOf(SomePayment("h" + std::to_string(i), now_ms - age_ms, &random),
                                /*json=*/false));
  }
}

// Other payments that come over the log meanwhile: 1,000 a second.
class Stream {
 public:
  explicit Stream(Producer* producer) : thread_([this, producer] { Run(producer); }) {}
  ~Stream() {
    done_ = true;
    thread_.join();
  }

 private:
  void Run(Producer* producer) {
    std::mt19937_64 random(2);
    auto next = std::chrono::steady_clock::now();
    for (int i = 0; !done_.load(); ++i) {
      producer->Produce(
          MessageOf(SomePayment("s" + std::to_string(i), WallNowMs(), &random), /*json=*/false));
      std::this_thread::sleep_until(next += milliseconds(1));
    }
  }
  std::atomic<bool> done_{false};
  std::thread thread_;
};

// One run of verdict-load; its report is JSON.
class Load {
 public:
  Load(const Arguments& arguments, const Setup& setup, const std::string& address) {
    output_ = setup.work + "/load.json";
    words_ = {arguments.binaries + "/verdict-load", "--target", address, "--format", "json",
              "--merchants", std::to_string(kMerchants), "--cards", std::to_string(kCards),
              "--connections", "8",
              // The cores are the servers': one look a millisecond costs half of what ten do.
              "--tick-us", "1000", "--timeout-ms", "200"};
  }
  void Begin(const std::vector<std::string>& plan) {
    std::ofstream(output_, std::ios::trunc) << "";
    std::vector<std::string> words = words_;
    words.insert(words.end(), plan.begin(), plan.end());
    process_.Start({.words = words, .log = output_});
  }
  bool HasEnded() { return process_.HasEnded(); }
  nlohmann::json Report() const {
    std::ifstream file(output_);
    return nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  }

 private:
  std::string output_;
  std::vector<std::string> words_;
  testing::ChildProcess process_;
};

// A stretch of the run, by the steady clock.
struct Stretch {
  int64_t from_ns = 0;
  int64_t until_ns = 0;
};

// When what was away.
struct Timeline {
  Stretch redis_away, broker_away;  // from the kill to the start of its successor
  int64_t redis_back_ns = 0, broker_back_ns = 0;
  int64_t began_ns = 0, ended_ns = 0;
};

int64_t Ns(std::chrono::nanoseconds duration) { return duration.count(); }

void AwaitUp(Server* server) {
  while (!server->IsUp()) std::this_thread::sleep_for(milliseconds(10));
}

// Kills a server, and starts it again once it was away for `away`.
int64_t TakeAway(Server* server, seconds away, Stretch* stretch) {
  stretch->from_ns = NowNs();
  server->Kill();
  std::this_thread::sleep_for(away);
  stretch->until_ns = NowNs();
  server->Start();
  AwaitUp(server);
  return NowNs();
}

Timeline Play(Server* redis, Server* broker) {
  Timeline timeline;
  timeline.began_ns = NowNs();
  std::this_thread::sleep_for(seconds(8));
  timeline.redis_back_ns = TakeAway(redis, seconds(8), &timeline.redis_away);
  std::this_thread::sleep_for(kHealsWithin + seconds(6));
  timeline.broker_back_ns = TakeAway(broker, seconds(12), &timeline.broker_away);
  std::this_thread::sleep_for(kHealsWithin + seconds(6));
  timeline.ended_ns = NowNs();
  return timeline;
}

void PrintProbes(const std::string& when, const ProbeFigures& figures, Report* report) {
  report->Figure(when, figures.probes);
  report->Share("  of these FULL", figures.full, figures.probes);
  for (const auto& [text, count] : figures.by_text) report->Figure(absl::StrCat("  ", text), count);
  report->Figure("  slowest",
                 absl::StrFormat("%.1f ms", static_cast<double>(figures.slowest_ns) / 1e6));
  report->Require(figures.probes > 0, absl::StrCat("nobody asked: ", when));
  report->Require(figures.failed == 0, absl::StrCat("Scores failed: ", when));
}

void RequireFull(const std::string& when, const ProbeFigures& figures, Report* report) {
  PrintProbes(when, figures, report);
  report->Require(
      static_cast<double>(figures.full) >= kFullShare * static_cast<double>(figures.probes),
      absl::StrCat("less than 99.9 % are FULL: ", when));
}

// None FULL, and each says `why`.
void RequireTold(const std::string& when, const ProbeFigures& figures, const std::string& why,
                 Report* report) {
  PrintProbes(when, figures, report);
  for (const auto& [text, count] : figures.by_text) {
    report->Require(text.find(why) != std::string::npos,
                    absl::StrCat(count, " answers do not say ", why, ": ", when));
  }
}

void CheckProbes(const std::vector<Probe>& probes, const Timeline& t, Report* report) {
  const auto between = [&](int64_t from_ns, int64_t until_ns, Which which) {
    return FiguresOf(probes, from_ns, until_ns, which);
  };
  report->Heading("what answers say of themselves");
  RequireFull("before", between(t.began_ns + Ns(seconds(2)), t.redis_away.from_ns, Which::kAll),
              report);
  // The kill and a first call that notices it.
  const int64_t redis_gone_ns = t.redis_away.from_ns + Ns(milliseconds(200));
  RequireTold("Redis away, cards never seen",
              between(redis_gone_ns, t.redis_away.until_ns, Which::kCold), "batch", report);
  RequireFull("Redis away, what is cached",
              between(redis_gone_ns, t.redis_away.until_ns, Which::kWarm), report);
  PrintProbes("Redis back, healing",
              between(t.redis_away.until_ns, t.redis_back_ns + Ns(kHealsWithin), Which::kAll),
              report);
  RequireFull("Redis back",
              between(t.redis_back_ns + Ns(kHealsWithin), t.broker_away.from_ns, Which::kAll),
              report);
  RequireTold("the broker away",
              between(t.broker_away.from_ns + Ns(kFreshWithin) + Ns(kNotices),
                      t.broker_away.until_ns, Which::kAll),
              "STALE", report);
  PrintProbes("the broker back, healing",
              between(t.broker_away.until_ns, t.broker_back_ns + Ns(kHealsWithin), Which::kAll),
              report);
  RequireFull("the broker back",
              between(t.broker_back_ns + Ns(kHealsWithin), t.ended_ns, Which::kAll), report);
}

double Number(const nlohmann::json& report, const char* group, const char* name) {
  return report.contains(group) ? report[group].value(name, -1.0) : -1.0;
}

void CheckLoad(const nlohmann::json& load, Report* report) {
  report->Heading("verdict-load, from before the first outage to after the last");
  report->Require(load.is_object(), "verdict-load gave no report");
  if (!load.is_object()) return;
  const double planned = load.value("planned", 0.0), ok = Number(load, "codes", "OK");
  const double achieved = load.value("achieved_rate", 0.0), rate = load.value("planned_rate", 1.0);
  report->Figure("Scores planned", static_cast<uint64_t>(planned));
  report->Figure("rate achieved, of planned", absl::StrFormat("%.0f/s of %.0f/s", achieved, rate));
  for (const auto& [code, count] : load["codes"].items()) {
    report->Figure("code " + code, count.get<uint64_t>());
  }
  for (const auto& [name, count] : load["provenance"].items()) {
    report->Figure("provenance " + name, count.get<uint64_t>());
  }
  for (const char* name : {"p50_ms", "p99_ms", "p999_ms", "max_ms"}) {
    report->Figure(absl::StrCat("from intended send, ", name),
                   absl::StrFormat("%.2f", Number(load, "latency_from_intended", name)));
  }
  report->Require(load["codes"].size() == 1 && ok > 0 && load.value("unanswered", 1.0) == 0 &&
                      load.value("wrong", 1.0) == 0,
                  absl::StrCat("Scores failed: ", load.value("fault", "")));
  report->Require(achieved >= 0.99 * rate, "the planned rate was not reached");
  const double p99 = Number(load, "latency_from_intended", "p99_ms");
  report->Require(p99 >= 0 && p99 <= kBudgetMs, "p99 lies outside of the budget");
}

// Everything that one verdictd of this test is started with.
std::unique_ptr<testing::VerdictdProcess> StartVerdictd(const Setup& setup,
                                                        const std::string& state) {
  auto verdictd = std::make_unique<testing::VerdictdProcess>(testing::VerdictdProcess::Options{
      .binary = setup.verdictd(),
      .config = setup.config(),
      .rules = setup.rules,
      .flags = {"--state", setup.work + "/" + state, "--memory-overlay-bytes-max",
                std::to_string(int64_t{2} << 30)},
      .log = setup.verdictd_log()});
  verdictd->Start({});
  return verdictd;
}

bool FoldHistory(const Setup& setup, Report* report) {
  testing::ChildProcess batch;
  batch.Start(
      {.words = {setup.verdict(), "aggregate", "--config", setup.config(), "--rules", setup.rules},
       .log = setup.batch_log()});
  const bool ended = batch.WaitFor(seconds(120));
  report->Require(ended && batch.ExitStatus() == 0, "the batch failed, see " + setup.batch_log());
  return report->wrong() == 0;
}

void PlayOutages(const Arguments& arguments, const Setup& setup, Server* redis, Server* broker,
                 Report* report) {
  Producer producer(setup.brokers, kTopic);
  ProduceHistory(&producer);
  if (!producer.Flush(60'000) || !FoldHistory(setup, report)) return;
  const auto verdictd = StartVerdictd(setup, "state");
  report->Require(verdictd->AwaitServing(seconds(60)), "verdictd does not serve");
  if (report->wrong() > 0) return;
  Stream stream(&producer);
  Load load(arguments, setup, verdictd->address());
  load.Begin({"--rate", std::to_string(kMerchants), "--every-merchant", "--pool",
              std::to_string(kMerchants), "--duration", "2"});
  while (!load.HasEnded()) std::this_thread::sleep_for(milliseconds(20));
  load.Begin({"--rate", std::to_string(arguments.rate), "--pool", "100000", "--duration", "56",
              "--warmup", "2"});
  Prober prober(verdictd->address());
  const Timeline timeline = Play(redis, broker);
  const std::vector<Probe> probes = prober.Stop();
  while (!load.HasEnded()) std::this_thread::sleep_for(milliseconds(20));
  CheckLoad(load.Report(), report);
  CheckProbes(probes, timeline, report);
  report->Figure("away: Redis",
                 absl::StrFormat("%.1f s", static_cast<double>(timeline.redis_back_ns -
                                                               timeline.redis_away.from_ns) /
                                               1e9));
  report->Figure("away: the broker",
                 absl::StrFormat("%.1f s", static_cast<double>(timeline.broker_back_ns -
                                                               timeline.broker_away.from_ns) /
                                               1e9));
  report->Require(!verdictd->HasEnded(), "verdictd did not live through it");
  report->Require(verdictd->Stop() == 0, "verdictd did not end as it should");
}

// Redis is away when verdictd is started for the first time.
void PlayWithoutRedis(const Setup& setup, Server* redis, Report* report) {
  redis->Kill();
  const auto verdictd = StartVerdictd(setup, "state-without-redis");
  const int64_t began_ns = NowNs();
  report->Require(verdictd->AwaitServing(seconds(60)),
                  "a verdictd that never had Redis does not serve");
  if (report->wrong() > 0) return;
  report->Heading("a verdictd that never had Redis");
  report->Figure("serves after",
                 absl::StrFormat("%.1f s", static_cast<double>(NowNs() - began_ns) / 1e9));
  Prober prober(verdictd->address());
  const int64_t from_ns = NowNs();
  std::this_thread::sleep_for(seconds(4));
  const int64_t until_ns = NowNs();
  redis->Start();
  AwaitUp(redis);
  const int64_t healed_ns = NowNs() + Ns(kHealsWithin);
  std::this_thread::sleep_for(kHealsWithin + seconds(4));
  const int64_t ended_ns = NowNs();
  const std::vector<Probe> probes = prober.Stop();
  const ProbeFigures away = FiguresOf(probes, from_ns, until_ns, Which::kAll);
  PrintProbes("answers while it was away", away, report);
  report->Require(away.full == 0, "an answer is FULL though nothing is known of the days before");
  RequireFull("answers once it was there", FiguresOf(probes, healed_ns, ended_ns, Which::kAll),
              report);
  report->Require(verdictd->Stop() == 0, "verdictd did not end as it should");
}

int Main(const Arguments& arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  char pattern[] = "/tmp/verdict-outage-XXXXXX";
  const std::string work = mkdtemp(pattern);
  const std::string servers = work + "/servers";
  std::filesystem::create_directory(servers);
  StartServers(arguments.script, servers);
  Server broker("kafka", arguments.script, servers), redis("redis", arguments.script, servers);
  const Setup setup{.binaries = arguments.binaries,
                    .rules = "tests/e2e/outage_rules",
                    .work = work,
                    .zone = "Europe/Berlin",
                    .brokers = broker.address(),
                    .redis = redis.address()};
  WriteConfig(setup);
  MakeTopics(setup);
  Report report;
  PlayOutages(arguments, setup, &redis, &broker, &report);
  if (report.wrong() == 0) PlayWithoutRedis(setup, &redis, &report);
  const bool good = report.wrong() == 0;
  broker.End();
  redis.End();
  if (good) std::filesystem::remove_all(work);
  std::printf("outage test: %s\n", good ? "no Score failed, every answer honest, all healed"
                                        : ("FAILED, see " + work).c_str());
  return good ? 0 : 1;
}

}  // namespace
}  // namespace verdict::seam

int main(int argc, char** argv) {
  verdict::seam::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool has_value = i + 1 < argc;
    if (flag == "--bin" && has_value) {
      arguments.binaries = argv[++i];
    } else if (flag == "--up" && has_value) {
      arguments.script = argv[++i];
    } else if (flag == "--rate" && has_value) {
      arguments.rate = std::stoi(argv[++i]);
    } else {
      std::fprintf(stderr,
                   "usage: outage_test [--bin build/release/bin] [--rate 10000] "
                   "[--up deploy/local/up.sh]\n");
      return 2;
    }
  }
  return verdict::seam::Main(arguments);
}
