// Adding a setting is a line here and a member in settings.h.
#include "settings/keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"

namespace verdict::settings {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kTiB = int64_t{1} << 40;

template <typename T>
struct Choice {
  std::string_view name;
  T value;
};
constexpr std::array<Choice<ClockKind>, 2> kClocks = {
    {{"wall", ClockKind::kWall}, {"event", ClockKind::kEvent}}};
constexpr std::array<Choice<LogLevel>, 4> kLevels = {{{"debug", LogLevel::kDebug},
                                                      {"info", LogLevel::kInfo},
                                                      {"warn", LogLevel::kWarn},
                                                      {"error", LogLevel::kError}}};

std::string Dashed(std::string name, char separator, bool upper) {
  for (char& c : name) {
    if (c == '.' || c == '_') c = separator;
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return name;
}

absl::Status Bad(const std::string& origin, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrFormat("%s: %s", origin, why));
}

constexpr std::array<Choice<ValueFormat>, 2> kFormats = {
    {{"protobuf", ValueFormat::kProtobuf}, {"json", ValueFormat::kJson}}};

template <typename T, size_t N>
absl::Status SetChoice(const std::array<Choice<T>, N>& choices, const std::string& text,
                       const std::string& origin, T* out) {
  std::string names;
  for (const Choice<T>& choice : choices) {
    if (choice.name == text) {
      *out = choice.value;
      return absl::OkStatus();
    }
    absl::StrAppendFormat(&names, "%s\"%s\"", names.empty() ? "" : ", ", choice.name);
  }
  return Bad(origin, absl::StrFormat("\"%s\" is not one of %s", text, names));
}

template <typename T, size_t N>
std::string NameOf(const std::array<Choice<T>, N>& choices, T value) {
  const auto* at =
      std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.value == value; });
  return std::string(at->name);
}

absl::Status SetBool(const std::string& text, const std::string& origin, bool* out) {
  if (text != "true" && text != "false") {
    return Bad(origin, absl::StrFormat("\"%s\" is not true or false", text));
  }
  *out = text == "true";
  return absl::OkStatus();
}

absl::Status SetInt(const IntSlot& slot, const std::string& text, const std::string& origin) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) {
    return Bad(origin, absl::StrFormat("\"%s\" is not a whole number", text));
  }
  if (value < slot.least || value > slot.most) {
    return Bad(origin,
               absl::StrFormat("%d is not between %d and %d", value, slot.least, slot.most));
  }
  *slot.value = value;
  return absl::OkStatus();
}

void AddRedisKeys(RedisStore* redis, std::vector<Key>* keys) {
  keys->insert(
      keys->end(),
      {
          {"store.redis.address", "host:port of the Redis that keeps aggregates; empty: embedded",
           &redis->address},
          {"store.redis.user", "its ACL user; empty: the default user", &redis->user},
          {"store.redis.password_file", "file whose one line is its password; empty: none",
           &redis->password_file},
          {"store.redis.database", "number of its database", IntSlot{&redis->database, 0, 65535}},
          {"store.redis.connect_ms", "a connection may take so long",
           IntSlot{&redis->connect_ms, 1, 60000}},
          {"store.redis.io_ms", "a reply may take so long; then Redis counts as away",
           IntSlot{&redis->io_ms, 1, 60000}},
      });
}

std::vector<Key> MemoryKeys(Settings* s) {
  return {
      {"memory.cells_bytes_max", "live tiles", IntSlot{&s->memory.cells_bytes_max, kMiB, kTiB}},
      {"memory.blob_cache_bytes_max", "cached batch tiles",
       IntSlot{&s->memory.blob_cache_bytes_max, kMiB, kTiB}},
      {"memory.decisions_bytes_max", "kept decisions",
       IntSlot{&s->memory.decisions_bytes_max, kMiB, kTiB}},
      {"memory.overlay_bytes_max", "payments whose event is still to come",
       IntSlot{&s->memory.overlay_bytes_max, kMiB, kTiB}},
      {"memory.sliding_bytes_max", "events in windows of minutes and hours",
       IntSlot{&s->memory.sliding_bytes_max, kMiB, kTiB}},
      {"memory.sliding_events_per_key_max",
       "events of one key in such windows; older minutes keep their sub-total alone",
       IntSlot{&s->memory.sliding_events_per_key_max, 128, 100'000'000}},
      {"memory.dedup_ids_per_partition", "event ids told apart in each partition",
       IntSlot{&s->memory.dedup_ids_per_partition, 1000, 1000000000}},
  };
}

