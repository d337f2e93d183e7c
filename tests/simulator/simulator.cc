// simulator --worlds N --ops M --seed S: N worlds of M operations each, from seed S on. Prints how
// often each hazard was met; exit status 1 where an invariant did not hold or a hazard was never
// met. --events E goes on until E events were recorded; --jobs J shares the worlds among J
// processes.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "simulator/world.h"

namespace verdict::simulator {
namespace {

constexpr char kUsage[] =
    "usage: simulator [--worlds N] [--ops M] [--seed S] [--events E] [--jobs J]   "
    "e.g. simulator --worlds 1 --seed 42\n";
constexpr int kFailuresMax = 3;  // then a job has seen enough

struct Options {
  uint64_t worlds = 1000, operations = 200, seed = 1, events = 0, jobs = 1;
};

// What a job has to tell, as it goes through a pipe.
struct Outcome {
  Tally tally;
  uint64_t worlds = 0;
  int failed = 0;
};
static_assert(std::is_trivially_copyable_v<Outcome>);

uint64_t Number(const char* text) {
  char* end = nullptr;
  const uint64_t value = std::strtoull(text, &end, 10);
  if (*text == '\0' || *end != '\0') {
    std::fprintf(stderr, "simulator: \"%s\" is not a number\n", text);
    std::exit(2);
  }
  return value;
}

Options Parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    uint64_t* target = name == "--worlds"   ? &options.worlds
                       : name == "--ops"    ? &options.operations
                       : name == "--seed"   ? &options.seed
                       : name == "--events" ? &options.events
                       : name == "--jobs"   ? &options.jobs
                                            : nullptr;
    if (target == nullptr || i + 1 == argc) {
      std::fputs(kUsage, stderr);
      std::exit(2);
    }
    *target = Number(argv[i + 1]);
  }
  options.jobs = std::clamp<uint64_t>(options.jobs, 1, 64);
  return options;
}

// Every jobs-th world, from this job's first on.
Outcome RunJob(const Options& options, uint64_t job) {
  using std::chrono::steady_clock;
  Outcome outcome;
  auto told = steady_clock::now();
  const uint64_t events = (options.events + options.jobs - 1) / options.jobs;
  for (uint64_t w = job; outcome.failed < kFailuresMax; w += options.jobs) {
    if (events > 0 ? outcome.tally.events >= events : w >= options.worlds) break;
    SimWorld world({.seed = options.seed + w, .operations = static_cast<int>(options.operations)},
                   &outcome.tally);
    const std::string report = world.Run();
    ++outcome.worlds;
    if (steady_clock::now() - told > std::chrono::seconds(30)) {
      told = steady_clock::now();
      std::fprintf(stderr, "simulator: job %llu: %llu worlds, %llu events, %d failed\n",
                   static_cast<unsigned long long>(job + 1),
                   static_cast<unsigned long long>(outcome.worlds),
                   static_cast<unsigned long long>(outcome.tally.events), outcome.failed);
    }
    if (report.empty()) continue;
    ++outcome.failed;
    std::printf("FAILED %sagain: simulator --worlds 1 --ops %llu --seed %llu\n\n", report.c_str(),
                static_cast<unsigned long long>(options.operations),
                static_cast<unsigned long long>(options.seed + w));
    std::fflush(stdout);
  }
  return outcome;
}

void Add(const Outcome& from, Outcome* into) {
  for (size_t i = 0; i < from.tally.hits.size(); ++i) into->tally.hits[i] += from.tally.hits[i];
  into->tally.answers += from.tally.answers;
  into->tally.full += from.tally.full;
  into->tally.compared += from.tally.compared;
  into->tally.events += from.tally.events;
  into->worlds += from.worlds;
  into->failed += from.failed;
}

// False: a job died without a word.
bool RunJobs(const Options& options, Outcome* all) {
  struct Job {
    pid_t process;
    int pipe;
  };
  std::vector<Job> jobs;
  for (uint64_t j = 0; j < options.jobs; ++j) {
    int ends[2];
    if (pipe(ends) != 0) return false;
    const pid_t process = fork();
    if (process < 0) return false;
    if (process == 0) {
      const Outcome outcome = RunJob(options, j);
      const bool told = write(ends[1], &outcome, sizeof outcome) == sizeof outcome;
      _exit(told ? 0 : 1);
    }
    close(ends[1]);
    jobs.push_back({process, ends[0]});
  }
  bool whole = true;
  for (const Job& job : jobs) {
    Outcome outcome;
    const bool told = read(job.pipe, &outcome, sizeof outcome) == sizeof outcome;
    close(job.pipe);
    waitpid(job.process, nullptr, 0);
    if (told) Add(outcome, all);
    whole = whole && told;
  }
  return whole;
}

int Print(const Options& options, const Outcome& all) {
  int never = 0;
  for (int hazard = 0; hazard < kHazards; ++hazard) {
    const uint64_t hits = all.tally.hits[static_cast<size_t>(hazard)];
    std::printf("%-30s %10llu\n", kHazardNames[static_cast<size_t>(hazard)],
                static_cast<unsigned long long>(hits));
    never += hits == 0 ? 1 : 0;
  }
  std::printf(
      "%llu worlds x %llu operations, %llu events, %llu values answered, %llu FULL, %llu compared "
      "with the oracle; %d failed, %d hazards never met\n",
      static_cast<unsigned long long>(all.worlds),
      static_cast<unsigned long long>(options.operations),
      static_cast<unsigned long long>(all.tally.events),
      static_cast<unsigned long long>(all.tally.answers),
      static_cast<unsigned long long>(all.tally.full),
      static_cast<unsigned long long>(all.tally.compared), all.failed, never);
  return all.failed != 0 || never != 0 ? 1 : 0;
}

}  // namespace
}  // namespace verdict::simulator

int main(int argc, char** argv) {
  using namespace verdict::simulator;
  const Options options = Parse(argc, argv);
  Outcome all;
  if (options.jobs == 1) {
    all = RunJob(options, 0);
  } else if (!RunJobs(options, &all)) {
    std::fprintf(stderr, "simulator: a job has died\n");
    return 1;
  }
  return Print(options, all);
}
