// The runs of `verdict aggregate`: begun at their business time, killed inside or at random, run
// again, run twice.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>

#include "e2e/child_process.h"
#include "e2e/seam/setup.h"

namespace verdict::seam {

struct BatchJob {
  enum class Goal : uint8_t {
    kDieInside,    // at `failpoint`; tried again until it did
    kDieAtRandom,  // after a random time; tried again until it did
    kFinish,       // tried again until it did
    kFindNothing   // everything is published: it finds nothing to do
  };
  Goal goal = Goal::kFinish;
  std::string failpoint = {};
  int64_t due_ms = 0;  // business time
};

struct BatchFigures {
  int runs = 0;
  int finished = 0;
  int found_nothing = 0;
  int failed = 0;  // ended with an error: a server was away
  int killed_at_random = 0;
  std::map<std::string, int> killed_inside;
};

// Thread-compatible.
class Batch {
 public:
  explicit Batch(const Setup* setup);  // must outlive it
  void Plan(const BatchJob& job) { jobs_.push_back(job); }
  // Begins what is due, notices what has ended. False where that is a defect, which is printed.
  bool Tick(int64_t business_now_ms);
  bool idle() const { return jobs_.empty(); }
  bool running() const { return running_; }
  const BatchFigures& figures() const { return figures_; }
  // Jobs done so far.
  int done() const { return done_; }

 private:
  void Begin(const BatchJob& job);
  bool Ended(const BatchJob& job);
  bool Fulfilled(const BatchJob& job, bool killed);
  std::string Output() const;

  const Setup& setup_;
  std::mt19937_64 random_;
  std::deque<BatchJob> jobs_;
  testing::ChildProcess process_;
  bool running_ = false;
  int tries_ = 0;
  int done_ = 0;
  std::chrono::steady_clock::time_point began_;
  std::optional<std::chrono::steady_clock::time_point> kill_at_;
  BatchFigures figures_;
};

}  // namespace verdict::seam
