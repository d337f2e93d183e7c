// The loop, and the beat that tells how late it runs.
#include "grpc_api/worker.h"

#include <algorithm>
#include <utility>

#include "base/thread_role.h"
#include "grpc_api/admin_slots.h"
#include "grpc_api/batch_slot.h"
#include "grpc_api/call_slot.h"
#include "grpc_api/lookup_slots.h"
#include "grpc_api/record_slot.h"
#include "grpc_api/score_slot.h"
#include "grpc_api/watch_slot.h"

namespace verdict::grpc_api {
namespace {

// Calls that are matched but not over are at most this many times in_flight_max: shed ones answer
// quickly.
constexpr size_t kMatchedPerInFlight = 4;

}  // namespace

// The tags of the two alarms.
class Worker::Heart final : public QueueEvent {
 public:
  explicit Heart(Worker* worker) : worker_(worker) {}
  void OnEvent(bool) override { worker_->Beat(); }

 private:
  Worker* worker_;
};

class Worker::Probe final : public QueueEvent {
 public:
  explicit Probe(Worker* worker) : worker_(worker) {}
  void OnEvent(bool) override { worker_->OnProbe(); }

 private:
  Worker* worker_;
};

Worker::Worker(const WorkerParts& parts, size_t index,
               std::unique_ptr<grpc::ServerCompletionQueue> queue)
    : parts_(parts),
      index_(index),
      in_flight_max_(std::max(1, parts.options->in_flight_max / parts.options->threads)),
      queue_(std::move(queue)),
      delay_(parts.options->queue_delay_max),
      delay_histogram_(base::Metrics().AddHistogram(
          "verdict_score_queue_delay_seconds",
          "How long a probe waits in a completion queue, every 10 ms.",
          {0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2})),
      heart_(std::make_unique<Heart>(this)),
      probe_(std::make_unique<Probe>(this)) {}

Worker::~Worker() = default;

void Worker::Start() {
  const auto add = [this]<typename Slot>(std::type_identity<Slot>, int posted, size_t most) {
    pools_.push_back(std::make_unique<SlotPool>(
        [this](SlotPool* pool) { return std::make_unique<Slot>(this, pool); }, posted, most));
  };
  const auto score_max = static_cast<size_t>(in_flight_max_) * kMatchedPerInFlight;
  add(std::type_identity<ScoreSlot>{}, parts_.options->posted_calls, score_max);
  add(std::type_identity<BatchSlot>{}, kOtherPosted, kOtherMax);
  add(std::type_identity<ExplainSlot>{}, kOtherPosted, kOtherMax);
  add(std::type_identity<GetDecisionSlot>{}, kOtherPosted, kOtherMax);
  add(std::type_identity<RecordSlot>{}, kOtherPosted, kOtherMax);
  add(std::type_identity<DescribeRulesSlot>{}, kOtherPosted, kOtherMax);
  add(std::type_identity<ListRuleSetsSlot>{}, kAdminPosted, kAdminMax);
  add(std::type_identity<ActivateSlot>{}, kAdminPosted, kAdminMax);
  add(std::type_identity<RollbackSlot>{}, kAdminPosted, kAdminMax);
  add(std::type_identity<SwitchOffSlot>{}, kAdminPosted, kAdminMax);
  add(std::type_identity<HealthCheckSlot>{}, kOtherPosted, kOtherMax);
  add(std::type_identity<WatchSlot>{}, kOtherPosted, kWatchersMax * 2);
  for (const auto& pool : pools_) pool->Start();
  SetAlarm();
  thread_ = std::thread([this] { Run(); });
}

void Worker::Run() {
  base::BeginThread("verdict-cq", base::ThreadRole::kServing);
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) static_cast<QueueEvent*>(tag)->OnEvent(ok);
}

void Worker::SetAlarm() {
  const gpr_timespec when =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kBeat.count(), GPR_TIMESPAN));
  alarm_.Set(queue_.get(), when, static_cast<QueueEvent*>(heart_.get()));
}

// An alarm that is due goes into the queue at once, behind what came before; a timer's own lateness
// is not in it.
void Worker::SendProbe(std::chrono::steady_clock::time_point now) {
  probing_ = true;
  probe_sent_ = now;
  probe_alarm_.Set(queue_.get(), gpr_now(GPR_CLOCK_MONOTONIC),
                   static_cast<QueueEvent*>(probe_.get()));
}

void Worker::OnProbe() {
  probing_ = false;
  const auto now = std::chrono::steady_clock::now();
  delay_.Observe(now - probe_sent_, now);
  delay_histogram_.Observe(std::chrono::duration<double>(now - probe_sent_).count());
}

void Worker::Beat() {
  const auto now = std::chrono::steady_clock::now();
  parts_.health->Beat(index_, now);
  const bool stopping = stopping_.load(std::memory_order_acquire);
  const std::vector<WatchSlot*> watchers = watchers_;  // telling may remove one
  for (WatchSlot* watcher : watchers) {
    watcher->Tell(now);
    if (stopping) watcher->Finish({grpc::StatusCode::UNAVAILABLE, "the server stops"});
  }
  if (stopping && watchers_.empty() && !probing_) {
    stopped_.store(true, std::memory_order_release);
    return;
  }
  if (!probing_) SendProbe(now);
  SetAlarm();
}

bool Worker::Admit(std::chrono::steady_clock::time_point deadline, ShedReason* reason) {
  if (deadline != std::chrono::steady_clock::time_point::max() &&
      deadline <= std::chrono::steady_clock::now()) {
    *reason = ShedReason::kDeadline;
    return false;
  }
  if (in_flight() > in_flight_max_) {
    *reason = ShedReason::kInFlight;
    return false;
  }
  *reason = ShedReason::kQueueDelay;
  return !delay_.ShedsThis();
}

void Worker::RemoveWatcher(WatchSlot* slot) { std::erase(watchers_, slot); }

void Worker::ShutdownQueue() {
  queue_->Shutdown();
  if (thread_.joinable()) thread_.join();
}

}  // namespace verdict::grpc_api
