// Record: events to the log, each with its own result.
#pragma once

#include <atomic>

#include "grpc_api/call_slot.h"

namespace verdict::grpc_api {

// **Thread-compatible.** Results come in on the log's thread; each touches its own element.
class RecordSlot final : public UnarySlot<pb::RecordRequest, pb::RecordResponse> {
 public:
  using UnarySlot::UnarySlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::RecordRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::RecordResponse>* responder) override;
  void Handle() override;

 private:
  absl::Status Check(const pb::TransactionEvent& event, const ruleset::RuleSet& rules,
                     model::Event* out) const;
  void OnResult(int index, const absl::Status& status);

  std::atomic<int> open_{0};  // results still to come, and one for Handle itself
};

}  // namespace verdict::grpc_api
