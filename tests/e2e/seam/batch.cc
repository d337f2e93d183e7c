#include "e2e/seam/batch.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace verdict::seam {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kTriesMax = 40;

}  // namespace

Batch::Batch(const Setup* setup) : setup_(*setup), random_(setup->seed * 7919) {}

std::string Batch::Output() const {
  std::ifstream file(setup_.batch_log());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Batch::Begin(const BatchJob& job) {
  ++figures_.runs;
  ++tries_;
  testing::ChildProcess::Command command{
      .words = {setup_.verdict(), "aggregate", "--config", setup_.config(), "--rules",
                setup_.rules},
      .environment = {"VERDICT_FAILPOINT_LOG=" + setup_.failpoint_log()},
      .log = setup_.batch_log()};
  if (!job.failpoint.empty()) {
    command.environment.push_back("VERDICT_FAILPOINTS=" + job.failpoint +
                                  "=kill:1:" + std::to_string(random_() % 1000));
  }
  kill_at_.reset();
  if (job.goal == BatchJob::Goal::kDieAtRandom) {
    kill_at_ = steady_clock::now() + milliseconds(20 + random_() % 400);
  }
  std::ofstream(setup_.batch_log(), std::ios::trunc) << "";
  process_.Start(std::move(command));
  began_ = steady_clock::now();
  running_ = true;
}

bool Batch::Tick(int64_t business_now_ms) {
  if (jobs_.empty()) return true;
  const BatchJob job = jobs_.front();
  if (!running_) {
    if (business_now_ms >= job.due_ms) Begin(job);
    return true;
  }
  bool killed = false;
  if (kill_at_ && steady_clock::now() >= *kill_at_ && !process_.HasEnded()) {
    process_.Kill();
    killed = true;
  }
  if (!killed && !process_.HasEnded()) return true;
  running_ = false;
  const std::chrono::duration<double> took = steady_clock::now() - began_;
  std::printf("batch, job %d, try %d: %s after %.1f s\n", done_ + 1, tries_,
              process_.HowItEnded().c_str(), took.count());
  if (!Fulfilled(job, killed)) {
    if (tries_ < kTriesMax) return true;
    std::printf("WRONG the batch did not get through its job %d in %d tries; it last said:\n%s\n",
                done_ + 1, tries_, Output().c_str());
    return false;
  }
  ++done_;
  tries_ = 0;
  jobs_.pop_front();
  return true;
}

bool Batch::Fulfilled(const BatchJob& job, bool killed) {
  if (killed) {
    ++figures_.killed_at_random;
    return true;
  }
  if (process_.EndedBySigkill() && !job.failpoint.empty()) {
    ++figures_.killed_inside[job.failpoint];
    return job.goal == BatchJob::Goal::kDieInside;
  }
  if (process_.ExitStatus() != 0) {
    ++figures_.failed;
    std::printf("    %s", Output().c_str());
    return false;
  }
  const bool nothing = Output().find("nothing to fold") != std::string::npos;
  ++(nothing ? figures_.found_nothing : figures_.finished);
  switch (job.goal) {
    case BatchJob::Goal::kFinish:
      return true;
    case BatchJob::Goal::kFindNothing:
      return nothing;
    case BatchJob::Goal::kDieInside:
    case BatchJob::Goal::kDieAtRandom:
      return nothing;  // too late: an earlier try got through
  }
  return true;
}

}  // namespace verdict::seam
