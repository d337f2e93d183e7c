// /metrics, /healthz and /readyz over HTTP.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace verdict::http_api {

// Ready, or why not: the reason goes into the body of /readyz.
struct Readiness {
  bool ready = false;
  std::string
      reason;  // "catching up", "draining", "the log does not take events"; empty when ready
};

struct HttpOptions {
  std::string address = "127.0.0.1:9464";  // host:port; port 0 takes a free one
  int threads = 2;
  int request_timeout_ms = 5000;
  std::function<Readiness()> readiness = {};  // called from the server's threads
};

// Thread-safe. Serves until destroyed:
//   /metrics  200, text format 0.0.4
//   /healthz  200 while the process lives
//   /readyz   200 {"ready":true} or 503 {"ready":false,"reason":"..."}
// Other paths are 404, other methods than GET and HEAD 405.
class HttpServer {
 public:
  // Errors: InvalidArgument for an address that is none; Unavailable where it cannot be bound.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(HttpOptions options);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  int port() const;

 private:
  class Handlers;
  HttpServer();
  std::unique_ptr<Handlers> handlers_;
};

}  // namespace verdict::http_api
