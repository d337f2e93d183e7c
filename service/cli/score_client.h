// A connection to verdictd, one call at a time.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::cli {

// Thread-compatible.
class ScoreClient {
 public:
  ScoreClient(const std::string& address, std::chrono::milliseconds timeout);
  // Waits for the connection, at most `timeout`. Errors: Unavailable naming the address.
  absl::Status Connect();
  // Errors of both: the service's code, "NAME: message".
  absl::StatusOr<v1::ScoreResponse> Score(const v1::ScoreRequest& request);
  absl::StatusOr<v1::ExplainResponse> Explain(const v1::ExplainRequest& request);

 private:
  std::string address_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::FraudDecision::Stub> stub_;
};

// "NOT_FOUND: message", under the same code.
absl::Status FromGrpc(const grpc::Status& status);
std::string_view ShortName(v1::Outcome outcome);        // "ALLOW"
std::string_view ShortName(v1::Provenance provenance);  // "FULL"
// The exact integer where there is one, else the double with all its digits, else empty.
std::string ExactText(const v1::FeatureValue& feature);

}  // namespace verdict::cli
