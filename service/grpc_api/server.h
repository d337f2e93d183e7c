// The gRPC service: FraudDecision and health on completion queues of our own. Start here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/published.h"
#include "decide/decider.h"
#include "eventlog/event_source.h"
#include "grpc_api/rule_admin.h"
#include "ruleset/rule_set.h"

namespace verdict::grpc_api {

inline constexpr int kScoreBytesMax = 64 * 1024;      // one Score or Explain
inline constexpr int kMessageBytesMax = 1024 * 1024;  // ScoreBatch and Record
inline constexpr int kBatchMax = 128;                 // payments of one ScoreBatch
inline constexpr int kRecordMax = 1000;               // events of one Record

struct TlsFiles {
  std::string cert;       // PEM chain; empty: no TLS
  std::string key;        // PEM
  std::string client_ca;  // PEM; not empty: clients must show a certificate signed by one of these
};

struct ServerOptions {
  std::string address = "127.0.0.1:50051";  // port 0 takes a free one
  TlsFiles tls;                             // read again when the files change
  int threads = 2;                          // each with a completion queue of its own
  int posted_calls = 32;                    // Score calls posted on each queue
  int in_flight_max = 4096;                 // Score calls under way, all threads together
  std::chrono::milliseconds queue_delay_max{50};
  int streams_max = 1024;                    // concurrent calls of one connection
  std::chrono::seconds connection_age{600};  // 0: for ever
  int64_t memory_bytes_max = int64_t{256} << 20;
  std::string admins;  // who may call RuleAdmin: names of client certificates; empty: this machine
  int64_t event_time_skew_ms = 5 * 60 * 1000;  // of recorded events
};

// What the calls are answered with. All that it points to must outlive the server.
struct Backend {
  std::function<void(decide::ScoreCall*)> score;
  std::function<absl::StatusOr<model::Decision>(const std::string&)> get_decision;
  eventlog::EventAppender* appender = nullptr;  // null: Record is UNIMPLEMENTED
  const base::Published<ruleset::RuleSet>* rules = nullptr;
  const base::Clock* clock = nullptr;
  std::function<std::vector<std::string>()>
      last_refusal;  // diagnostics of the last refused rule set
  Admin admin;       // null: RuleAdmin is UNIMPLEMENTED
};

// **Thread-safe.** Destroying it shuts it down at once.
class Server {
 public:
  // Serves from now on; health says NOT_SERVING until SetServing. Errors: Unavailable where the
  // address cannot be bound, InvalidArgument for certificates that cannot be read.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       Backend backend);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  void SetServing(bool serving);
  // Health says NOT_SERVING from now on, whatever SetServing says; calls are still answered.
  void BeginDrain();
  // Takes no new calls; those under way may take `grace`. Returns when the last call has ended. Not
  // from a call.
  void Shutdown(std::chrono::milliseconds grace);

 private:
  class Core;
  explicit Server(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

// gRPC's own log lines go to `sink` from now on, in place of stderr. `severity`: 0 debug, 1 info, 2
// error. Null: to nobody.
void RouteGrpcLog(void (*sink)(int severity, const char* message));

}  // namespace verdict::grpc_api
