// gRPC watches the files itself; new handshakes take the new ones. Replace them atomically, key and
// certificate together.
#include "grpc_api/credentials.h"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <fstream>
#include <sstream>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace verdict::grpc_api {
namespace {

constexpr unsigned kRefreshSeconds = 10;

// gRPC would accept any file and fail each handshake later.
absl::Status CheckPem(const std::string& what, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();  // of an empty file: nothing, and no fault of the file
  if (!file) {
    return absl::InvalidArgumentError(absl::StrFormat("tls.%s: cannot read %s", what, path));
  }
  if (content.str().find("-----BEGIN ") == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrFormat("tls.%s: %s holds no PEM block", what, path));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const TlsFiles& files) {
  if (files.cert.empty()) return grpc::InsecureServerCredentials();
  RETURN_IF_ERROR(CheckPem("cert", files.cert));
  RETURN_IF_ERROR(CheckPem("key", files.key));
  if (!files.client_ca.empty()) RETURN_IF_ERROR(CheckPem("client_ca", files.client_ca));
  namespace tls = grpc::experimental;
  auto provider = std::make_shared<tls::FileWatcherCertificateProvider>(
      files.key, files.cert, files.client_ca, kRefreshSeconds);
  tls::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (!files.client_ca.empty()) {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return tls::TlsServerCredentials(options);
}

}  // namespace verdict::grpc_api
