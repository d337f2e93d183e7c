// What health checks are told: the service's word, and that every completion queue is alive.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "grpc/health/v1/health.pb.h"

namespace verdict::grpc_api {

// **Thread-safe.**
class Health {
 public:
  using Status = grpc::health::v1::HealthCheckResponse::ServingStatus;
  using Time = std::chrono::steady_clock::time_point;
  // A queue whose thread has not come round for so long is stuck.
  static constexpr std::chrono::seconds kStuckAfter{2};

  explicit Health(size_t queues) : beats_(queues) {}
  void SetServing(bool serving) { serving_.store(serving, std::memory_order_relaxed); }
  void BeginDrain() { draining_.store(true, std::memory_order_relaxed); }
  // The thread of queue `index` came round.
  void Beat(size_t index, Time now);

  // "" and "verdict.v1.FraudDecision" are known; others are SERVICE_UNKNOWN.
  Status StatusOf(const std::string& service, Time now) const;

 private:
  bool Stuck(Time now) const;
  std::atomic<bool> serving_{false};
  std::atomic<bool> draining_{false};
  std::vector<std::atomic<int64_t>> beats_;  // 0: its thread has not started
};

}  // namespace verdict::grpc_api
