// A real verdictd as a child process: started on free ports, awaited by its health service, killed
// or stopped.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace verdict::testing {

// Thread-compatible.
class VerdictdProcess {
 public:
  struct Options {
    std::string binary;
    std::string directory;                 // --embedded
    std::string rules;                     // --rules
    std::vector<std::string> flags;        // further ones
    std::vector<std::string> environment;  // "NAME=value"
    std::string log;                       // its stderr is appended here
  };
  explicit VerdictdProcess(Options options);
  ~VerdictdProcess();  // kills what still runs

  void Start(std::vector<std::string> environment);
  // True once the health service says SERVING; false when the process ended or `timeout` passed.
  bool AwaitServing(std::chrono::milliseconds timeout);
  bool HasEnded();  // reaps it where it has
  void Kill();      // SIGKILL, and reaps it
  int Stop();       // SIGTERM; its exit status, or -signal
  // How the last life ended. REQUIRES: it has ended.
  bool EndedBySigkill() const;
  std::string HowItEnded() const;  // "exit status 2", "signal 6 (Aborted)"
  const std::string& address() const { return address_; }

 private:
  Options options_;
  std::string address_;
  std::string http_address_;
  pid_t pid_ = -1;
  int status_ = 0;
};

// A loopback port that was free a moment ago.
int FreePort();

}  // namespace verdict::testing
