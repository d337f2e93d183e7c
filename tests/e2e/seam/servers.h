// The real broker and Redis, as deploy/local starts them: where they are, and how they die.
#pragma once

#include <string>

#include "e2e/child_process.h"

namespace verdict::seam {

// Starts broker and Redis in `folder`, on free ports, until this process ends, by `script`
// (deploy/local/up.sh). Where one cannot be had here, says so and ends the process with 77; where
// one should come up and does not, with 2.
void StartServers(const std::string& script, const std::string& folder);

// Thread-compatible. One of the servers that StartServers has started.
class Server {
 public:
  // `name`: "kafka" or "redis"; `script`: deploy/local/up.sh; `folder`: its --dir.
  Server(std::string name, std::string script, std::string folder);

  int port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // SIGKILL. False where it does not run.
  bool Kill();
  // Kills it, and returns once it is gone: its folder may be removed then.
  void End();
  // Begins to start it again, on the port it had.
  void Start();
  // True once a Start has ended. Ends the process with a message where it failed.
  bool IsUp();
  const std::string& name() const { return name_; }

 private:
  std::string ReadFile(const std::string& file) const;

  std::string name_, script_, folder_;
  int port_ = 0;
  testing::ChildProcess starting_;
};

}  // namespace verdict::seam
