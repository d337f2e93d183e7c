// What one run of verdict-load was asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace verdict::load {

struct Options {
  std::string target = "127.0.0.1:50051";
  bool closed = false;
  double rate = 1000;       // requests a second, open loop
  bool fixed_gaps = false;  // equal gaps in place of Poisson arrivals
  double duration_s = 10;
  double warmup_s = 0;    // sent and checked, but in no figure
  uint64_t requests = 0;  // 0: as many as the duration holds
  int connections = 4;
  int streams = 16;  // closed loop: calls in flight on each connection
  int threads = 1;
  int timeout_ms = 200;  // the deadline sent with each call; 0: none
  int tick_us = -1;  // open loop: shortest sleep between looks at plan and sockets; -1: by the rate
  bool record = true;
  uint64_t pool = 100000;
  uint64_t merchants = 1000000;
  uint64_t cards = 5000000;
  double zipf = 0.99;
  double hot_share = 0;         // of the traffic, on one merchant
  bool every_merchant = false;  // request i of the pool is merchant i: fills a service evenly
  std::string from;             // a file of events to play in place of the pool
  bool keep_ids = false;        // with `from`: ids and times as they stand in the file, once
  std::string answers;     // with `keep_ids`: a file of id,decision,provenance,rules of each answer
  std::string write_pool;  // write the pool, length-delimited, and end: data for ghz
  uint64_t seed = 0;       // 0: from the clock
  bool allow_replayed = false;
  bool json = false;
};

// Nothing where the process should end at once with `exit_code` (--help, a bad flag: already
// printed).
std::optional<Options> ParseOptions(int argc, char** argv, int* exit_code);

}  // namespace verdict::load
