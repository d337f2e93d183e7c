#include "e2e/seam/servers.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <utility>

namespace verdict::seam {
namespace {
constexpr int kMissingPiece = 77;
constexpr std::chrono::seconds kUpWithin{600};  // the broker's jars may have to be fetched

void PrintFile(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}
}  // namespace

void StartServers(const std::string& script, const std::string& folder) {
  const std::string log = folder + "/up.log";
  testing::ChildProcess up;
  up.Start({.words = {script, "--dir", folder, "--kafka-port", "0", "--redis-port", "0",
                      "--no-topics", "--while-pid", std::to_string(getpid()), "kafka", "redis"},
            .log = log});
  if (up.WaitFor(kUpWithin) && up.ExitStatus() == 0) return;
  const bool missing = up.HasEnded() && up.ExitStatus() == kMissingPiece;
  PrintFile(log);
  std::_Exit(missing ? kMissingPiece : 2);
}

Server::Server(std::string name, std::string script, std::string folder)
    : name_(std::move(name)), script_(std::move(script)), folder_(std::move(folder)) {
  port_ = std::atoi(ReadFile("port").c_str());
  if (port_ > 0) return;
  std::fprintf(stderr, "%s: no server runs in %s\n", name_.c_str(), folder_.c_str());
  std::exit(2);
}

std::string Server::ReadFile(const std::string& file) const {
  std::ifstream in(folder_ + "/" + name_ + "/" + file);
  std::string text;
  std::getline(in, text);
  return text;
}

bool Server::Kill() {
  const pid_t pid = std::atoi(ReadFile("pid").c_str());
  return pid > 0 && kill(pid, SIGKILL) == 0;
}

void Server::End() {
  starting_.WaitFor(kUpWithin);
  const pid_t pid = std::atoi(ReadFile("pid").c_str());
  if (pid <= 0) return;
  // Not our child: who started it reaps it.
  while (kill(pid, SIGKILL) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void Server::Start() {
  starting_.Start({.words = {script_, "--dir", folder_, "--no-topics", name_},
                   .log = folder_ + "/" + name_ + ".restarts.log"});
}

bool Server::IsUp() {
  if (!starting_.HasEnded()) return false;
  if (starting_.ExitStatus() == 0) return true;
  std::printf("%s did not come up again: %s\n", name_.c_str(), starting_.HowItEnded().c_str());
  PrintFile(folder_ + "/" + name_ + ".restarts.log");
  std::exit(2);
}

}  // namespace verdict::seam
