// A real verdictd as a child process: started on free ports, awaited by its health service, killed
// or stopped.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "e2e/child_process.h"

namespace verdict::testing {

// Thread-compatible.
class VerdictdProcess {
 public:
  struct Options {
    std::string binary;
    std::string config = {};                    // --config; else
    std::string directory = {};                 // --embedded
    std::string rules;                          // --rules
    std::vector<std::string> flags = {};        // further ones
    std::vector<std::string> environment = {};  // "NAME=value"
    std::string log;                            // its stderr is appended here
  };
  explicit VerdictdProcess(Options options);

  void Start(const std::vector<std::string>& environment);
  // True once the health service says SERVING; false when the process ended or `timeout` passed.
  bool AwaitServing(std::chrono::milliseconds timeout);
  bool IsServing() const;                        // now
  bool HasEnded() { return child_.HasEnded(); }  // reaps it where it has
  void Kill() { child_.Kill(); }                 // SIGKILL, and reaps it
  int Stop();                                    // SIGTERM; its exit status, or -signal
  // How the last life ended. REQUIRES: it has ended.
  bool EndedBySigkill() const { return child_.EndedBySigkill(); }
  std::string HowItEnded() const { return child_.HowItEnded(); }
  const std::string& address() const { return address_; }
  int http_port() const { return http_port_; }

 private:
  Options options_;
  std::string address_;
  int http_port_;
  ChildProcess child_;
};

}  // namespace verdict::testing