// Where log and store are servers.
std::vector<Key> ServerKeys(Settings* s) {
  return {
      {"state",
       "with Kafka: the folder that verdictd owns: checkpoints, and blobs where no Redis is",
       &s->state},
      {"secret_file", "32 hexadecimal digits under which entities are stored; the same for all",
       &s->secret_file},
      {"log.kafka.brokers", "\"host:9092,other:9092\"; empty: the embedded log", &s->kafka.brokers},
      {"log.kafka.topic", "the events, keyed by merchant", &s->kafka.topic},
      {"log.kafka.decisions_topic", "where decisions go; empty: nowhere",
       &s->kafka.decisions_topic},
      {"log.kafka.dead_topic", "where unreadable events go; empty: nowhere", &s->kafka.dead_topic},
      {"log.kafka.format", "\"protobuf\" or \"json\": values without a content-type header",
       &s->kafka.format},
      {"log.kafka.mapping", "a mapping file: values are JSON of another shape", &s->kafka.mapping},
      {"log.kafka.properties", "a file of librdkafka's own properties (SASL, TLS)",
       &s->kafka.properties},
      {"log.kafka.spool_bytes_max",
       "decisions on disk while the brokers are away; more are dropped",
       IntSlot{&s->kafka.spool_bytes_max, kMiB, kTiB}},
      {"log.kafka.record", "Record writes to the topic", &s->kafka.record},
      {"aggregate.dir", "with Kafka and Redis: the folder that `verdict aggregate` owns",
       &s->aggregate.dir},
  };
}

}  // namespace

std::string Key::Flag() const { return "--" + Dashed(name, '-', /*upper=*/false); }
std::string Key::Variable() const { return "VERDICT_" + Dashed(name, '_', /*upper=*/true); }

std::string Key::Text() const {
  struct Reader {
    std::string operator()(const std::string* value) const { return *value; }
    std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
    std::string operator()(const ClockKind* value) const { return NameOf(kClocks, *value); }
    std::string operator()(const LogLevel* value) const { return NameOf(kLevels, *value); }
    std::string operator()(const ValueFormat* value) const { return NameOf(kFormats, *value); }
    std::string operator()(const IntSlot& slot) const { return std::to_string(*slot.value); }
  };
  return std::visit(Reader{}, slot);
}

absl::Status SetFromText(const Key& key, const std::string& text, const std::string& origin) {
  struct Writer {
    const std::string& text;
    const std::string& origin;
    absl::Status operator()(std::string* value) const {
      *value = text;
      return absl::OkStatus();
    }
    absl::Status operator()(bool* value) const { return SetBool(text, origin, value); }
    absl::Status operator()(ClockKind* value) const {
      return SetChoice(kClocks, text, origin, value);
    }
    absl::Status operator()(LogLevel* value) const {
      return SetChoice(kLevels, text, origin, value);
    }
    absl::Status operator()(ValueFormat* value) const {
      return SetChoice(kFormats, text, origin, value);
    }
    absl::Status operator()(const IntSlot& slot) const { return SetInt(slot, text, origin); }
  };
  return std::visit(Writer{text, origin}, key.slot);
}

