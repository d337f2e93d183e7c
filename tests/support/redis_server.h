// A real redis-server of one test: on a free port of 127.0.0.1, its files in a folder of its own,
// gone with the test. It can be killed and started again, stopped in its tracks, and goes on.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "support/temp_dir.h"

namespace verdict::testing {

// The program, or empty where the machine has none (Debian: redis-server).
inline std::string RedisServerProgram() {
  for (const char* path : {"/usr/bin/redis-server", "/usr/local/bin/redis-server"}) {
    if (access(path, X_OK) == 0) return path;
  }
  return "";
}

// Thread-compatible.
class RedisServer {
 public:
  // REQUIRES: RedisServerProgram() is there. `arguments` as on its command line: {"--appendonly",
  // "yes"}.
  explicit RedisServer(std::vector<std::string> arguments = {}) : arguments_(std::move(arguments)) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      port_ = FreePort();
      if (StartOnPort()) return;  // else another process was faster
    }
    CHECK(false && "redis-server does not start");
  }
  ~RedisServer() { Kill(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  int port() const { return port_; }
  // SIGKILL; what it had not written is lost. Also where it was stopped in its tracks.
  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // Again, on the same port and files.
  void Start() {
    CHECK(pid_ == 0);
    for (int attempt = 0; attempt < 50; ++attempt) {
      if (StartOnPort()) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the port may linger
    }
    CHECK(false && "redis-server does not start again");
  }
  // SIGSTOP: it takes connections (the kernel does) and answers nothing.
  void Pause() { CHECK(kill(pid_, SIGSTOP) == 0); }
  void Resume() { CHECK(kill(pid_, SIGCONT) == 0); }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  static int FreePort() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof address;
    CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    close(fd);
    return ntohs(address.sin_port);
  }
  // It answers, and has read its files. An error (no password was given) is an answer, too.
  bool Answers() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port_);
    char bytes[64];
    ssize_t size = 0;
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        send(fd, "PING\r\n", 6, MSG_NOSIGNAL) == 6) {
      size = recv(fd, bytes, sizeof bytes, 0);
    }
    close(fd);
    return size > 0 && !std::string_view(bytes, static_cast<size_t>(size)).starts_with("-LOADING");
  }
  bool StartOnPort() {
    std::vector<std::string> words = {RedisServerProgram(),
                                      "--port",
                                      std::to_string(port_),
                                      "--bind",
                                      "127.0.0.1",
                                      "--dir",
                                      folder_.path(),
                                      "--logfile",
                                      folder_ / "log",
                                      "--save",
                                      "",
                                      "--daemonize",
                                      "no"};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = fork();
    CHECK(pid_ >= 0);
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive the test
      execv(argv[0], argv.data());
      _exit(127);
    }
    for (int wait = 0; wait < 1500; ++wait) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) break;  // it could not have the port
      if (Answers()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    Kill();
    pid_ = 0;
    return false;
  }

  TempDir folder_;
  std::vector<std::string> arguments_;
  int port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace verdict::testing
