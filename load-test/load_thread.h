// One client thread: keeps to the plan (open loop) or to the number of calls in flight (closed
// loop).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "h2_connection.h"
#include "options.h"
#include "request_pool.h"
#include "tally.h"

namespace verdict::load {

// Nanoseconds of the steady clock.
int64_t SteadyNs();

// The part of a run that one thread plays. Times are of SteadyNs().
struct Share {
  int index = 0;  // of this thread
  int connections = 1;
  double rate = 0;              // open loop, requests a second
  uint64_t requests = 0;        // at most; 0: no limit
  uint64_t first_sequence = 0;  // its ids are first_sequence, + stride, + 2 stride ...
  uint64_t stride = 1;
  int64_t start_ns = 0;
  int64_t measured_from_ns = 0;
  int64_t end_ns = 0;
  uint64_t seed = 1;
};

// **Thread-compatible.** Connect and Run on its own thread; sent() and finished() from any.
class LoadThread {
 public:
  LoadThread(const Options& options, const H2Options& target, const RequestPool* pool);
  ~LoadThread();
  absl::Status Connect(int connections);
  void Run(const Share& share);

  uint64_t finished() const { return finished_.load(std::memory_order_relaxed); }
  uint64_t failed() const { return failed_.load(std::memory_order_relaxed); }
  // After Run.
  const Tally& tally() const { return tally_; }
  uint64_t planned() const { return planned_; }  // calls of the measured part
  uint64_t measured() const { return tally_.from_sent().count(); }
  int64_t last_answer_ns() const { return last_answer_ns_; }
  const std::string& answers() const { return answers_; }  // rows for --answers
  uint64_t reconnects() const { return reconnects_; }

 private:
  struct Line;  // a connection and its place in epoll
  void RunOpen();
  void RunClosed();
  void Drain();
  bool ExhaustedRequests() const { return share_.requests > 0 && sent_ >= share_.requests; }
  // Sends the next call; on `line`, else on the next line that takes it.
  void Send(Line* line, int64_t intended_ns);
  Line* NextLine();
  absl::Status OpenLine(Line* line);
  void ReplaceDeadLines(int64_t now_ns);
  void FlushLines();
  void Poll(int64_t wait_ns);
  void Watch(Line* line);
  void OnFinished(Call* call);
  void KeepAnswer();
  int64_t TickNs() const;
  size_t InFlight() const;

  const Options& options_;
  const H2Options target_;
  const RequestPool* pool_;
  Share share_;
  int epoll_ = -1;
  std::vector<std::unique_ptr<Line>> lines_;
  std::vector<std::unique_ptr<Line>> retired_;  // told to go away, still answering
  size_t next_line_ = 0;
  std::deque<Call> calls_;
  std::vector<Call*> free_calls_;
  verdict::v1::ScoreResponse parsed_;
  std::mt19937_64 random_;
  Tally tally_;
  std::string answers_;
  uint64_t sent_ = 0;
  uint64_t planned_ = 0;
  uint64_t reconnects_ = 0;
  int64_t next_reconnect_ns_ = 0;
  int64_t last_answer_ns_ = 0;
  std::atomic<uint64_t> finished_{0};
  std::atomic<uint64_t> failed_{0};
};

}  // namespace verdict::load
