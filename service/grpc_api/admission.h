// Which Score calls are let in: shed early and cheaply, so that the others are on time.
#pragma once

#include <chrono>
#include <cstdint>

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

enum class ShedReason : uint8_t { kDeadline, kQueueDelay, kInFlight };

// **Thread-safe.** Fixed after construction.
class ShedMetrics {
 public:
  ShedMetrics();
  void Count(ShedReason reason) const;

 private:
  base::Counter deadline_, queue_delay_, in_flight_;
  base::Counter deadline_exceeded_, resource_exhausted_;  // the request totals, by code
};

}  // namespace verdict::grpc_api
