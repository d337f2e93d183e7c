// Whether a topic is set up so that totals can be exact (R18), said so that it can be mended.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kafka_log/client.h"

namespace verdict::kafka_log {

// Events are kept so long that the batch may be late for days.
inline constexpr int64_t kRetentionDaysMin = 5;

// Each finding is one line: what is set, why it is no good, and the command that mends it.
struct TopicFindings {
  std::vector<std::string> refusals;  // verdictd must not start on it
  std::vector<std::string> warnings;
  // Stamped by producers: the weaker mode. A wrong clock of theirs moves cuts, and out of order.
  bool create_time = false;
  std::optional<int64_t> retention_ms;  // nothing: for ever, or unknown
};

// `event_clock`: verdictd follows the times of events, on a topic that is replayed. What the
// brokers do not let us see is a warning. Errors: NotFound, with how to create the topic;
// Unavailable.
absl::StatusOr<TopicFindings> CheckTopic(const Connection& connection, const std::string& topic,
                                         bool event_clock, std::chrono::milliseconds timeout);

// The same for settings as they were read; tells nothing of what is not among them.
TopicFindings JudgeTopic(const std::string& brokers, const std::string& topic,
                         const std::map<std::string, std::string>& settings, bool event_clock);

}  // namespace verdict::kafka_log
