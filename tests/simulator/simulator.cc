// simulator --worlds N --ops M --seed S: N worlds of M operations each, from seed S on. Prints how
// often each hazard was met; exit status 1 where an invariant did not hold or a hazard was never
// met.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "simulator/world.h"

namespace {

uint64_t Number(const char* text) {
  char* end = nullptr;
  const uint64_t value = std::strtoull(text, &end, 10);
  if (*text == '\0' || *end != '\0') {
    std::fprintf(stderr, "simulator: \"%s\" is not a number\n", text);
    std::exit(2);
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace verdict::simulator;
  uint64_t worlds = 1000, operations = 200, seed = 1;
  for (int i = 1; i < argc; i += 2) {
    uint64_t* target = std::strcmp(argv[i], "--worlds") == 0 ? &worlds
                       : std::strcmp(argv[i], "--ops") == 0  ? &operations
                       : std::strcmp(argv[i], "--seed") == 0 ? &seed
                                                             : nullptr;
    if (target == nullptr || i + 1 == argc) {
      std::fprintf(stderr,
                   "usage: simulator [--worlds N] [--ops M] [--seed S]   e.g. simulator --worlds 1 "
                   "--seed 42\n");
      return 2;
    }
    *target = Number(argv[i + 1]);
  }
  Tally tally;
  int failed = 0;
  for (uint64_t w = 0; w < worlds && failed < 3; ++w) {
    SimWorld world({.seed = seed + w, .operations = static_cast<int>(operations)}, &tally);
    const std::string report = world.Run();
    if (report.empty()) continue;
    ++failed;
    std::printf("FAILED %sagain: simulator --worlds 1 --ops %llu --seed %llu\n\n", report.c_str(),
                static_cast<unsigned long long>(operations),
                static_cast<unsigned long long>(seed + w));
  }
  int never = 0;
  for (int hazard = 0; hazard < kHazards; ++hazard) {
    std::printf("%-30s %10llu\n", kHazardNames[static_cast<size_t>(hazard)],
                static_cast<unsigned long long>(tally.hits[static_cast<size_t>(hazard)]));
    never += tally.hits[static_cast<size_t>(hazard)] == 0 ? 1 : 0;
  }
  std::printf(
      "%llu worlds x %llu operations, %llu values answered, %llu FULL, %llu compared with the "
      "oracle; %d failed, "
      "%d hazards never met\n",
      static_cast<unsigned long long>(worlds), static_cast<unsigned long long>(operations),
      static_cast<unsigned long long>(tally.answers), static_cast<unsigned long long>(tally.full),
      static_cast<unsigned long long>(tally.compared), failed, never);
  return failed != 0 || never != 0 ? 1 : 0;
}
