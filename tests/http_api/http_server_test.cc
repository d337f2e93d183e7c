// The HTTP port, asked over a real socket.
#include "http_api/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "base/metrics.h"
#include "http_api/exposition.h"
#include "http_api/process_metrics.h"
#include "support/status_matchers.h"

namespace verdict::http_api {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

std::string Ask(int port, const std::string& method, const std::string& path) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    return "no connection";
  const std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, n);
  close(fd);
  return answer;
}

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server =
        HttpServer::Start({.address = "127.0.0.1:0", .readiness = [this] { return readiness_; }});
    ASSERT_THAT(server, IsOk());
    server_ = *std::move(server);
  }
  std::string Get(const std::string& path) { return Ask(server_->port(), "GET", path); }
  Readiness readiness_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ShowsCountersGaugesAndHistogramsInTextFormat) {
  base::Metrics().AddCounter("verdict_test_total", "For the test.", {{"kind", "a\"b"}}).Add(3);
  base::Metrics().AddGauge("verdict_test_level", "A level.", {}, [] { return 1.5; });
  const auto histogram = base::Metrics().AddHistogram("verdict_test_seconds", "Times.", {0.1, 1});
  histogram.Observe(0.05);
  histogram.Observe(0.5);
  histogram.Observe(7);
  const std::string page = Get("/metrics");
  EXPECT_THAT(page, AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("text/plain; version=0.0.4")));
  EXPECT_THAT(page, HasSubstr("verdict_test_total{kind=\"a\\\"b\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE verdict_test_level gauge\nverdict_test_level 1.5\n"));
  EXPECT_THAT(page, HasSubstr("verdict_test_seconds_bucket{le=\"0.1\"} 1\n"));
  EXPECT_THAT(page, HasSubstr("verdict_test_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(page, HasSubstr("verdict_test_seconds_bucket{le=\"+Inf\"} 3\n"));
  EXPECT_THAT(page, HasSubstr("verdict_test_seconds_count 3\n"));
}

TEST_F(HttpServerTest, SaysWhatTheProcessTakes) {
  RegisterProcessMetrics("1.2.3");
  const std::string page = Get("/metrics");
  for (const char* name : {"process_cpu_seconds_total ", "process_resident_memory_bytes ",
                           "process_open_fds ", "process_threads ", "verdict_build_info{"}) {
    EXPECT_THAT(page, HasSubstr(std::string("\n") + name));
  }
  EXPECT_THAT(page, HasSubstr("version=\"1.2.3\""));
  EXPECT_THAT(page, Not(HasSubstr("process_resident_memory_bytes 0\n")));
}

TEST_F(HttpServerTest, LivesBeforeItIsReady) {
  readiness_ = {.ready = false, .reason = "catching \"up\""};
  EXPECT_THAT(Get("/healthz"), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(Get("/readyz"),
              AllOf(StartsWith("HTTP/1.1 503"),
                    HasSubstr("{\"ready\":false,\"reason\":\"catching \\\"up\\\"\"}")));
  readiness_ = {.ready = true, .reason = ""};
  EXPECT_THAT(Get("/readyz"), AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("{\"ready\":true}")));
}

TEST_F(HttpServerTest, RefusesOtherPathsAndMethods) {
  EXPECT_THAT(Get("/secret"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get("/metrics/../../etc/passwd"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Get("/metrics/more"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(Ask(server_->port(), "POST", "/metrics"), StartsWith("HTTP/1.1 405"));
}

TEST_F(HttpServerTest, HeadSendsNoBody) {
  const std::string answer = Ask(server_->port(), "HEAD", "/healthz");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK"), Not(HasSubstr("alive"))));
}

TEST_F(HttpServerTest, NamesAPortInUseAndAnAddressThatIsNone) {
  const std::string taken = "127.0.0.1:" + std::to_string(server_->port());
  EXPECT_THAT(
      HttpServer::Start({.address = taken}),
      StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr(taken), HasSubstr("--http"))));
  for (const char* address : {"9464x", "127.0.0.1:", "127.0.0.1:99999", "host:port"}) {
    EXPECT_THAT(HttpServer::Start({.address = address}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(address)));
  }
}

}  // namespace
}  // namespace verdict::http_api
