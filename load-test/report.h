// What a run found, for people and for machines.
#pragma once

#include <cstdint>
#include <string>

#include "hardware.h"
#include "options.h"
#include "tally.h"

namespace verdict::load {

struct RunResult {
  Tally tally;
  uint64_t planned = 0;     // calls of the measured part
  uint64_t measured = 0;    // of them, finished
  double seconds = 0;       // that the measured part took
  double planned_rate = 0;  // open loop
  double achieved_rate = 0;
  double client_cpu_s = 0;
  uint64_t reconnects = 0;
  std::string id_seed;  // to run the same again
};

// Why the run fails; empty where it passes.
std::string Verdict(const Options& options, const RunResult& result);

std::string TextReport(const Options& options, const RunResult& result, const Hardware& hardware);
std::string JsonReport(const Options& options, const RunResult& result, const Hardware& hardware);

}  // namespace verdict::load
