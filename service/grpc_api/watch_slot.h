// Health Watch: one open stream that hears of every change.
#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>

#include "grpc_api/call_slot.h"
#include "grpc_api/health.h"

namespace verdict::grpc_api {

// **Thread-compatible.** The worker's heartbeat calls Tell.
class WatchSlot final : public CallSlot {
 public:
  WatchSlot(Worker* worker, SlotPool* pool) : CallSlot(worker, pool), gone_event_(this) {}
  void Post() override;
  void OnEvent(bool ok) override;  // of the match, a write, the finish
  // Writes the status where it is another one than was written last.
  void Tell(Health::Time now);
  // The server stops: ends the stream.
  void Finish(const grpc::Status& status);

 private:
  // The client went away, or the finish went through.
  class GoneEvent final : public QueueEvent {
   public:
    explicit GoneEvent(WatchSlot* slot) : slot_(slot) {}
    void OnEvent(bool) override { slot_->OnGone(); }

   private:
    WatchSlot* slot_;
  };
  enum class Step : uint8_t { kPosted, kOpen, kFinishing };
  void OnGone();
  void ReleaseWhenQuiet();

  GoneEvent gone_event_;
  std::optional<grpc::ServerContext> context_;
  std::optional<grpc::ServerAsyncWriter<health_pb::HealthCheckResponse>> writer_;
  health_pb::HealthCheckRequest request_;
  Step step_ = Step::kPosted;
  bool busy_ = false;  // a write or the finish is under way
  bool gone_ = false;
  std::optional<grpc::Status> finish_;  // wanted, once nothing is under way
  std::optional<Health::Status> told_;
};

}  // namespace verdict::grpc_api
