// Plays a run: payments on the business clock, kills as planned, batches in their time; then waits
// until everything is read. One thread, the one that starts all processes.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "e2e/seam/batch.h"
#include "e2e/seam/chaos.h"
#include "e2e/seam/faults.h"
#include "e2e/seam/lives.h"
#include "e2e/seam/scorer.h"
#include "e2e/seam/servers.h"

namespace verdict::seam {

// Thread-compatible.
class Director {
 public:
  struct Parts {
    const Setup* setup = nullptr;
    Scoring* scoring = nullptr;
    Producer* producer = nullptr;
    Server* broker = nullptr;
    Server* redis = nullptr;
    Batch* batch = nullptr;
    Lives* lives = nullptr;
    Faults* faults = nullptr;
  };
  Director(const Parts& parts, std::vector<Step> steps, uint64_t payments);

  // False where something went wrong, which is printed. `clients` end by themselves with the
  // payments.
  bool Play();
  // Everything produced is read and counted, and nothing is under way: verdictd's page is noted.
  bool Settle();
  const std::map<std::string, int>& kills() const { return kills_; }

 private:
  // A server that was killed, on its way back.
  struct Outage {
    Server* server = nullptr;
    std::chrono::steady_clock::time_point restart_at;
    bool restarting = false;
  };
  bool TickServers();
  bool TickSteps();
  void HoldForBatch();
  bool Begin(const Step& step);
  bool QuietKill();
  void KillServer(Server* server, std::chrono::milliseconds down);
  bool AllIsWell() const;
  double Share() const;  // of the payments, that were given
  bool AwaitCaughtUp();

  const Parts the_;
  std::deque<Step> steps_;
  const uint64_t payments_;
  std::unique_ptr<Outage> outage_;
  std::string next_failpoint_;
  std::map<std::string, int> kills_;
};

}  // namespace verdict::seam
