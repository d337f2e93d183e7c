// What one run is made of: programs, folders, servers, and the settings of verdictd over them.
#pragma once

#include <string>

namespace verdict::seam {

struct Setup {
  std::string binaries;  // folder of verdictd and verdict
  std::string rules;     // folder of the rule set
  std::string work;      // folder of this run
  std::string zone;
  std::string brokers;
  std::string redis;  // empty: the stored days lie in verdictd's own folder, and it folds itself
  uint64_t seed = 1;

  std::string verdictd() const { return binaries + "/verdictd"; }
  std::string verdict() const { return binaries + "/verdict"; }
  std::string config() const { return work + "/verdictd.json"; }
  std::string failpoint_log() const { return work + "/failpoints"; }
  std::string verdictd_log() const { return work + "/verdictd.log"; }
  std::string batch_log() const { return work + "/aggregate.log"; }
};

inline constexpr char kTopic[] = "transactions";
inline constexpr char kDeadTopic[] = "transactions.dead";
inline constexpr char kDecisionsTopic[] = "decisions";
inline constexpr int kPartitions = 4;
// Shorter than the service's own five seconds: more checkpoints to be killed in.
inline constexpr int kCheckpointPeriodMs = 2000;

// Writes setup.config() and the secret that it names.
void WriteConfig(const Setup& setup);
// The topics of a replay: stamped by their producers, kept for ever.
void MakeTopics(const Setup& setup);

}  // namespace verdict::seam
