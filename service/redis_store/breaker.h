// When to try Redis again: backs off with jitter, opens after several failures in a short time, and
// then tries with one probe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <random>

namespace verdict::redis_store {

// **Thread-compatible.** Knows no clock: every call is told the time.
class Breaker {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  // The numbers are those of the metric verdict_breaker_state.
  enum class State : uint8_t { kClosed = 0, kHalfOpen = 1, kOpen = 2 };
  struct Options {
    size_t failures = 5;  // within `window`: it opens
    std::chrono::milliseconds window{1000};
    std::chrono::milliseconds open_least{200};  // an open breaker waits at least half of this
    std::chrono::milliseconds backoff_least{10};
    std::chrono::milliseconds backoff_most{2000};
  };
  Breaker(const Options& options, uint64_t seed) : options_(options), random_(seed) {}

  State state() const { return state_; }
  // No attempt before this time.
  TimePoint next_attempt() const { return next_attempt_; }

  // An attempt begins: of an open breaker it is the probe.
  void OnAttempt();
  void OnAttemptFailed(TimePoint now);
  // The attempt has succeeded: closed.
  void OnConnected();
  // What stood was lost, and `requests` with it. The next attempt may come at once, unless this
  // opens the breaker.
  void OnLost(TimePoint now, size_t requests);

 private:
  void Count(TimePoint now, size_t failures);
  std::chrono::nanoseconds Jittered(std::chrono::milliseconds time);
  std::chrono::milliseconds Backoff() const;

  const Options options_;
  std::mt19937_64 random_;
  State state_ = State::kClosed;
  std::deque<TimePoint> failed_;  // the newest, at most options_.failures
  int attempts_failed_ = 0;       // since the last success
  TimePoint next_attempt_{};
};

}  // namespace verdict::redis_store
