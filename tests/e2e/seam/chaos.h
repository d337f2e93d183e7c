// What is broken in a run, and when: a plan by seed.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace verdict::seam {

struct Step {
  enum class What : uint8_t { kKillVerdictd, kQuietKill, kKillRedis, kKillBroker };
  What what = What::kKillVerdictd;
  double at = 0;                      // share of the payments given by then
  std::chrono::milliseconds down{0};  // before a server is started again
  // kKillVerdictd, kQuietKill: the next life kills itself here; empty: it lives on.
  std::string failpoint = {};
};

struct ChaosOptions {
  uint64_t seed = 1;
  int verdictd_kills = 0;
  int quiet_kills = 0;
  int redis_kills = 0;
  int broker_kills = 0;
};

// In the order of their time. Every second kill of verdictd has a failpoint behind it.
std::vector<Step> PlanChaos(const ChaosOptions& options);
const char* NameOf(Step::What what);

}  // namespace verdict::seam
