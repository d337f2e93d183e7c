#include "e2e/verdictd_process.h"

#include <grpcpp/grpcpp.h>

#include <thread>
#include <utility>

#include "grpc/health/v1/health.grpc.pb.h"

namespace verdict::testing {

namespace health = ::grpc::health::v1;

VerdictdProcess::VerdictdProcess(Options options)
    : options_(std::move(options)),
      address_("127.0.0.1:" + std::to_string(FreePort())),
      http_port_(FreePort()) {}

void VerdictdProcess::Start(const std::vector<std::string>& environment) {
  ChildProcess::Command command{.words = {options_.binary}, .log = options_.log};
  const bool embedded = options_.config.empty();
  for (const std::string& word :
       {std::string(embedded ? "--embedded" : "--config"),
        embedded ? options_.directory : options_.config, std::string("--rules"), options_.rules,
        std::string("--listen"), address_, std::string("--http"),
        "127.0.0.1:" + std::to_string(http_port_)}) {
    command.words.push_back(word);
  }
  command.words.insert(command.words.end(), options_.flags.begin(), options_.flags.end());
  command.environment = environment;
  command.environment.insert(command.environment.end(), options_.environment.begin(),
                             options_.environment.end());
  child_.Start(std::move(command));
}

bool VerdictdProcess::IsServing() const {
  auto channel = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  auto stub = health::Health::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  health::HealthCheckResponse response;
  return stub->Check(&context, health::HealthCheckRequest(), &response).ok() &&
         response.status() == health::HealthCheckResponse::SERVING;
}

bool VerdictdProcess::AwaitServing(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < deadline && !HasEnded()) {
    if (IsServing()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

int VerdictdProcess::Stop() {
  child_.Terminate();
  return child_.ExitStatus();
}

}  // namespace verdict::testing
