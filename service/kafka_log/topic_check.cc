// Settings by the admin API's DescribeConfigs, which also tells the broker's defaults.
#include "kafka_log/topic_check.h"

#include <charconv>
#include <functional>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "kafka_log/topic.h"

namespace verdict::kafka_log {
namespace {

constexpr int64_t kDayMs = 24 * 60 * 60 * 1000;
using Settings = std::map<std::string, std::string>;

std::string Find(const Settings& settings, const std::string& name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

std::optional<int64_t> Number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Collects findings about one topic.
class Judge {
 public:
  Judge(std::string brokers, std::string topic)
      : brokers_(std::move(brokers)), topic_(std::move(topic)) {}

  std::string Say(const std::string& name, const std::string& value, const std::string& why,
                  const std::string& better) const {
    return absl::StrFormat(
        "topic %s: %s is %s: %s; mend it: kafka-configs.sh --bootstrap-server %s --alter "
        "--entity-type topics --entity-name %s --add-config %s=%s",
        topic_, name, value, why, brokers_, topic_, name, better);
  }

  void Stamps(const std::string& type, bool event_clock, TopicFindings* out) const {
    constexpr char kName[] = "message.timestamp.type";
    out->create_time = type == "CreateTime";
    if (out->create_time && !event_clock) {
      out->warnings.push_back(
          Say(kName, type,
              "producers stamp the records, and a wrong clock of theirs moves the daily cuts; this "
              "weaker mode is meant for replays with --clock event",
              "LogAppendTime"));
    }
    if (type == "LogAppendTime" && event_clock) {
      out->warnings.push_back(
          Say(kName, type,
              "the broker stamps the records with the time of their arrival, by which a history "
              "that is replayed with --clock event is late and not counted",
              "CreateTime"));
    }
  }

  void Cleanup(const std::string& policy, TopicFindings* out) const {
    if (policy.find("compact") == std::string::npos) return;
    out->refusals.push_back(Say("cleanup.policy", policy,
                                "compaction removes events that were not counted yet", "delete"));
  }

  void Retention(const std::string& text, TopicFindings* out) const {
    const std::optional<int64_t> ms = Number(text);
    if (!ms || *ms < 0) return;
    out->retention_ms = ms;
    if (*ms < kRetentionDaysMin * kDayMs) {
      out->refusals.push_back(
          Say("retention.ms", text,
              absl::StrFormat("events must be kept for %d days at least, for a batch that is late",
                              kRetentionDaysMin),
              "604800000"));
    } else if (out->create_time) {
      out->warnings.push_back(Say("retention.ms", text,
                                  "records with stamps of the past are removed at once; a topic "
                                  "that is replayed keeps them for ever",
                                  "-1"));
    }
  }

  void RetentionBytes(const std::string& text, TopicFindings* out) const {
    const std::optional<int64_t> bytes = Number(text);
    if (!bytes || *bytes < 0) return;
    out->warnings.push_back(
        Say("retention.bytes", text, "much traffic removes events before their time", "-1"));
  }

 private:
  const std::string brokers_;
  const std::string topic_;
};

template <typename T>
using Held = std::unique_ptr<T, void (*)(T*)>;

// Null on a time-out.
Held<rd_kafka_event_t> Describe(rd_kafka_t* handle, const std::string& topic,
                                std::chrono::milliseconds timeout) {
  const Queue queue(rd_kafka_queue_new(handle));
  rd_kafka_ConfigResource_t* resource =
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str());
  rd_kafka_AdminOptions_t* options =
      rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
  const auto timeout_ms = static_cast<int>(timeout.count());
  rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, nullptr, 0);
  rd_kafka_DescribeConfigs(handle, &resource, 1, options, queue.get());
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue.get(), timeout_ms);
  rd_kafka_AdminOptions_destroy(options);
  rd_kafka_ConfigResource_destroy(resource);
  return {event, &rd_kafka_event_destroy};
}

struct Described {
  Settings settings;
  std::string hidden;  // why settings could not be seen
};

Described SettingsOf(rd_kafka_event_t* event) {
  Described described;
  if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    described.hidden = rd_kafka_event_error_string(event);
    return described;
  }
  size_t count = 0;
  const rd_kafka_ConfigResource_t** resources = rd_kafka_DescribeConfigs_result_resources(
      rd_kafka_event_DescribeConfigs_result(event), &count);
  if (count != 1) {
    described.hidden = "no answer";
    return described;
  }
  if (rd_kafka_ConfigResource_error(resources[0]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* why = rd_kafka_ConfigResource_error_string(resources[0]);
    described.hidden = why != nullptr ? why : "refused";
    return described;
  }
  const rd_kafka_ConfigEntry_t** entries = rd_kafka_ConfigResource_configs(resources[0], &count);
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    described.settings[rd_kafka_ConfigEntry_name(entries[i])] = value != nullptr ? value : "";
  }
  return described;
}

}  // namespace

TopicFindings JudgeTopic(const std::string& brokers, const std::string& topic,
                         const Settings& settings, bool event_clock) {
  const Judge judge(brokers, topic);
  TopicFindings findings;
  judge.Stamps(Find(settings, "message.timestamp.type"), event_clock, &findings);
  judge.Cleanup(Find(settings, "cleanup.policy"), &findings);
  judge.Retention(Find(settings, "retention.ms"), &findings);
  judge.RetentionBytes(Find(settings, "retention.bytes"), &findings);
  return findings;
}

absl::StatusOr<TopicFindings> CheckTopic(const Connection& connection, const std::string& topic,
                                         bool event_clock, std::chrono::milliseconds timeout) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Client> client,
                   Client::Make(connection, Client::Kind::kObserver));
  RETURN_IF_ERROR(Topic(client.get(), topic, timeout).Partitions().status());
  const Held<rd_kafka_event_t> event = Describe(client->handle(), topic, timeout);
  if (event == nullptr) {
    return client->Trouble("settings of topic " + topic, RD_KAFKA_RESP_ERR__TIMED_OUT);
  }
  const Described described = SettingsOf(event.get());
  TopicFindings findings = JudgeTopic(connection.brokers, topic, described.settings, event_clock);
  if (!described.hidden.empty()) {
    findings.warnings.push_back(absl::StrFormat(
        "topic %s: its settings cannot be seen (%s), so it is not checked that times are stamped "
        "by the broker, nothing is compacted and events are kept for %d days; allow this client "
        "DescribeConfigs of the topic",
        topic, described.hidden, kRetentionDaysMin));
  }
  return findings;
}

}  // namespace verdict::kafka_log
