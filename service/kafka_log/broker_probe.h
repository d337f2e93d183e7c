// Whether the brokers are there: asked again and again while a start waits for them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kafka_log/client.h"
#include "kafka_log/topic.h"

namespace verdict::kafka_log {

// Thread-compatible. One client over all questions, which goes on trying to connect between them:
// so a question may be short.
class BrokerProbe {
 public:
  // `patience`: for so long after the brokers came, that they know no such topic is taken for a
  // broker that does not know it yet. Asks nothing. Errors: InvalidArgument: a property.
  static absl::StatusOr<std::unique_ptr<BrokerProbe>> Make(const Connection& connection,
                                                           const std::string& topic,
                                                           std::chrono::milliseconds patience);
  // Blocks for at most `wait`, or a little more. Errors: Unavailable: nobody answers, or not yet;
  // it names the brokers, and why. PermissionDenied: they refuse who we are, or us the topic.
  // NotFound: no such topic, with how to create it.
  absl::Status Ask(std::chrono::milliseconds wait);

 private:
  BrokerProbe(std::unique_ptr<Client> client, std::string topic, std::chrono::milliseconds patience)
      : client_(std::move(client)), topic_(std::move(topic)), patience_(patience) {}

  const std::unique_ptr<Client> client_;
  const std::string topic_;
  const std::chrono::milliseconds patience_;
  bool were_away_ = false;
  std::chrono::steady_clock::time_point away_until_;  // when they last did not answer
};

}  // namespace verdict::kafka_log
