// Statuses as gRPC sends them.
#include "grpc_api/call_slot.h"

#include <string>

namespace verdict::grpc_api {

grpc::Status Overloaded(grpc::ServerContext* context) {
  context->AddTrailingMetadata("grpc-retry-pushback-ms",
                               "-1");  // negative: do not retry (gRPC proposal A6)
  return {grpc::StatusCode::RESOURCE_EXHAUSTED, "overloaded, do not retry"};
}

grpc::Status ToGrpc(const absl::Status& status) {
  // The codes of absl::Status are those of gRPC, by number.
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace verdict::grpc_api
