// A decision that ends inside score() goes on in the loop: no recursion, however long the batch.
#include "grpc_api/batch_slot.h"

#include "absl/strings/str_format.h"
#include "grpc_api/answers.h"

namespace verdict::grpc_api {

void BatchSlot::RequestCall(grpc::ServerContext* context, pb::ScoreBatchRequest* request,
                            grpc::ServerAsyncResponseWriter<pb::ScoreBatchResponse>* responder) {
  worker_->services()->fraud.RequestScoreBatch(context, request, responder, worker_->queue(),
                                               worker_->queue(), tag());
}

void BatchSlot::Handle() {
  response_.Clear();
  next_ = 0;
  if (request_.requests_size() > kBatchMax) {
    const absl::Status refused = absl::InvalidArgumentError(absl::StrFormat(
        "requests: %d payments; at most %d are taken", request_.requests_size(), kBatchMax));
    worker_->parts().shed->CountUnread(refused, payments());
    return Answer(ToGrpc(refused));
  }
  counted_ = request_.requests_size();
  worker_->AddInFlight(counted_);
  deadline = SteadyDeadline(context()->deadline());
  ShedReason reason;
  if (!worker_->Admit(deadline, &reason)) {
    worker_->parts().shed->Count(reason, payments());
    if (reason != ShedReason::kDeadline) return Answer(Overloaded(context()));
    return Answer(
        {grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline passed before the call was looked at"});
  }
  Continue();
}

void BatchSlot::OnCrowded() { worker_->parts().shed->Count(ShedReason::kMatched, payments()); }

void BatchSlot::Continue() {
  while (next_ < request_.requests_size()) {
    turn_.store(Turn::kScoring, std::memory_order_relaxed);
    ScoreNext();
    if (turn_.exchange(Turn::kLeft, std::memory_order_acq_rel) != Turn::kDone)
      return;  // Done goes on
  }
  Answer(grpc::Status::OK);
}

void BatchSlot::ScoreNext() {
  if (absl::Status read = ReadRequest(request_.requests(next_), this); !read.ok()) {
    worker_->parts().shed->CountUnread(read);
    status = std::move(read);
    return Done();
  }
  worker_->backend().score(this);
}

void BatchSlot::Done() {
  pb::ScoreResult* result = response_.add_results();
  if (status.ok()) {
    WriteScore(*this, result->mutable_response());
  } else {
    WriteError(status, result->mutable_error());
  }
  status = absl::OkStatus();
  ++next_;
  if (turn_.exchange(Turn::kDone, std::memory_order_acq_rel) == Turn::kLeft) {
    alarm_.Set(worker_->queue(), gpr_now(GPR_CLOCK_MONOTONIC), static_cast<QueueEvent*>(&hop_));
  }
}

void BatchSlot::OnOver() {
  worker_->AddInFlight(-counted_);
  counted_ = 0;
  rule_set.reset();
}

}  // namespace verdict::grpc_api
