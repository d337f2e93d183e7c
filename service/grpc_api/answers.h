// Finished calls as the contract's messages, and requests as calls.
#pragma once

#include "absl/status/status.h"
#include "decide/decider.h"
#include "verdict/v1/fraud_decision.pb.h"

namespace verdict::grpc_api {

// Fills `call`'s inputs but for the deadline. Errors: InvalidArgument naming the field.
absl::Status ReadRequest(const v1::ScoreRequest& request, decide::ScoreCall* call);

// REQUIRES: call.status is OK. `out` is overwritten.
void WriteScore(const decide::ScoreCall& call, v1::ScoreResponse* out);
// REQUIRES: a dry run.
void WriteExplain(const decide::ScoreCall& call, v1::ExplainResponse* out);
// The live set (null: none yet), its rules with how often they ended how, and the last refusal.
void WriteRules(const ruleset::RuleSet* set, const std::vector<std::string>& last_refusal,
                v1::DescribeRulesResponse* out);
// A status as data.
void WriteError(const absl::Status& status, v1::Error* out);

// A gRPC deadline as the decider wants it.
std::chrono::steady_clock::time_point SteadyDeadline(
    std::chrono::system_clock::time_point deadline);

}  // namespace verdict::grpc_api
