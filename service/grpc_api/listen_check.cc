// The socket options are gRPC's: SO_REUSEADDR, so that a port just left is taken; not SO_REUSEPORT.
#include "grpc_api/listen_check.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_format.h"

namespace verdict::grpc_api {
namespace {

absl::Status Refused(const std::string& address, const char* why) {
  return absl::UnavailableError(absl::StrFormat("cannot listen on %s: %s", address, why));
}

absl::Status TryBind(const std::string& address, const addrinfo& at) {
  const int fd = socket(at.ai_family, at.ai_socktype | SOCK_CLOEXEC, at.ai_protocol);
  if (fd < 0) return Refused(address, std::strerror(errno));
  const int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const bool bound = bind(fd, at.ai_addr, at.ai_addrlen) == 0 && listen(fd, 1) == 0;
  const int error = errno;
  close(fd);
  return bound ? absl::OkStatus() : Refused(address, std::strerror(error));
}

}  // namespace

absl::Status CheckCanListen(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return Refused(address, "not host:port");
  std::string host = address.substr(0, colon);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), address.c_str() + colon + 1, &hints, &found);
      error != 0) {
    return Refused(address, gai_strerror(error));
  }
  const absl::Status bound = TryBind(address, *found);
  freeaddrinfo(found);
  return bound;
}

}  // namespace verdict::grpc_api
