#include "e2e/seam/chaos.h"

#include <algorithm>
#include <random>

namespace verdict::seam {
namespace {

// Where a life of verdictd kills itself.
const char* const kFailpoints[] = {"checkpoint.before_write", "checkpoint.after_write"};
// Nothing is broken before, so that there is something to break, nor after: everything must heal.
constexpr double kFrom = 0.03;
constexpr double kUntil = 0.89;

}  // namespace

const char* NameOf(Step::What what) {
  switch (what) {
    case Step::What::kKillVerdictd:
      return "verdictd at a random moment";
    case Step::What::kQuietKill:
      return "verdictd at rest";
    case Step::What::kKillRedis:
      return "Redis";
    case Step::What::kKillBroker:
      return "the broker";
  }
  return "";
}

std::vector<Step> PlanChaos(const ChaosOptions& options) {
  std::mt19937_64 random(options.seed);
  std::vector<Step> steps;
  const auto add = [&](Step::What what, int count) {
    for (int i = 0; i < count; ++i) {
      Step step{.what = what};
      step.down = std::chrono::milliseconds(500 + random() % 3000);
      if (what == Step::What::kKillVerdictd && i % 2 == 0) {
        step.failpoint = kFailpoints[static_cast<size_t>(i) / 2 % std::size(kFailpoints)];
      }
      steps.push_back(step);
    }
  };
  add(Step::What::kKillVerdictd, options.verdictd_kills);
  add(Step::What::kQuietKill, options.quiet_kills);
  add(Step::What::kKillRedis, options.redis_kills);
  add(Step::What::kKillBroker, options.broker_kills);
  std::shuffle(steps.begin(), steps.end(), random);
  const double width = (kUntil - kFrom) / static_cast<double>(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    const double place = static_cast<double>(random() % 1000) / 1000;
    steps[i].at = kFrom + width * (static_cast<double>(i) + place);
  }
  return steps;
}

}  // namespace verdict::seam
