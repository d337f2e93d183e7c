// Everything verdictd can be told, in one struct: read once at start, passed down in parts.
#pragma once

#include <cstdint>
#include <string>

namespace verdict::settings {

enum class ClockKind : uint8_t { kWall, kEvent };
enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

struct Tls {
  std::string cert;  // PEM file of the server's chain; empty: no TLS
  std::string key;   // PEM file of its key
  std::string
      client_ca;  // PEM file; not empty: clients must show a certificate signed by one of these
  bool on() const { return !cert.empty(); }
};

struct Grpc {
  int64_t threads = 2;        // each polls a completion queue of its own
  int64_t posted_calls = 32;  // Score calls posted on each queue
  int64_t in_flight_max =
      4096;  // Score calls being decided or answered; beyond: RESOURCE_EXHAUSTED
  int64_t queue_delay_ms_max =
      20;  // standing delay before a call is looked at; beyond: RESOURCE_EXHAUSTED
  int64_t streams_max = 1024;      // concurrent calls of one connection
  int64_t connection_age_s = 600;  // then clients are asked to connect again; 0: never
  int64_t memory_bytes_max = int64_t{256} << 20;  // gRPC's own buffers
};

struct Drain {
  int64_t notice_ms = 0;    // serving goes on so long after health says NOT_SERVING
  int64_t calls_ms = 5000;  // calls under way may take so long
};

struct Score {
  int64_t blob_wait_ms = 100;       // for the store; then PARTIAL(batch)
  int64_t append_wait_ms = 20;      // for the log; then PARTIAL(log)
  int64_t event_time_skew_s = 300;  // a payment may be so far ahead of the clock
};

struct Memory {
  int64_t cells_bytes_max = int64_t{8} << 30;
  int64_t blob_cache_bytes_max = int64_t{512} << 20;
  int64_t decisions_bytes_max = int64_t{1} << 30;
  int64_t overlay_bytes_max = int64_t{256} << 20;
  int64_t sliding_bytes_max = int64_t{1} << 30;
  int64_t sliding_events_per_key_max = 65'536;
  int64_t dedup_ids_per_partition = 8'000'000;
};

struct Retention {
  int64_t decisions_s = 7200;  // a retry gets its first decision so long
};

struct Log {
  int64_t retention_days = 40;  // of the embedded log at least; 0: all of it, for ever
};

struct Drop {
  // From the publication of a cut to the drop of what it took over; far above the time that a
  // cached blob may live.
  int64_t grace_s = 24 * 3600;
  int64_t guard_days = 7;  // so long a value that the store loses is told from a quiet key
};

enum class ValueFormat : uint8_t { kProtobuf, kJson };

struct Kafka {
  std::string brokers;  // "host:9092,other:9092"; empty: the log is the embedded one
  std::string topic = "transactions";
  std::string decisions_topic = "decisions";     // empty: none is written
  std::string dead_topic = "transactions.dead";  // empty: what cannot be read is counted alone
  ValueFormat format = ValueFormat::kProtobuf;   // of values without a content-type
  std::string mapping;                           // file: values are foreign JSON, read by it
  std::string properties;                        // file: librdkafka's own properties
  bool record = false;                           // Record writes to the topic
  int64_t spool_bytes_max = int64_t{1} << 30;    // decisions while the brokers are away
};

struct RedisStore {
  std::string address;        // host:port; empty: aggregates lie in the embedded folder
  std::string user;           // empty: Redis's default user
  std::string password_file;  // empty: no AUTH
  int64_t database = 0;
  int64_t connect_ms = 1000;  // TCP, AUTH, SELECT and PING together
  int64_t io_ms = 100;        // a reply owed for longer: the connection is given up
};

struct Store {
  RedisStore redis;
};

struct Aggregate {
  std::string dir;  // the folder that the batch owns: its base of what it has folded
};

struct Settings {
  std::string embedded;     // the folder that verdictd owns
  std::string state;        // the folder that verdictd owns where the log is not its own
  std::string secret_file;  // of entity keys, where processes share a store
  std::string rules = "rules";
  std::string listen = "127.0.0.1:50051";
  std::string http = "127.0.0.1:9464";  // empty: no HTTP
  bool insecure_listen = false;
  ClockKind clock = ClockKind::kWall;
  std::string zone = "UTC";
  std::string base_currency = "EUR";
  int64_t cut_minutes = 10;  // after midnight of the zone
  int64_t checkpoint_period_ms = 5000;
  int64_t rules_poll_ms = 1000;
  std::string rules_activate = "auto";  // or "manual": loading is not activating
  std::string rules_admins;             // certificates that may call RuleAdmin; empty: this machine
  LogLevel log_level = LogLevel::kInfo;
  Tls tls;
  Grpc grpc;
  Drain drain;
  Score score;
  Memory memory;
  Retention retention;
  Aggregate aggregate;
  Kafka kafka;
  Store store;
  Log log;
  Drop drop;
};

}  // namespace verdict::settings
