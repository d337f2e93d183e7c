#include "e2e/verdictd_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>

#include "base/check.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace verdict::testing {
namespace {

namespace health = ::grpc::health::v1;

bool IsServing(const std::string& address) {
  auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
  auto stub = health::Health::NewStub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  health::HealthCheckResponse response;
  return stub->Check(&context, health::HealthCheckRequest(), &response).ok() &&
         response.status() == health::HealthCheckResponse::SERVING;
}

}  // namespace

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

VerdictdProcess::VerdictdProcess(Options options)
    : options_(std::move(options)),
      address_("127.0.0.1:" + std::to_string(FreePort())),
      http_address_("127.0.0.1:" + std::to_string(FreePort())) {}

VerdictdProcess::~VerdictdProcess() {
  if (pid_ > 0) Kill();
}

void VerdictdProcess::Start(std::vector<std::string> environment) {
  CHECK(pid_ == -1);
  std::vector<std::string> words = {options_.binary, "--embedded",   options_.directory,
                                    "--rules",       options_.rules, "--listen",
                                    address_,        "--http",       http_address_};
  words.insert(words.end(), options_.flags.begin(), options_.flags.end());
  environment.insert(environment.end(), options_.environment.begin(), options_.environment.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ != 0) return;
  const int log = open(options_.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  for (std::string& entry : environment) putenv(entry.data());
  execv(arguments[0], arguments.data());
  _exit(127);
}

bool VerdictdProcess::AwaitServing(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < deadline && !HasEnded()) {
    if (IsServing(address_)) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return false;
}

bool VerdictdProcess::HasEnded() {
  if (pid_ <= 0) return true;
  if (waitpid(pid_, &status_, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

void VerdictdProcess::Kill() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, &status_, 0);
  pid_ = -1;
}

bool VerdictdProcess::EndedBySigkill() const {
  CHECK(pid_ == -1);
  return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL;
}

std::string VerdictdProcess::HowItEnded() const {
  CHECK(pid_ == -1);
  if (WIFEXITED(status_)) return "exit status " + std::to_string(WEXITSTATUS(status_));
  const int signal = WTERMSIG(status_);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

int VerdictdProcess::Stop() {
  if (pid_ > 0) {
    kill(pid_, SIGTERM);
    waitpid(pid_, &status_, 0);
    pid_ = -1;
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

}  // namespace verdict::testing
