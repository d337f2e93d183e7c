#include "cli/score_client.h"

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::cli {
namespace {

// Names of gRPC codes as its documents write them.
std::string_view CodeName(grpc::StatusCode code) {
  constexpr std::string_view kNames[] = {"OK",
                                         "CANCELLED",
                                         "UNKNOWN",
                                         "INVALID_ARGUMENT",
                                         "DEADLINE_EXCEEDED",
                                         "NOT_FOUND",
                                         "ALREADY_EXISTS",
                                         "PERMISSION_DENIED",
                                         "RESOURCE_EXHAUSTED",
                                         "FAILED_PRECONDITION",
                                         "ABORTED",
                                         "OUT_OF_RANGE",
                                         "UNIMPLEMENTED",
                                         "INTERNAL",
                                         "UNAVAILABLE",
                                         "DATA_LOSS",
                                         "UNAUTHENTICATED"};
  const auto index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

// "OUTCOME_ALLOW" -> "ALLOW".
std::string_view WithoutPrefix(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrFormat("%s: %s", CodeName(status.error_code()), status.error_message()));
}

ScoreClient::ScoreClient(const std::string& address, std::chrono::milliseconds timeout)
    : address_(address),
      timeout_(timeout),
      channel_(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
      stub_(v1::FraudDecision::NewStub(channel_)) {}

absl::Status ScoreClient::Connect() {
  if (channel_->WaitForConnected(std::chrono::system_clock::now() + timeout_))
    return absl::OkStatus();
  return absl::UnavailableError(absl::StrFormat(
      "no service answers at %s within %d ms; is verdictd running? (--addr HOST:PORT)", address_,
      timeout_.count()));
}

absl::StatusOr<v1::ScoreResponse> ScoreClient::Score(const v1::ScoreRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout_);
  v1::ScoreResponse response;
  RETURN_IF_ERROR(FromGrpc(stub_->Score(&context, request, &response)));
  return response;
}

absl::StatusOr<v1::ExplainResponse> ScoreClient::Explain(const v1::ExplainRequest& request) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout_);
  v1::ExplainResponse response;
  RETURN_IF_ERROR(FromGrpc(stub_->Explain(&context, request, &response)));
  return response;
}

std::string_view ShortName(v1::Outcome outcome) {
  return WithoutPrefix(v1::Outcome_Name(outcome), "OUTCOME_");
}

std::string_view ShortName(v1::Provenance provenance) {
  return WithoutPrefix(v1::Provenance_Name(provenance), "PROVENANCE_");
}

std::string ExactText(const v1::FeatureValue& feature) {
  if (feature.has_int_value()) return std::to_string(feature.int_value());
  if (feature.has_double_value()) return absl::StrFormat("%.17g", feature.double_value());
  return "";
}

}  // namespace verdict::cli