namespace {

// Long: one line a key.
std::vector<Key> ServingKeys(Settings* s) {
  return {
      {"embedded", "the folder that verdictd owns: log, blobs, checkpoints", &s->embedded},
      {"rules", "the folder of rules, features, lists and policy", &s->rules},
      {"listen", "gRPC address; other than loopback only with TLS or insecure_listen", &s->listen},
      {"http", "address of /metrics, /healthz, /readyz; empty: none", &s->http},
      {"insecure_listen", "serve gRPC without TLS beyond loopback", &s->insecure_listen},
      {"clock", "\"wall\", or \"event\": now is the greatest event time seen", &s->clock},
      {"zone", "time zone of business days, as \"Europe/Paris\"", &s->zone},
      {"base_currency", "ISO 4217 code in which money features add up", &s->base_currency},
      {"cut_minutes", "the daily cut, in minutes after midnight",
       IntSlot{&s->cut_minutes, 0, 1439}},
      {"checkpoint_period_ms", "milliseconds between checkpoints",
       IntSlot{&s->checkpoint_period_ms, 50, 3'600'000}},
      {"rules.activate",
       "auto: what stands in the folder of rules is published when it passes; manual: it waits for "
       "`verdict rules activate`",
       &s->rules_activate},
      {"rules.admins",
       "client certificates, by name and comma, that may call RuleAdmin; empty: callers on this "
       "machine",
       &s->rules_admins},
      {"rules_poll_ms", "how often the rules folder is looked at",
       IntSlot{&s->rules_poll_ms, 50, 600000}},
      {"log_level", "\"debug\", \"info\", \"warn\" or \"error\"", &s->log_level},
      {"tls.cert", "PEM file of the server's certificate chain", &s->tls.cert},
      {"tls.key", "PEM file of its private key", &s->tls.key},
      {"tls.client_ca", "PEM file: clients must show a certificate signed by one of these",
       &s->tls.client_ca},
      {"grpc.threads", "completion-queue threads", IntSlot{&s->grpc.threads, 1, 64}},
      {"grpc.posted_calls", "Score calls posted on each queue",
       IntSlot{&s->grpc.posted_calls, 1, 65536}},
      {"grpc.in_flight_max", "Score calls under way; more are shed",
       IntSlot{&s->grpc.in_flight_max, 1, 1000000}},
      {"grpc.queue_delay_ms_max", "standing queue delay; above it calls are shed",
       IntSlot{&s->grpc.queue_delay_ms_max, 1, 10000}},
      {"grpc.streams_max", "concurrent calls of one connection",
       IntSlot{&s->grpc.streams_max, 1, 65536}},
      {"grpc.connection_age_s", "then clients are asked to connect again; 0: never",
       IntSlot{&s->grpc.connection_age_s, 0, 86400}},
      {"grpc.memory_bytes_max", "memory for gRPC's own buffers",
       IntSlot{&s->grpc.memory_bytes_max, 16 * kMiB, kTiB}},
      {"drain.notice_ms", "serving goes on so long after health says NOT_SERVING",
       IntSlot{&s->drain.notice_ms, 0, 600000}},
      {"drain.calls_ms", "calls under way may take so long at the end",
       IntSlot{&s->drain.calls_ms, 0, 600000}},
      {"score.blob_wait_ms", "wait for the store before PARTIAL(batch)",
       IntSlot{&s->score.blob_wait_ms, 0, 10000}},
      {"score.append_wait_ms", "wait for the log before PARTIAL(log)",
       IntSlot{&s->score.append_wait_ms, 0, 10000}},
      {"score.event_time_skew_s", "a payment may be so far ahead of the clock",
       IntSlot{&s->score.event_time_skew_s, 0, 86400}},
      {"retention.decisions_s", "seconds that a retry gets its first decision",
       IntSlot{&s->retention.decisions_s, 60, 7 * 86400}},
  };
}

// How long what is kept.
std::vector<Key> KeepingKeys(Settings* s) {
  return {
      {"log.retention_days", "days that the embedded log keeps at least; 0: for ever",
       IntSlot{&s->log.retention_days, 0, 3650}},
      {"drop.grace_s", "seconds from a published cut to the drop of its live tiles",
       IntSlot{&s->drop.grace_s, 2 * 3600, 30 * 86400}},
      {"drop.guard_days", "days that a value lost by the store after the drop is noticed at once",
       IntSlot{&s->drop.guard_days, 1, 90}},
  };
}

}  // namespace

std::vector<Key> KeysOf(Settings* s) {
  std::vector<Key> keys = ServingKeys(s);
  std::ranges::move(MemoryKeys(s), std::back_inserter(keys));
  std::ranges::move(ServerKeys(s), std::back_inserter(keys));
  AddRedisKeys(&s->store.redis, &keys);
  std::ranges::move(KeepingKeys(s), std::back_inserter(keys));
  return keys;
}

}  // namespace verdict::settings
