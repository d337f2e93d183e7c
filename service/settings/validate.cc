// What only several keys, or the world outside, can say about a value.
#include <arpa/inet.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <utility>

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

absl::Status CheckFolder(const std::string& key, const std::string& path) {
  struct stat info {};
  if (path.empty() || stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) {
    return absl::OkStatus();
  }
  return Bad(key, absl::StrFormat("%s is not a folder", path));
}

absl::Status CheckRedis(const RedisStore& redis) {
  if (redis.address.empty()) {
    for (const auto& [key, given] :
         {std::pair("store.redis.user", !redis.user.empty()),
          std::pair("store.redis.password_file", !redis.password_file.empty()),
          std::pair("store.redis.database", redis.database != 0)}) {
      if (given) return Bad(key, "has no effect without store.redis.address");
    }
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(CheckAddress("store.redis.address", redis.address));
  if (ParseHostPort(redis.address)->port == 0) {
    return Bad("store.redis.address",
               absl::StrFormat("\"%s\" names no port; Redis's own is 6379", redis.address));
  }
  if (!redis.user.empty() && redis.password_file.empty()) {
    return Bad("store.redis.user", "needs store.redis.password_file");
  }
  return CheckFile("store.redis.password_file", redis.password_file);
}

// Processes that share a store.
absl::Status CheckShared(const Settings& s) {
  if (s.store.redis.address.empty() || s.kafka.brokers.empty()) return absl::OkStatus();
  if (s.secret_file.empty()) {
    return Bad("secret_file",
               "missing: what shares a Redis needs one secret (openssl rand -hex 16 >FILE)");
  }
  if (s.aggregate.dir.empty()) {
    return Bad("aggregate.dir",
               "missing: name the folder in which `verdict aggregate` keeps its base");
  }
  return absl::OkStatus();
}

// One log, and what goes with it.
absl::Status CheckLogAndStore(const Settings& s) {
  if (s.embedded.empty() && s.kafka.brokers.empty()) {
    return Bad("embedded",
               "missing: name the folder for state, as in --embedded /var/lib/verdict, or Kafka "
               "with log.kafka.brokers");
  }
  if (!s.embedded.empty() && !s.kafka.brokers.empty()) {
    return Bad("embedded", "there is one log: leave out this or log.kafka.brokers");
  }
  if (!s.kafka.brokers.empty() && s.state.empty()) {
    return Bad("state", "missing: name the folder for checkpoints, as in --state /var/lib/verdict");
  }
  RETURN_IF_ERROR(CheckFolder("embedded", s.embedded));
  RETURN_IF_ERROR(CheckFolder("state", s.state));
  RETURN_IF_ERROR(CheckFolder("aggregate.dir", s.aggregate.dir));
  RETURN_IF_ERROR(CheckFile("secret_file", s.secret_file));
  RETURN_IF_ERROR(CheckFile("log.kafka.properties", s.kafka.properties));
  RETURN_IF_ERROR(CheckFile("log.kafka.mapping", s.kafka.mapping));
  RETURN_IF_ERROR(CheckRedis(s.store.redis));
  return CheckShared(s);
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
  RETURN_IF_ERROR(CheckLogAndStore(s));
  if (s.rules_activate != "auto" && s.rules_activate != "manual") {
    return Bad("rules.activate", "must be \"auto\" or \"manual\"");
  }
  if (!s.rules_admins.empty() && s.tls.client_ca.empty()) {
    return Bad("rules.admins", "names certificates, but clients show none: set tls.client_ca");
  }
  if (s.rules.empty()) return Bad("rules", "missing: name the folder of rules");
  RETURN_IF_ERROR(CheckTls(s));
  RETURN_IF_ERROR(CheckListen(s));
  if (const auto zone = model::BusinessCalendar::Load(s.zone); !zone.ok()) {
    return Bad("zone", absl::StrFormat("\"%s\" is not in the time zone database", s.zone));
  }
  if (!model::CurrencyExponent(s.base_currency).has_value()) {
    return Bad("base_currency", absl::StrFormat("\"%s\" is not an ISO 4217 code", s.base_currency));
  }
  return absl::OkStatus();
}

}  // namespace verdict::settings
