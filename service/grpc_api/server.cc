// Assembly and the order of the end: stop taking, let the calls end, then the queues, then the
// threads.
#include "grpc_api/server.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/resource_quota.h>

#include <atomic>
#include <thread>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/status.h"
#include "grpc_api/call_slot.h"
#include "grpc_api/credentials.h"
#include "grpc_api/listen_check.h"
#include "grpc_api/worker.h"

namespace verdict::grpc_api {
namespace {

constexpr int kMetadataBytesMax = 8192;
constexpr int kHandshakeMs = 10'000;
constexpr int kKeepaliveMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr int kClientPingGapMs = 10'000;
constexpr int kConnectionGraceMs = 30'000;
constexpr auto kIdleCheck = std::chrono::milliseconds(1);

void SetArguments(const ServerOptions& options, grpc::ServerBuilder* builder) {
  builder->SetMaxReceiveMessageSize(kMessageBytesMax);
  builder->SetMaxSendMessageSize(kMessageBytesMax);
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);  // no zip bombs
  builder->SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  // On, a second process would silently share the port.
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.streams_max);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                              kClientPingGapMs);
  if (options.connection_age.count() > 0) {
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                                static_cast<int>(options.connection_age.count() * 1000));
    builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kConnectionGraceMs);
  }
  grpc::ResourceQuota quota("verdict");
  quota.Resize(static_cast<size_t>(options.memory_bytes_max));
  builder->SetResourceQuota(quota);
}

std::atomic<void (*)(int, const char*)> log_sink{nullptr};

void ForwardLog(gpr_log_func_args* args) {
  if (auto* sink = log_sink.load()) sink(static_cast<int>(args->severity), args->message);
}

}  // namespace

void RouteGrpcLog(void (*sink)(int severity, const char* message)) {
  log_sink.store(sink);
  gpr_set_log_function(ForwardLog);
}

class Server::Core {
 public:
  Core(const ServerOptions& options, Backend backend)
      : options_(options),
        backend_(std::move(backend)),
        health_(static_cast<size_t>(options.threads)) {}

  absl::Status Start() {
    RETURN_IF_ERROR(CheckCanListen(options_.address));
    ASSIGN_OR_RETURN(const auto credentials, MakeCredentials(options_.tls));
    grpc::ServerBuilder builder;
    builder.AddListeningPort(options_.address, credentials, &port_);
    SetArguments(options_, &builder);
    builder.RegisterService(&services_.fraud);
    builder.RegisterService(&services_.rules);
    builder.RegisterService(&services_.health);
    const WorkerParts parts{&options_, &backend_, &services_, &health_, &shed_};
    for (int i = 0; i < options_.threads; ++i) {
      workers_.push_back(
          std::make_unique<Worker>(parts, static_cast<size_t>(i), builder.AddCompletionQueue()));
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      return absl::UnavailableError(absl::StrFormat("cannot listen on %s", options_.address));
    }
    for (const auto& worker : workers_) worker->Start();
    ShowGauges();
    return absl::OkStatus();
  }

  void Shutdown(std::chrono::milliseconds grace) EXCLUDES_LOCK(mutex_) {
    base::MutexLock lock(mutex_);
    if (server_ == nullptr) return;
    health_.BeginDrain();
    HideGauges();
    for (const auto& worker : workers_) worker->Stop();
    server_->Shutdown(std::chrono::system_clock::now() + grace);
    // Calls that were cut off still owe their Done(); their queues must live until then.
    for (const auto& worker : workers_) {
      while (!worker->idle()) std::this_thread::sleep_for(kIdleCheck);
    }
    for (const auto& worker : workers_) worker->ShutdownQueue();
    server_.reset();
    workers_.clear();
  }

  int port() const { return port_; }
  Health* health() { return &health_; }

  // A server that was never started has queues that nobody drains.
  void Abandon() {
    for (const auto& worker : workers_) worker->ShutdownQueue();
    for (const auto& worker : workers_) {
      void* tag = nullptr;
      bool ok = false;
      while (worker->queue()->Next(&tag, &ok)) {
      }
    }
    workers_.clear();
  }

 private:
  void ShowGauges() {
    base::Metrics().AddGauge("verdict_score_inflight", "Score calls under way.", {}, [this] {
      int64_t calls = 0;
      for (const auto& worker : workers_) calls += worker->in_flight();
      return static_cast<double>(calls);
    });
    base::Metrics().AddGauge("verdict_score_inflight_limit",
                             "Score calls under way, beyond which they are shed.", {},
                             [limit = options_.in_flight_max] { return limit; });
  }
  void HideGauges() {
    base::Metrics().RemoveGauge("verdict_score_inflight", {});
    base::Metrics().RemoveGauge("verdict_score_inflight_limit", {});
  }

  const ServerOptions options_;
  const Backend backend_;
  Services services_;
  Health health_;
  const ShedMetrics shed_;
  int port_ = 0;
  base::Mutex mutex_;
  std::unique_ptr<grpc::Server> server_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

Server::Server(std::unique_ptr<Core> core) : core_(std::move(core)) {}

Server::~Server() { Shutdown(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      Backend backend) {
  auto core = std::make_unique<Core>(options, std::move(backend));
  if (absl::Status started = core->Start(); !started.ok()) {
    core->Abandon();
    return started;
  }
  return std::unique_ptr<Server>(new Server(std::move(core)));
}

int Server::port() const { return core_->port(); }
void Server::SetServing(bool serving) { core_->health()->SetServing(serving); }
void Server::BeginDrain() { core_->health()->BeginDrain(); }
void Server::Shutdown(std::chrono::milliseconds grace) { core_->Shutdown(grace); }

}  // namespace verdict::grpc_api
