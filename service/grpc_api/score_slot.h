// Score: the call that everything here is tuned for.
#pragma once

#include "decide/decider.h"
#include "grpc_api/call_slot.h"

namespace verdict::grpc_api {

// **Thread-compatible.** Done() comes on whatever thread ends the decision.
class ScoreSlot final : public UnarySlot<grpc::ByteBuffer, grpc::ByteBuffer>,
                        public decide::ScoreCall {
 public:
  using UnarySlot::UnarySlot;
  void Done() override;

 protected:
  void RequestCall(grpc::ServerContext* context, grpc::ByteBuffer* request,
                   grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* responder) override;
  void Handle() override;
  void OnCrowded() override;
  void OnOver() override;

 private:
  bool Shed();
  absl::Status Read();
  bool counted_ = false;  // in the worker's in_flight
};

}  // namespace verdict::grpc_api
