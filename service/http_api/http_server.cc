#include "http_api/http_server.h"

#include <CivetServer.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/metrics.h"
#include "http_api/exposition.h"

namespace verdict::http_api {
namespace {

constexpr char kTextFormat[] = "text/plain; version=0.0.4; charset=utf-8";
constexpr char kJson[] = "application/json";

struct Page {
  int status = 200;
  const char* reason = "OK";
  const char* type = kJson;
  std::string body;
};

// Serves one path: GET and HEAD; everything else is 405.
class PageHandler : public CivetHandler {
 public:
  PageHandler(std::string path, std::function<Page()> make)
      : path_(std::move(path)), make_(std::move(make)) {}
  bool handleGet(CivetServer*, mg_connection* connection) override {
    return Send(connection, /*body=*/true);
  }
  bool handleHead(CivetServer*, mg_connection* connection) override {
    return Send(connection, /*body=*/false);
  }
  bool handlePost(CivetServer*, mg_connection* c) override { return Refuse(c); }
  bool handlePut(CivetServer*, mg_connection* c) override { return Refuse(c); }
  bool handleDelete(CivetServer*, mg_connection* c) override { return Refuse(c); }

 private:
  static bool Refuse(mg_connection* connection) {
    mg_send_http_error(connection, 405, "%s", "only GET and HEAD are served here\n");
    return true;
  }
  bool Send(mg_connection* connection, bool body) {
    // civetweb also asks this handler for /metrics/anything.
    if (path_ != mg_get_request_info(connection)->local_uri) {
      mg_send_http_error(connection, 404, "%s",
                         "not found: /metrics, /healthz and /readyz are served\n");
      return true;
    }
    const Page page = make_();
    mg_printf(connection,
              "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: "
              "no-store\r\nConnection: close\r\n\r\n",
              page.status, page.reason, page.type, page.body.size());
    if (body) mg_write(connection, page.body.data(), page.body.size());
    return true;
  }
  std::string path_;
  std::function<Page()> make_;
};

Page ReadyPage(const Readiness& readiness) {
  if (readiness.ready) return {.body = "{\"ready\":true}\n"};
  std::string escaped;
  for (const char c : readiness.reason) {
    if (c == '"' || c == '\\') escaped.push_back('\\');
    escaped.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  }
  return {.status = 503,
          .reason = "Service Unavailable",
          .body = "{\"ready\":false,\"reason\":\"" + escaped + "\"}\n"};
}

}  // namespace

class HttpServer::Handlers {
 public:
  explicit Handlers(const HttpOptions& options)
      : readiness_(options.readiness),
        metrics_("/metrics",
                 [] {
                   return Page{.type = kTextFormat, .body = MetricsPage(base::Metrics().Collect())};
                 }),
        health_("/healthz", [] { return Page{.body = "{\"alive\":true}\n"}; }),
        ready_("/readyz", [this] { return ReadyPage(readiness_()); }),
        server_(std::vector<std::string>{
            "listening_ports", options.address, "num_threads", std::to_string(options.threads),
            "request_timeout_ms", std::to_string(options.request_timeout_ms), "linger_timeout_ms",
            "0", "max_request_size", "8192", "enable_directory_listing", "no"}) {
    server_.addHandler("/metrics", metrics_);
    server_.addHandler("/healthz", health_);
    server_.addHandler("/readyz", ready_);
  }
  int port() {
    const std::vector<int> ports = server_.getListeningPorts();
    return ports.empty() ? 0 : ports.front();
  }

 private:
  std::function<Readiness()> readiness_;
  PageHandler metrics_;
  PageHandler health_;
  PageHandler ready_;
  CivetServer server_;  // last: it stops before the handlers go
};

HttpServer::HttpServer() = default;
HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(HttpOptions options) {
  const size_t colon = options.address.rfind(':');
  const std::string port = colon == std::string::npos ? "" : options.address.substr(colon + 1);
  if (port.empty() || port.size() > 5 ||
      port.find_first_not_of("0123456789") != std::string::npos || std::stoi(port) > 65535) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "http address \"%s\" is not HOST:PORT; write for example 127.0.0.1:9464", options.address));
  }
  std::unique_ptr<HttpServer> server(new HttpServer());
  try {
    server->handlers_ = std::make_unique<Handlers>(options);
  } catch (const CivetException& error) {
    return absl::UnavailableError(absl::StrFormat(
        "cannot serve HTTP on %s: %s (is the port in use? choose another with --http)",
        options.address, error.what()));
  }
  return server;
}

int HttpServer::port() const { return handlers_->port(); }

}  // namespace verdict::http_api
