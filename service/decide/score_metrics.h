// The series a decider counts in, resolved once, and the sampled clock of its stages.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "base/metrics.h"
#include "model/decision.h"

namespace verdict::decide {

// The stages of one decision, in order; `append` is the wait for the log.
enum class Stage : uint8_t { kValidate, kKeys, kBlobs, kView, kMerge, kRules, kPublish, kAppend };
inline constexpr size_t kStages = 8;
// One call in this many is clocked stage by stage.
inline constexpr uint32_t kStageSampling = 64;

enum class AppendResult : uint8_t { kOk, kStalled, kFailed };

// **Thread-safe.** Fixed after construction.
class ScoreMetrics {
 public:
  ScoreMetrics();
  // One finished call. `decision` counts where `status` is OK.
  void CountCall(const absl::Status& status, const model::Decision& decision, double seconds) const;
  void Count(AppendResult result) const { appends_[static_cast<size_t>(result)].Add(); }
  void CountGuardSuspect() const { guard_suspects_.Add(); }
  void CountStage(Stage stage, std::chrono::nanoseconds spent) const {
    stage_ns_[static_cast<size_t>(stage)].Add(static_cast<uint64_t>(spent.count()));
    stage_samples_[static_cast<size_t>(stage)].Add();
  }

 private:
  static constexpr size_t kCodes = 17;
  std::array<std::array<base::Counter, 4>, 4> answered_;  // by outcome, by provenance
  std::array<base::Counter, kCodes> refused_;             // by status code
  std::array<base::Counter, 3> appends_;
  std::array<base::Counter, kStages> stage_ns_;
  std::array<base::Counter, kStages> stage_samples_;
  base::Counter guard_suspects_;
  base::Histogram duration_;
};

// **Thread-compatible.** Where the time of one call went; does nothing unless the call is sampled.
class StageClock {
 public:
  void Start(std::chrono::steady_clock::time_point now) {
    thread_local uint32_t calls = 0;
    sampled_ = calls++ % kStageSampling == 0;
    last_ = now;
  }
  // What passed since the last mark was `stage`.
  void Mark(Stage stage, const ScoreMetrics& metrics) {
    if (!sampled_) return;
    const auto now = std::chrono::steady_clock::now();
    metrics.CountStage(stage, now - last_);
    last_ = now;
  }

 private:
  bool sampled_ = false;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace verdict::decide
