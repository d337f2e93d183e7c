// How the port is protected: TLS from files that may change while we run, or nothing.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "absl/status/statusor.h"
#include "grpc_api/server.h"

namespace verdict::grpc_api {

// Errors: InvalidArgument naming a file that cannot be read or holds no PEM block.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TlsFiles& files);

}  // namespace verdict::grpc_api
