// Why an address cannot be listened on, in words; gRPC itself only says that it could not.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace verdict::grpc_api {

// Binds and lets go. Errors: Unavailable "cannot listen on 127.0.0.1:50051: Address already in
// use".
absl::Status CheckCanListen(const std::string& address);

}  // namespace verdict::grpc_api
