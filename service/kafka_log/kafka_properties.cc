// Which names are not the deployment's to set, and why, stands in one table.
#include "kafka_log/kafka_properties.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::kafka_log {
namespace {

constexpr char kOffsets[] =
    "where reading goes on is kept in the checkpoint, with the state it belongs to";
constexpr char kNoGroup[] = "every instance reads every partition; no group decides anything";
constexpr char kWhole[] = "what is written must be acknowledged by all replicas, once and in order";
constexpr char kBrokers[] = "the brokers are log.kafka.brokers";
constexpr char kOurs[] = "verdictd sets it itself";

struct Fixed {
  std::string_view name;
  const char* why;
};
constexpr Fixed kFixed[] = {
    {"bootstrap.servers", kBrokers},
    {"metadata.broker.list", kBrokers},
    {"isolation.level", "what a transaction aborted must never be counted"},
    {"auto.offset.reset", "records that are gone must be told, never skipped"},
    {"topic.auto.offset.reset", "records that are gone must be told, never skipped"},
    {"enable.partition.eof", "the end of a partition tells that everything was read"},
    {"enable.auto.commit", kOffsets},
    {"auto.commit.enable", kOffsets},
    {"auto.commit.interval.ms", kOffsets},
    {"enable.auto.offset.store", kOffsets},
    {"offset.store.method", kOffsets},
    {"offset.store.path", kOffsets},
    {"group.instance.id", kNoGroup},
    {"partition.assignment.strategy", kNoGroup},
    {"allow.auto.create.topics", "a topic made by itself has the wrong settings; create it"},
    {"enable.idempotence", kWhole},
    {"acks", kWhole},
    {"request.required.acks", kWhole},
    {"message.send.max.retries", kWhole},
    {"retries", kWhole},
    {"max.in.flight", kWhole},
    {"max.in.flight.requests.per.connection", kWhole},
    {"transactional.id", "verdictd writes no transactions"},
    {"partitioner", "it is log.kafka.partitioner"},
    {"log.queue", kOurs},
    {"opaque", kOurs},
    {"enabled_events", kOurs},
};

constexpr size_t kFileBytesMax = size_t{1} << 20;

std::string_view Trimmed(std::string_view text) {
  constexpr char kBlanks[] = " \t\r\f";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

absl::Status Refuse(const std::string& file, int line, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrFormat("%s:%d: %s", file, line, why));
}

absl::Status CheckName(const std::string& file, int line, std::string_view name,
                       const Properties& earlier) {
  const auto* fixed = std::find_if(std::begin(kFixed), std::end(kFixed),
                                   [&](const Fixed& one) { return one.name == name; });
  if (fixed != std::end(kFixed)) {
    return Refuse(
        file, line,
        absl::StrFormat("%s cannot be set here: %s; take the line out", name, fixed->why));
  }
  for (const auto& [known, value] : earlier) {
    if (known == name) return Refuse(file, line, absl::StrFormat("%s stands twice", name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Properties> ParseProperties(const std::string& file, std::string_view text) {
  Properties properties;
  int line = 0;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view content = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line;
    if (content.empty() || content[0] == '#' || content[0] == '!') continue;
    const size_t equals = content.find('=');
    const std::string_view name = Trimmed(content.substr(0, equals));
    if (equals == std::string_view::npos || name.empty()) {
      return Refuse(file, line, "is not a line like security.protocol=SASL_SSL");
    }
    RETURN_IF_ERROR(CheckName(file, line, name, properties));
    properties.emplace_back(name, Trimmed(content.substr(equals + 1)));
  }
  return properties;
}

absl::StatusOr<Properties> ReadProperties(const std::string& file) {
  if (file.empty()) return Properties();
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  content << stream.rdbuf();  // of an empty file: nothing, and no fault of the file
  if (!stream.is_open() || stream.bad()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("cannot read %s: %s", file, std::strerror(errno)));
  }
  const std::string text = std::move(content).str();
  if (text.size() > kFileBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: larger than %d bytes", file, kFileBytesMax));
  }
  return ParseProperties(file, text);
}

}  // namespace verdict::kafka_log
