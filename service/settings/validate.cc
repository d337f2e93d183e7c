// What only several keys, or the world outside, can say about a value.
#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "model/business_day.h"
#include "model/money.h"
#include "settings/load.h"

namespace verdict::settings {
namespace {

absl::Status Bad(const std::string& key, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrFormat("%s: %s", key, why));
}

absl::Status CheckFile(const std::string& key, const std::string& path) {
  if (path.empty() || access(path.c_str(), R_OK) == 0) return absl::OkStatus();
  return Bad(key, absl::StrFormat("cannot read %s", path));
}

absl::Status CheckAddress(const std::string& key, const std::string& text) {
  const absl::StatusOr<HostPort> parsed = ParseHostPort(text);
  return parsed.ok() ? absl::OkStatus() : Bad(key, std::string(parsed.status().message()));
}

absl::Status CheckTls(const Settings& s) {
  if (s.tls.cert.empty() != s.tls.key.empty()) {
    return Bad(s.tls.cert.empty() ? "tls.cert" : "tls.key", "TLS needs both tls.cert and tls.key");
  }
  if (!s.tls.on() && !s.tls.client_ca.empty())
    return Bad("tls.client_ca", "has no effect without tls.cert and tls.key");
  RETURN_IF_ERROR(CheckFile("tls.cert", s.tls.cert));
  RETURN_IF_ERROR(CheckFile("tls.key", s.tls.key));
  return CheckFile("tls.client_ca", s.tls.client_ca);
}

absl::Status CheckListen(const Settings& s) {
  RETURN_IF_ERROR(CheckAddress("listen", s.listen));
  if (!s.http.empty()) RETURN_IF_ERROR(CheckAddress("http", s.http));
  if (s.tls.on() || s.insecure_listen || ParseHostPort(s.listen)->is_loopback())
    return absl::OkStatus();
  return Bad("listen",
             absl::StrFormat(
                 "%s is not loopback: give --tls-cert and --tls-key, or --insecure-listen where "
                 "the network in front of it is trusted",
                 s.listen));
}

absl::Status CheckBrokers(const std::string& brokers) {
  const std::string key = "log.kafka.brokers";
  for (size_t begin = 0; begin <= brokers.size();) {
    const size_t end = std::min(brokers.find(',', begin), brokers.size());
    const std::string one = brokers.substr(begin, end - begin);
    if (one.empty() || one.find_first_of(" \t") != std::string::npos) {
      return Bad(key,
                 absl::StrFormat("\"%s\" is not a list like kafka1:9092,kafka2:9092", brokers));
    }
    begin = end + 1;
  }
  return absl::OkStatus();
}

// What Kafka takes as a name.
absl::Status CheckTopic(const std::string& key, const std::string& name) {
  constexpr size_t kBytesMax = 249;
  const bool legal = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (legal && !name.empty() && name.size() <= kBytesMax && name != "." && name != "..") {
    return absl::OkStatus();
  }
  return Bad(key, absl::StrFormat("\"%s\" is no name of a topic: 1 to %d letters, digits, dots, "
                                  "dashes and underscores",
                                  name, kBytesMax));
}

absl::Status CheckKafka(const Kafka& k) {
  constexpr char kNoBrokers[] = "has no effect without log.kafka.brokers";
  if (!k.on()) {
    if (!k.mapping.empty()) return Bad("log.kafka.mapping", kNoBrokers);
    if (!k.properties.empty()) return Bad("log.kafka.properties", kNoBrokers);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckBrokers(k.brokers));
  RETURN_IF_ERROR(CheckTopic("log.kafka.topic", k.topic));
  RETURN_IF_ERROR(CheckTopic("log.kafka.decisions_topic", k.decisions_topic));
  RETURN_IF_ERROR(CheckTopic("log.kafka.dead_topic", k.dead_topic));
  if (k.topic == k.decisions_topic || k.topic == k.dead_topic ||
      k.decisions_topic == k.dead_topic) {
    return Bad("log.kafka", "events, decisions and dead letters need topics of their own");
  }
  const bool by_mapping = k.format == EventFormat::kMapping;
  if (by_mapping && k.mapping.empty()) {
    return Bad("log.kafka.mapping", "missing: log.kafka.format is \"mapping\"; name the file");
  }
  if (!by_mapping && !k.mapping.empty()) {
    return Bad("log.kafka.mapping", "has no effect unless log.kafka.format is \"mapping\"");
  }
  RETURN_IF_ERROR(CheckFile("log.kafka.mapping", k.mapping));
  return CheckFile("log.kafka.properties", k.properties);
}

}  // namespace

bool HostPort::is_loopback() const {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

absl::StatusOr<HostPort> ParseHostPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  const std::string shape =
      absl::StrFormat("\"%s\" is not host:port, as in 127.0.0.1:50051 or [::1]:50051", text);
  if (colon == std::string::npos || colon == 0) return absl::InvalidArgumentError(shape);
  HostPort parsed;
  parsed.host = text.substr(0, colon);
  const bool bracketed = parsed.host.front() == '[' && parsed.host.back() == ']';
  if (bracketed) parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  if (!bracketed && parsed.host.find(':') != std::string::npos)
    return absl::InvalidArgumentError(shape);
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, parsed.port);
  if (error != std::errc() || stop != end || parsed.port < 0 || parsed.port > 65535) {
    return absl::InvalidArgumentError(
        absl::StrFormat("\"%s\" has no port between 0 and 65535", text));
  }
  return parsed;
}

absl::Status Validate(const Settings& s) {
  if (s.embedded.empty())
    return Bad("embedded", "missing: name the folder for state, as in --embedded /var/lib/verdict");
  struct stat info {};
  if (stat(s.embedded.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    return Bad("embedded", absl::StrFormat("%s is not a folder", s.embedded));
  }
  if (s.rules.empty()) return Bad("rules", "missing: name the folder of rules");
  RETURN_IF_ERROR(CheckTls(s));
  RETURN_IF_ERROR(CheckListen(s));
  RETURN_IF_ERROR(CheckKafka(s.kafka));
  if (const auto zone = model::BusinessCalendar::Load(s.zone); !zone.ok()) {
    return Bad("zone", absl::StrFormat("\"%s\" is not in the time zone database", s.zone));
  }
  if (!model::CurrencyExponent(s.base_currency).has_value()) {
    return Bad("base_currency", absl::StrFormat("\"%s\" is not an ISO 4217 code", s.base_currency));
  }
  return absl::OkStatus();
}

}  // namespace verdict::settings
