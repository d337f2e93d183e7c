// Which Score calls are let in: shed early and cheaply, so that the others are on time.
#pragma once

#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "base/metrics.h"

namespace verdict::grpc_api {

// The standing delay of one completion queue, seen as how long a probe takes to come round: it
// waits in the queue behind the calls that came before it. Short bursts pass; a delay that stands
// for kStandingFor is worked off by shedding a share of the calls, more at each beat until it is
// gone (after CoDel and "Fail at Scale").
// **Thread-compatible.** One a queue, touched by its thread.
class QueueDelay {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::milliseconds kStandingFor{100};
  static constexpr int kShares = 16;

  explicit QueueDelay(Duration most) : most_(most) {}
  // A probe took `late`.
  void Observe(Duration late, Time now);
  // True where this call is to be shed.
  bool ShedsThis();
  int shed_share() const { return share_; }  // of kShares

 private:
  const Duration most_;
  Time over_since_ = Time::max();
  int share_ = 0;
  int turn_ = 0;
};

enum class ShedReason : uint8_t { kDeadline, kQueueDelay, kInFlight, kMatched };

// The payments that never reach the decider, which counts all the others.
// **Thread-safe.** Fixed after construction.
class ShedMetrics {
 public:
  ShedMetrics();
  // Not looked at.
  void Count(ShedReason reason, uint64_t payments = 1) const;
  // Looked at, but they could not be read.
  void CountUnread(const absl::Status& why, uint64_t payments = 1) const;

 private:
  base::Counter deadline_, queue_delay_, in_flight_, matched_;
  // The request totals, by code.
  base::Counter deadline_exceeded_, resource_exhausted_, invalid_argument_, internal_;
};

}  // namespace verdict::grpc_api
