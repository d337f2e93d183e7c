// Explain, GetDecision, DescribeRules and health Check: calls that change nothing.
#pragma once

#include "decide/decider.h"
#include "grpc_api/call_slot.h"

namespace verdict::grpc_api {

// **Thread-compatible.** Done() comes on whatever thread ends the dry run.
class ExplainSlot final : public UnarySlot<pb::ExplainRequest, pb::ExplainResponse>,
                          public decide::ScoreCall {
 public:
  using UnarySlot::UnarySlot;
  void Done() override;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::ExplainRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::ExplainResponse>* responder) override;
  void Handle() override;
  void OnOver() override { rule_set.reset(); }
};

// **Thread-compatible.**
class GetDecisionSlot final : public UnarySlot<pb::GetDecisionRequest, pb::GetDecisionResponse> {
 public:
  using UnarySlot::UnarySlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::GetDecisionRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::GetDecisionResponse>* responder) override;
  void Handle() override;
};

// **Thread-compatible.**
class DescribeRulesSlot final
    : public UnarySlot<pb::DescribeRulesRequest, pb::DescribeRulesResponse> {
 public:
  using UnarySlot::UnarySlot;

 protected:
  void RequestCall(grpc::ServerContext* context, pb::DescribeRulesRequest* request,
                   grpc::ServerAsyncResponseWriter<pb::DescribeRulesResponse>* responder) override;
  void Handle() override;
};

// **Thread-compatible.**
class HealthCheckSlot final
    : public UnarySlot<health_pb::HealthCheckRequest, health_pb::HealthCheckResponse> {
 public:
  using UnarySlot::UnarySlot;

 protected:
  void RequestCall(
      grpc::ServerContext* context, health_pb::HealthCheckRequest* request,
      grpc::ServerAsyncResponseWriter<health_pb::HealthCheckResponse>* responder) override;
  void Handle() override;
};

}  // namespace verdict::grpc_api
