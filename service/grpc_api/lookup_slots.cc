// Each a request to the backend and a conversion.
#include "grpc_api/lookup_slots.h"

#include "absl/strings/str_format.h"
#include "grpc_api/answers.h"
#include "wire/decision_proto.h"
#include "wire/event_proto.h"

namespace verdict::grpc_api {

void ExplainSlot::RequestCall(grpc::ServerContext* context, pb::ExplainRequest* request,
                              grpc::ServerAsyncResponseWriter<pb::ExplainResponse>* responder) {
  worker_->services()->fraud.RequestExplain(context, request, responder, worker_->queue(),
                                            worker_->queue(), tag());
}

void ExplainSlot::Handle() {
  if (request_.ByteSizeLong() > kScoreBytesMax) {
    return Answer(ToGrpc(
        absl::InvalidArgumentError(absl::StrFormat("the request has %d bytes; at most %d are taken",
                                                   request_.ByteSizeLong(), kScoreBytesMax))));
  }
  if (const absl::Status read = wire::FromProto(request_.transaction(), &txn); !read.ok()) {
    return Answer(ToGrpc(read));
  }
  record = false;
  include_features = true;
  dry_run = true;
  deadline = SteadyDeadline(context()->deadline());
  worker_->backend().score(this);
}

void ExplainSlot::Done() {
  if (!status.ok()) return Answer(ToGrpc(status));
  WriteExplain(*this, &response_);
  Answer(grpc::Status::OK);
}

void GetDecisionSlot::RequestCall(
    grpc::ServerContext* context, pb::GetDecisionRequest* request,
    grpc::ServerAsyncResponseWriter<pb::GetDecisionResponse>* responder) {
  worker_->services()->fraud.RequestGetDecision(context, request, responder, worker_->queue(),
                                                worker_->queue(), tag());
}

void GetDecisionSlot::Handle() {
  if (request_.transaction_id().empty()) {
    return Answer({grpc::StatusCode::INVALID_ARGUMENT,
                   "transaction_id: empty; give the id of a scored payment"});
  }
  const absl::StatusOr<model::Decision> decision =
      worker_->backend().get_decision(request_.transaction_id());
  if (!decision.ok()) return Answer(ToGrpc(decision.status()));
  response_.Clear();
  wire::ToProto(*decision, response_.mutable_decision());
  Answer(grpc::Status::OK);
}

void DescribeRulesSlot::RequestCall(
    grpc::ServerContext* context, pb::DescribeRulesRequest* request,
    grpc::ServerAsyncResponseWriter<pb::DescribeRulesResponse>* responder) {
  worker_->services()->fraud.RequestDescribeRules(context, request, responder, worker_->queue(),
                                                  worker_->queue(), tag());
}

void DescribeRulesSlot::Handle() {
  const std::shared_ptr<const ruleset::RuleSet> set = worker_->backend().rules->Load();
  WriteRules(set.get(), worker_->backend().last_refusal(), &response_);
  Answer(grpc::Status::OK);
}

void HealthCheckSlot::RequestCall(
    grpc::ServerContext* context, health_pb::HealthCheckRequest* request,
    grpc::ServerAsyncResponseWriter<health_pb::HealthCheckResponse>* responder) {
  worker_->services()->health.RequestCheck(context, request, responder, worker_->queue(),
                                           worker_->queue(), tag());
}

void HealthCheckSlot::Handle() {
  const Health::Status status =
      worker_->parts().health->StatusOf(request_.service(), std::chrono::steady_clock::now());
  if (status == health_pb::HealthCheckResponse::SERVICE_UNKNOWN) {
    return Answer(
        {grpc::StatusCode::NOT_FOUND,
         absl::StrFormat(
             "service \"%s\" is not known here; ask for \"\" or \"verdict.v1.FraudDecision\"",
             request_.service())});
  }
  response_.set_status(status);
  Answer(grpc::Status::OK);
}

}  // namespace verdict::grpc_api
