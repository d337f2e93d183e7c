#include "e2e/seam/setup.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "e2e/seam/decode.h"
#include "e2e/seam/kafka_topic.h"

namespace verdict::seam {

void WriteConfig(const Setup& setup) {
  const std::string secret = setup.work + "/secret";
  std::ofstream(secret) << "00112233445566778899aabbccddeeff\n";
  nlohmann::json config;
  config["log"]["kafka"] = {{"brokers", setup.brokers}, {"topic", kTopic}};
  if (!setup.redis.empty()) {
    config["store"]["redis"] = {{"address", setup.redis}};
    config["aggregate"]["dir"] = setup.work + "/aggregate";
  }
  config["state"] = setup.work + "/state";
  config["secret_file"] = secret;
  config["clock"] = "event";
  config["zone"] = setup.zone;
  config["base_currency"] = kBaseCurrency;
  config["rules"] = setup.rules;
  config["checkpoint_period_ms"] = kCheckpointPeriodMs;
  std::ofstream(setup.config()) << config.dump(2) << "\n";
}

void MakeTopics(const Setup& setup) {
  MakeTopic(setup.brokers, kTopic, kPartitions,
            {{"message.timestamp.type", "CreateTime"},
             {"cleanup.policy", "delete"},
             {"retention.ms", "-1"},
             {"retention.bytes", "-1"}});
  MakeTopic(setup.brokers, kDeadTopic, 1, {{"retention.ms", "-1"}});
  MakeTopic(setup.brokers, kDecisionsTopic, kPartitions, {{"retention.ms", "-1"}});
}

}  // namespace verdict::seam
