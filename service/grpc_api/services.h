// The generated services, as our calls request them.
#pragma once

#include "grpc/health/v1/health.grpc.pb.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"
#include "verdict/v1/rule_admin.grpc.pb.h"

namespace verdict::grpc_api {

namespace pb = ::verdict::v1;
namespace health_pb = ::grpc::health::v1;

// Score comes as raw bytes: it is parsed into one message a thread, which stays warm in the cache,
// and its size is known before it is parsed.
using ScoreService = pb::FraudDecision::WithRawMethod_Score<
    pb::FraudDecision::WithAsyncMethod_ScoreBatch<pb::FraudDecision::WithAsyncMethod_Explain<
        pb::FraudDecision::WithAsyncMethod_GetDecision<pb::FraudDecision::WithAsyncMethod_Record<
            pb::FraudDecision::WithAsyncMethod_DescribeRules<pb::FraudDecision::Service>>>>>>;

struct Services {
  ScoreService fraud;
  pb::RuleAdmin::AsyncService rules;
  health_pb::Health::AsyncService health;
};

}  // namespace verdict::grpc_api
