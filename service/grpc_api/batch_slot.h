// ScoreBatch: one payment after the other, each with its own answer or error.
#pragma once

#include <grpcpp/alarm.h>

#include <atomic>

#include "decide/decider.h"
#include "grpc_api/call_slot.h"

namespace verdict::grpc_api {

// **Thread-compatible.** Done() comes on whatever thread ends a decision; the next one begins on
// the worker's thread again (an alarm brings it there), never on the store's or the log's.
class BatchSlot final : public UnarySlot<pb::ScoreBatchRequest, pb::ScoreBatchResponse>,
                        public decide::ScoreCall {
 public:
  BatchSlot(Worker* worker, SlotPool* pool) : UnarySlot(worker, pool), hop_(this) {}
  void Done() override;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::ScoreBatchRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::ScoreBatchResponse>* responder) override;
  void Handle() override;
  void OnCrowded() override;
  void OnOver() override;

 private:
  // Back on the worker's thread.
  class Hop final : public QueueEvent {
   public:
    explicit Hop(BatchSlot* slot) : slot_(slot) {}
    void OnEvent(bool) override { slot_->Continue(); }

   private:
    BatchSlot* slot_;
  };
  // Who of the worker (leaving score()) and Done comes second goes on with the next payment.
  enum class Turn : uint8_t { kScoring, kDone, kLeft };
  uint64_t payments() const { return static_cast<uint64_t>(request_.requests_size()); }
  void Continue();
  void ScoreNext();

  Hop hop_;
  grpc::Alarm alarm_;
  std::atomic<Turn> turn_{Turn::kScoring};
  int next_ = 0;
  int64_t counted_ = 0;  // in the worker's in_flight
};

}  // namespace verdict::grpc_api
