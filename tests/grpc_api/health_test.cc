// Health as probes see it.
#include "grpc_api/health.h"

#include <grpcpp/grpcpp.h>

#include "gmock/gmock.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpc_api/fake_backend.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"

namespace verdict::grpc_api {
namespace {

namespace health_pb = ::grpc::health::v1;
using Response = health_pb::HealthCheckResponse;
using ::verdict::testing::IsOk;

class HealthServiceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.address = "127.0.0.1:0";
    auto started = Server::Start(options, fake_.backend());
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
    stub_ = health_pb::Health::NewStub(channel_);
  }
  Response::ServingStatus Check(const std::string& service = "") {
    health_pb::HealthCheckRequest request;
    request.set_service(service);
    Response response;
    grpc::ClientContext context;
    const grpc::Status status = stub_->Check(&context, request, &response);
    return status.error_code() == grpc::StatusCode::NOT_FOUND ? Response::SERVICE_UNKNOWN
                                                              : response.status();
  }

  FakeBackend fake_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<health_pb::Health::Stub> stub_;
};

TEST_F(HealthServiceTest, SaysNotServingUntilToldAndAfterTheDrainBegins) {
  EXPECT_EQ(Check(), Response::NOT_SERVING);
  server_->SetServing(true);
  EXPECT_EQ(Check(), Response::SERVING);
  EXPECT_EQ(Check("verdict.v1.FraudDecision"), Response::SERVING);
  server_->BeginDrain();
  EXPECT_EQ(Check(), Response::NOT_SERVING);
  server_->SetServing(true);
  EXPECT_EQ(Check(), Response::NOT_SERVING) << "a drain is not taken back";
}

TEST_F(HealthServiceTest, AnUnknownServiceIsNotFound) {
  EXPECT_EQ(Check("other.Service"), Response::SERVICE_UNKNOWN);
}

TEST_F(HealthServiceTest, AWatchHearsOfEveryChangeAndEndsWithTheServer) {
  grpc::ClientContext context;
  auto stream = stub_->Watch(&context, health_pb::HealthCheckRequest());
  Response response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), Response::NOT_SERVING);
  server_->SetServing(true);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), Response::SERVING);
  server_->BeginDrain();
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), Response::NOT_SERVING);
  server_->Shutdown(std::chrono::seconds(30));  // does not wait for a client to hang up
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(HealthServiceTest, AWatcherThatLeavesFreesItsPlace) {
  for (int i = 0; i < 40; ++i) {  // more than are posted
    grpc::ClientContext context;
    auto stream = stub_->Watch(&context, health_pb::HealthCheckRequest());
    Response response;
    ASSERT_TRUE(stream->Read(&response));
    context.TryCancel();
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
}

TEST_F(HealthServiceTest, AWatchOfAnUnknownServiceSaysSo) {
  health_pb::HealthCheckRequest request;
  request.set_service("other.Service");
  grpc::ClientContext context;
  auto stream = stub_->Watch(&context, request);
  Response response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), Response::SERVICE_UNKNOWN);
  context.TryCancel();
  stream->Finish();
}

TEST(Health, AQueueThatStopsBeatingIsNotServing) {
  Health health(2);
  health.SetServing(true);
  const Health::Time start = Health::Time() + std::chrono::hours(1);
  health.Beat(0, start);
  health.Beat(1, start);
  EXPECT_EQ(health.StatusOf("", start), Response::SERVING);
  const Health::Time later = start + Health::kStuckAfter + std::chrono::milliseconds(1);
  health.Beat(0, later);
  EXPECT_EQ(health.StatusOf("", later), Response::NOT_SERVING) << "queue 1 is stuck";
  health.Beat(1, later);
  EXPECT_EQ(health.StatusOf("", later), Response::SERVING);
}

}  // namespace
}  // namespace verdict::grpc_api
