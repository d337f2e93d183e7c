// The proof of the whole (AGGREGATES sections 15 and 16): verdictd and its batch on a real broker
// and a real Redis, two midnights and more on the event clock, everything killed with -9; then each
// sampled answer is recomputed from the topic, and every record is accounted for.
//   seam_test [--bin build/release/bin] [--seed 1] [--short] [--without-redis]
// Without Redis the stored days lie in verdictd's own folder, and it folds by itself.
// Exit 0: exact; 1: not; 77: a server cannot be had here.
#include <stdlib.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "e2e/seam/answers.h"
#include "e2e/seam/audit.h"
#include "e2e/seam/conservation.h"
#include "e2e/seam/decisions.h"
#include "e2e/seam/decode.h"
#include "e2e/seam/director.h"
#include "e2e/seam/hazards.h"
#include "e2e/seam/report.h"
#include "e2e/seam/setup.h"

namespace verdict::seam {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kMinuteMs = 60'000;
constexpr int kClients = 8;
// A day of 25 hours lies between the midnights of every run.
constexpr char kZone[] = "Europe/Berlin";

// How long and how hard a run is.
struct Mode {
  absl::CivilSecond start;  // in kZone
  int64_t hours = 0;
  uint64_t payments = 0;
  uint64_t history = 0;
  milliseconds duration{0};
  ChaosOptions chaos;
  double sampled = 0;  // share of payments; each is a full scan, so most of the time after the play
  uint64_t samples_wanted = 0;
};

Mode FullMode() {
  return {.start = absl::CivilSecond(2023, 10, 28, 11, 30),
          .hours = 50,
          .payments = 80'000,
          .history = 30'000,
          .duration = std::chrono::minutes(12),
          .chaos = {.verdictd_kills = 12, .quiet_kills = 4, .redis_kills = 5, .broker_kills = 4},
          .sampled = 0.15,
          .samples_wanted = 10'000};
}

Mode ShortMode() {
  return {.start = absl::CivilSecond(2023, 10, 28, 22, 0),
          .hours = 33,
          .payments = 14'000,
          .history = 10'000,
          .duration = std::chrono::seconds(105),
          .chaos = {.verdictd_kills = 4, .quiet_kills = 1, .redis_kills = 2, .broker_kills = 1},
          .sampled = 0.35,
          .samples_wanted = 2'000};
}

struct Arguments {
  std::string binaries = "build/release/bin";
  std::string script = "deploy/local/up.sh";
  uint64_t seed = 1;
  bool is_short = false;
  bool without_redis = false;
};

absl::TimeZone Zone() {
  absl::TimeZone zone;
  if (absl::LoadTimeZone(kZone, &zone)) return zone;
  std::fprintf(stderr, "no zone %s on this machine\n", kZone);
  std::exit(2);
}

int64_t MsOf(absl::CivilSecond when) { return absl::ToUnixMillis(absl::FromCivil(when, Zone())); }

// Everything of one run, made once and destroyed in reverse.
struct Run {
  Run(const Arguments& arguments, const Mode& mode, Setup setup_of_it)
      : setup(std::move(setup_of_it)),
        world(MakeWorld({.seed = arguments.seed,
                         .start_ms = MsOf(mode.start),
                         .span_ms = mode.hours * kHourMs,
                         .payments = mode.payments,
                         .history_events = mode.history,
                         .sampled = mode.sampled})),
        producer(setup.brokers, kTopic),
        conductor(&world.payments, mode.duration),
        payment_system(&world, &conductor, &producer),
        scoring(&world, &conductor, &payment_system, &book),
        batch(&setup),
        lives(&setup, &scoring, &faults) {}

  const Setup setup;
  const World world;
  Book book;
  Faults faults;
  Producer producer;
  Conductor conductor;
  PaymentSystem payment_system;
  Scoring scoring;
  Batch batch;
  Lives lives;
};

// Before the first payment: the history is produced, and the batch folds it, killed in each of its
// phases.
bool FoldHistory(Run* run) {
  for (const Fact& fact : run->world.history) run->producer.Produce(MessageOf(fact, false));
  if (!run->producer.Flush(120'000)) {
    std::printf("WRONG the broker does not take the history\n");
    return false;
  }
  if (run->setup.redis.empty()) return true;
  for (const char* failpoint : {"fold.before_upload", "fold.mid_upload", "fold.before_publish"}) {
    run->batch.Plan({.goal = BatchJob::Goal::kDieInside, .failpoint = failpoint});
  }
  run->batch.Plan({.goal = BatchJob::Goal::kFinish});
  run->batch.Plan({.goal = BatchJob::Goal::kFindNothing});
  while (!run->batch.idle()) {
    if (!run->batch.Tick(run->conductor.now_ms())) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

// The first midnight's cut dies half-uploaded and stays so until after the second midnight.
void PlanBatches(const Mode& mode, Run* run) {
  if (run->setup.redis.empty()) return;
  const absl::CivilDay first = absl::CivilDay(mode.start) + 1;
  const int64_t first_ms = MsOf(absl::CivilSecond(first)) + 25 * kMinuteMs;
  const int64_t second_ms = MsOf(absl::CivilSecond(first + 1)) + 30 * kMinuteMs;
  using Goal = BatchJob::Goal;
  run->batch.Plan({.goal = Goal::kDieInside, .failpoint = "fold.mid_upload", .due_ms = first_ms});
  run->batch.Plan(
      {.goal = Goal::kDieInside, .failpoint = "fold.before_publish", .due_ms = second_ms});
  run->batch.Plan({.goal = Goal::kDieAtRandom, .due_ms = second_ms});
  run->batch.Plan({.goal = Goal::kDieInside, .failpoint = "fold.mid_upload", .due_ms = second_ms});
  run->batch.Plan({.goal = Goal::kFinish, .due_ms = second_ms});
  run->batch.Plan({.goal = Goal::kFindNothing, .due_ms = second_ms});
}

bool Play(const Mode& mode, const Arguments& arguments, Run* run, Director* director) {
  if (!FoldHistory(run)) return false;
  PlanBatches(mode, run);
  run->lives.Begin("");
  while (!run->lives.serving()) {
    if (!run->lives.Tick()) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  std::vector<std::unique_ptr<Scorer>> scorers;
  std::vector<std::thread> threads;
  run->scoring.clients = kClients;
  run->conductor.Start();
  run->payment_system.Start();
  for (uint64_t i = 0; i < kClients; ++i) {
    scorers.push_back(std::make_unique<Scorer>(&run->scoring, arguments.seed * 100 + i));
    threads.emplace_back([scorer = scorers.back().get()] { scorer->Run(); });
  }
  const bool played = director->Play();
  run->scoring.stopped = true;
  run->conductor.Stop();
  for (std::thread& thread : threads) thread.join();
  run->payment_system.Finish();
  if (!played) return false;
  return director->Settle() && run->lives.Stop();
}

void PrintKills(const Run& run, const Director& director, Report* report) {
  report->Heading("killed with -9");
  for (const auto& [what, count] : director.kills())
    report->Figure(what, static_cast<uint64_t>(count));
  std::map<std::string, uint64_t> inside;
  std::ifstream log(run.setup.failpoint_log());
  for (std::string line; std::getline(log, line);) ++inside[line];
  for (const auto& [place, count] : inside) report->Figure("inside " + place, count);
  const BatchFigures& batch = run.batch.figures();
  report->Figure("the batch at a random moment", static_cast<uint64_t>(batch.killed_at_random));
  for (const char* place : {"checkpoint.before_write", "checkpoint.after_write",
                            "fold.before_upload", "fold.mid_upload", "fold.before_publish"}) {
    if (run.setup.redis.empty() && std::string(place).starts_with("fold.")) continue;
    report->Require(inside[place] > 0, absl::StrCat("no kill fell inside ", place));
  }
  if (run.setup.redis.empty()) return;
  report->Require(batch.killed_at_random > 0, "no kill fell into the batch at a random moment");
  report->Heading("runs of the batch");
  report->Figure("begun", static_cast<uint64_t>(batch.runs));
  report->Figure("that folded and published", static_cast<uint64_t>(batch.finished));
  report->Figure("that found nothing left to do", static_cast<uint64_t>(batch.found_nothing));
  report->Figure("that failed for want of a server", static_cast<uint64_t>(batch.failed));
  report->Require(batch.found_nothing >= 2, "no batch was run twice");
}

// Which cuts the stored days of the answers reached: the late one for some entities long before it
// was published, for the others only after the second midnight.
void PrintCuts(const std::vector<Call>& calls, Report* report) {
  std::map<uint32_t, uint64_t> cuts;
  for (const Call& call : calls) {
    for (const v1::FeatureValue& feature : call.response.features()) {
      if (feature.has_cut()) ++cuts[feature.cut()];
    }
  }
  for (const auto& [cut, count] : cuts) {
    report->Figure(absl::StrCat("values over stored days up to the cut of ",
                                absl::FormatCivilTime(absl::CivilDay(1970, 1, 1) + cut)),
                   count);
  }
  report->Require(cuts.size() >= 3, "fewer than three cuts stood behind the answers");
}

Reference Recompute(const std::vector<Message>& topic) {
  const int64_t latest_ms = absl::ToUnixMillis(absl::Now()) + 5 * kMinuteMs;
  std::vector<Entry> entries;
  for (const Message& message : topic) entries.push_back(Decode(message, latest_ms));
  Reference reference(Zone());
  reference.Load(std::move(entries));
  return reference;
}

// Those of the days before the first payment's, back to the first of the history, and of its own
// run.
std::vector<int64_t> CutsOf(const Mode& mode) {
  std::vector<int64_t> cuts_ms;
  const absl::CivilDay first(mode.start);
  for (absl::CivilDay day = first - 33; day <= first + 3; ++day) {
    cuts_ms.push_back(MsOf(absl::CivilSecond(day)) + 10 * kMinuteMs);
  }
  return cuts_ms;
}

void Judge(const Mode& mode, Run* run, Report* report) {
  const std::vector<Call> calls = run->book.TakeCalls();
  const std::vector<Question> questions = ReadQuestions(run->setup.rules + "/features.json");
  const std::vector<Message> topic = ReadTopic(run->setup.brokers, kTopic);
  const Reference reference = Recompute(topic);
  report->Heading("the topic");
  CheckHazards(FindHazards(reference, CutsOf(mode)), report);
  const Provisionals provisionals(run->world.payments, calls, reference);
  Audit audit(run->world.payments, questions, reference, provisionals);
  for (const Call& call : calls) {
    if (call.answered && call.response.features_size() > 0) audit.Check(call);
  }
  const AuditFigures& figures = audit.figures();
  report->Heading("sampled answers, each feature recomputed from the topic");
  report->Figure("answers with all features", figures.samples);
  report->Figure("values that must be exact", figures.values);
  report->Figure("values withheld (PARTIAL, DEFAULT)", figures.withheld);
  for (const auto& [why, count] : figures.withheld_for) report->Figure("  " + why, count);
  report->Figure("answers beside payments not yet in the log", figures.with_provisionals);
  report->Figure("answers whose own event was in the log already", figures.with_own_event);
  report->Figure("answers while a call of the same entity was under way", figures.crowded);
  PrintCuts(calls, report);
  for (const std::string& wrong : figures.wrong) report->Require(false, wrong);
  report->Figure("answers that differ", figures.wrong_samples);
  report->Require(figures.samples >= mode.samples_wanted, "too few answers were sampled");
  report->Require(
      figures.with_provisionals > 0 && figures.with_own_event > 0 && figures.crowded > 0,
      "a way of counting never came up");
  const AnswersParts answers{calls, run->world.payments, run->lives.records(), run->faults};
  report->Heading("provenance");
  CheckWholeness(answers, report);
  report->Heading("retries");
  CheckRetries(answers, report);
  report->Require(run->scoring.refused.load() == 0, "calls were refused");
  report->Heading("conservation (I7)");
  CheckConservation(run->lives.records(), reference, report);
  CheckDeadLetters(ReadTopic(run->setup.brokers, kDeadTopic), topic, reference, report);
  report->Heading("decisions on record");
  CheckDecisions(ReadTopic(run->setup.brokers, kDecisionsTopic), calls, run->world.payments,
                 report);
  report->Heading("for information");
  PrintLatencies(answers, report);
}

void PrintProduced(const Run& run, const Mode& mode, double seconds, Report* report) {
  report->Heading("played");
  report->Figure("business hours", static_cast<uint64_t>(mode.hours));
  report->Figure("seconds", absl::StrFormat("%.0f", seconds));
  report->Figure("payments scored", run.book.answered());
  report->Figure("records of history", run.world.history.size());
  for (const auto& [what, count] : run.payment_system.produced()) {
    report->Figure("produced: " + what, count);
  }
  report->Require(run.producer.failed() == 0, "the producer gave records up");
}

int Main(const Arguments& arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  char pattern[] = "/tmp/verdict-seam-XXXXXX";
  const std::string work = mkdtemp(pattern);
  const std::string servers = work + "/servers";
  std::filesystem::create_directory(servers);
  StartServers(arguments.script, servers);
  Server broker("kafka", arguments.script, servers), redis("redis", arguments.script, servers);
  Setup setup{.binaries = arguments.binaries,
              .rules = "tests/e2e/seam/rules",
              .work = work,
              .zone = kZone,
              .brokers = broker.address(),
              .redis = arguments.without_redis ? "" : redis.address(),
              .seed = arguments.seed};
  WriteConfig(setup);
  MakeTopics(setup);
  Mode mode = arguments.is_short ? ShortMode() : FullMode();
  mode.chaos.seed = arguments.seed;
  if (arguments.without_redis) mode.chaos.redis_kills = 0;
  Run run(arguments, mode, setup);
  Director director({&run.setup, &run.scoring, &run.producer, &broker, &redis, &run.batch,
                     &run.lives, &run.faults},
                    PlanChaos(mode.chaos), mode.payments);
  const auto began = steady_clock::now();
  Report report;
  const bool played = Play(mode, arguments, &run, &director);
  const std::chrono::duration<double> took = steady_clock::now() - began;
  PrintProduced(run, mode, took.count(), &report);
  PrintKills(run, director, &report);
  if (played) Judge(mode, &run, &report);
  const bool exact = played && report.wrong() == 0;
  broker.End();
  redis.End();
  if (exact) std::filesystem::remove_all(work);
  std::printf("seam test, seed %llu%s: %s\n", static_cast<unsigned long long>(arguments.seed),
              arguments.is_short ? ", short" : "",
              exact ? "exact" : ("NOT exact, see " + work).c_str());
  return exact ? 0 : 1;
}

}  // namespace
}  // namespace verdict::seam

int main(int argc, char** argv) {
  verdict::seam::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const bool has_value = i + 1 < argc;
    if (flag == "--short") {
      arguments.is_short = true;
    } else if (flag == "--without-redis") {
      arguments.without_redis = true;
    } else if (flag == "--bin" && has_value) {
      arguments.binaries = argv[++i];
    } else if (flag == "--up" && has_value) {
      arguments.script = argv[++i];
    } else if (flag == "--seed" && has_value) {
      arguments.seed = std::stoull(argv[++i]);
    } else {
      std::fprintf(stderr,
                   "usage: seam_test [--bin build/release/bin] [--seed 1] [--short] "
                   "[--without-redis] [--up deploy/local/up.sh]\n");
      return 2;
    }
  }
  return verdict::seam::Main(arguments);
}
