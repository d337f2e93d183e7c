// The yardstick: a completion-queue gRPC server that answers every Score with a constant.
//
// What Verdict's own server is compared with (ratio.sh): the same messages, the same channel
// arguments, the same layout of threads, and no decision. Its answer echoes the transaction id, so
// that verdict-load can check it.
#include <grpcpp/grpcpp.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::load {
namespace {

namespace pb = ::verdict::v1;
using Service = pb::FraudDecision::WithAsyncMethod_Score<pb::FraudDecision::Service>;

struct Options {
  std::string listen = "127.0.0.1:50052";
  int threads = 2;
  int queues = 2;
  int posted = 32;
};

// One posted call, reused for ever.
// **Thread-compatible.** Only the thread of its completion queue touches it.
class Slot {
 public:
  Slot(Service* service, grpc::ServerCompletionQueue* queue) : service_(service), queue_(queue) {
    answer_.set_decision(pb::OUTCOME_ALLOW);
    answer_.set_provenance(pb::PROVENANCE_FULL);
    answer_.set_rule_set("000000000000");
  }

  void Post() {
    call_.emplace();
    waiting_ = true;
    service_->RequestScore(&call_->context, &request_, &call_->responder, queue_, queue_, this);
  }

  void Proceed(bool ok) {
    if (waiting_ && ok) {
      waiting_ = false;
      answer_.set_transaction_id(request_.transaction().id());
      call_->responder.Finish(answer_, grpc::Status::OK, this);
    } else if (!waiting_) {
      Post();
    }
  }

 private:
  struct Call {
    Call() : responder(&context) {}
    grpc::ServerContext context;
    grpc::ServerAsyncResponseWriter<pb::ScoreResponse> responder;
  };
  Service* service_;
  grpc::ServerCompletionQueue* queue_;
  std::optional<Call> call_;  // rebuilt in place: a ServerContext serves one call
  pb::ScoreRequest request_;
  pb::ScoreResponse answer_;
  bool waiting_ = false;
};

void Serve(grpc::ServerCompletionQueue* queue) {
  void* tag = nullptr;
  bool ok = false;
  while (queue->Next(&tag, &ok)) static_cast<Slot*>(tag)->Proceed(ok);
}

void SetArguments(const Options& options, grpc::ServerBuilder* builder) {
  builder->AddListeningPort(options.listen, grpc::InsecureServerCredentials());
  builder->AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1024);
  builder->AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8192);
}

int Run(const Options& options) {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGINT);
  sigaddset(&stop_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);

  Service service;
  grpc::ServerBuilder builder;
  SetArguments(options, &builder);
  builder.RegisterService(&service);
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  queues.reserve(static_cast<size_t>(options.queues));
  for (int i = 0; i < options.queues; ++i) queues.push_back(builder.AddCompletionQueue());
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) {
    std::fprintf(stderr, "empty-server: cannot listen on %s\n", options.listen.c_str());
    return 2;
  }
  std::vector<std::unique_ptr<Slot>> slots;
  for (const auto& queue : queues) {
    for (int i = 0; i < options.posted; ++i) {
      slots.push_back(std::make_unique<Slot>(&service, queue.get()));
      slots.back()->Post();
    }
  }
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(options.threads));
  for (int i = 0; i < options.threads; ++i)
    threads.emplace_back(Serve, queues[i % queues.size()].get());
  std::printf("empty-server: listening on %s\n", options.listen.c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&stop_signals, &signal);
  server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
  for (const auto& queue : queues) queue->Shutdown();
  for (std::thread& thread : threads) thread.join();
  return 0;
}

}  // namespace
}  // namespace verdict::load

int main(int argc, char** argv) {
  verdict::load::Options options;
  CLI::App app{"A gRPC server that answers every Score with a constant: the yardstick of ratio.sh"};
  app.add_option("--listen", options.listen, "address and port")->capture_default_str();
  app.add_option("--threads", options.threads, "polling threads")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--queues", options.queues, "completion queues, at most one a thread")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  app.add_option("--posted", options.posted, "calls posted on each queue")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  CLI11_PARSE(app, argc, argv);
  if (options.queues > options.threads) {
    std::fprintf(
        stderr,
        "empty-server: --queues %d is more than --threads %d: a queue would have no thread\n",
        options.queues, options.threads);
    return 2;
  }
  return verdict::load::Run(options);
}
