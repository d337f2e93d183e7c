#include "e2e/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

#include "base/check.h"

namespace verdict::testing {

ChildProcess::~ChildProcess() {
  if (pid_ > 0) Kill();
}

void ChildProcess::Start(Command command) {
  CHECK(pid_ == -1);
  std::vector<char*> arguments;
  for (std::string& word : command.words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = fork();
  CHECK(pid_ >= 0);
  if (pid_ != 0) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (!command.log.empty()) {
    const int log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  for (std::string& entry : command.environment) putenv(entry.data());
  execvp(arguments[0], arguments.data());
  _exit(127);
}

bool ChildProcess::HasEnded() {
  if (pid_ <= 0) return true;
  if (waitpid(pid_, &status_, WNOHANG) != pid_) return false;
  pid_ = -1;
  return true;
}

bool ChildProcess::WaitFor(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!HasEnded()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

void ChildProcess::Reap(int signal) {
  if (pid_ <= 0) return;
  kill(pid_, signal);
  waitpid(pid_, &status_, 0);
  pid_ = -1;
}

void ChildProcess::Kill() { Reap(SIGKILL); }
void ChildProcess::Terminate() { Reap(SIGTERM); }

bool ChildProcess::EndedBySigkill() const {
  CHECK(pid_ == -1);
  return WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL;
}

int ChildProcess::ExitStatus() const {
  CHECK(pid_ == -1);
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : -WTERMSIG(status_);
}

std::string ChildProcess::HowItEnded() const {
  CHECK(pid_ == -1);
  if (WIFEXITED(status_)) return "exit status " + std::to_string(WEXITSTATUS(status_));
  const int signal = WTERMSIG(status_);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

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

}  // namespace verdict::testing
