// One completion queue and its thread: its pools of call slots, its admission, its heartbeat.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "grpc_api/admission.h"
#include "grpc_api/health.h"
#include "grpc_api/queue_event.h"
#include "grpc_api/server.h"
#include "grpc_api/services.h"

namespace verdict::grpc_api {

class CallSlot;
class SlotPool;
class WatchSlot;

// What all workers share.
struct WorkerParts {
  const ServerOptions* options = nullptr;
  const Backend* backend = nullptr;
  Services* services = nullptr;
  Health* health = nullptr;
  const ShedMetrics* shed = nullptr;
};

// **Thread-compatible.** All happens on its thread, but for idle(), in_flight(), Stop() and
// ShutdownQueue().
class Worker {
 public:
  static constexpr std::chrono::milliseconds kBeat{10};
  static constexpr int kOtherPosted = 8;    // calls posted of each RPC but Score
  static constexpr size_t kOtherMax = 256;  // calls under way of each RPC but Score
  static constexpr int kAdminPosted = 1;
  static constexpr size_t kAdminMax = 16;      // the same, of each RPC of RuleAdmin
  static constexpr size_t kWatchersMax = 256;  // open health watches

  Worker(const WorkerParts& parts, size_t index,
         std::unique_ptr<grpc::ServerCompletionQueue> queue);
  ~Worker();
  // Posts calls and starts the thread. After the server has started.
  void Start();
  // No new beats; watches end. From any thread.
  void Stop() { stopping_.store(true, std::memory_order_release); }
  // True once Stop has taken effect and no call is under way: the queue may be shut down.
  bool idle() const {
    return stopped_.load(std::memory_order_acquire) && busy_.load(std::memory_order_acquire) == 0;
  }
  // REQUIRES: the server is shut down and idle(). Joins the thread.
  void ShutdownQueue();
  int64_t in_flight() const { return in_flight_.load(std::memory_order_relaxed); }

  // For the slots.
  const WorkerParts& parts() const { return parts_; }
  const Backend& backend() const { return *parts_.backend; }
  Services* services() const { return parts_.services; }
  grpc::ServerCompletionQueue* queue() const { return queue_.get(); }
  QueueDelay* delay() { return &delay_; }
  // May a Score call be looked at? Else `reason` says why not.
  bool Admit(std::chrono::steady_clock::time_point deadline, ShedReason* reason);
  void AddInFlight(int64_t calls) {
    in_flight_.store(in_flight_.load(std::memory_order_relaxed) + calls, std::memory_order_relaxed);
  }
  void AddBusy(int64_t calls) {
    busy_.store(busy_.load(std::memory_order_relaxed) + calls, std::memory_order_release);
  }
  void AddWatcher(WatchSlot* slot) { watchers_.push_back(slot); }
  void RemoveWatcher(WatchSlot* slot);
  size_t watchers() const { return watchers_.size(); }

 private:
  class Heart;
  class Probe;
  void Run();
  void Beat();
  void OnProbe();
  void SetAlarm();
  void SendProbe(std::chrono::steady_clock::time_point now);

  const WorkerParts parts_;
  const size_t index_;
  const int64_t in_flight_max_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  QueueDelay delay_;
  const base::Histogram delay_histogram_;
  std::vector<std::unique_ptr<SlotPool>> pools_;
  std::vector<WatchSlot*> watchers_;
  grpc::Alarm alarm_;        // rings every kBeat
  grpc::Alarm probe_alarm_;  // due at once: how long it takes to come round is the queue's delay
  std::unique_ptr<Heart> heart_;
  std::unique_ptr<Probe> probe_;
  std::chrono::steady_clock::time_point probe_sent_;
  bool probing_ = false;
  std::thread thread_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> stopped_{false};
  std::atomic<int64_t> in_flight_{0};  // Score calls; one writer
  std::atomic<int64_t> busy_{0};       // calls of every RPC that are not over; one writer
};

}  // namespace verdict::grpc_api
