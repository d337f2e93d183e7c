// A program run as a child: started with its output in a file, awaited, killed or stopped.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace verdict::testing {

// Thread-compatible.
class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess();  // kills what still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  struct Command {
    std::vector<std::string> words;
    std::vector<std::string> environment = {};  // "NAME=value", beside what is inherited
    std::string log = {};                       // its output is appended here
  };
  // It dies with the thread that starts it: start it on one that lives as long. REQUIRES: none
  // runs.
  void Start(Command command);
  bool HasEnded();  // reaps it where it has; true where none was started
  bool WaitFor(std::chrono::milliseconds timeout);  // HasEnded, sooner or later
  void Kill();                                      // SIGKILL, and reaps it
  void Terminate();                                 // SIGTERM, and reaps it
  pid_t pid() const { return pid_; }                // -1: none runs
  // How the last one ended. REQUIRES: it has ended.
  bool EndedBySigkill() const;
  int ExitStatus() const;          // or -signal
  std::string HowItEnded() const;  // "exit status 2", "signal 6 (Aborted)"

 private:
  void Reap(int signal);

  pid_t pid_ = -1;
  int status_ = 0;
};

// A loopback port that was free a moment ago.
int FreePort();

}  // namespace verdict::testing
