// The service as a client sees it, over a real socket.
#include "grpc_api/server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <thread>

#include "gmock/gmock.h"
#include "grpc_api/fake_backend.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "verdict/v1/fraud_decision.grpc.pb.h"

namespace verdict::grpc_api {
namespace {

namespace pb = ::verdict::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.address = "127.0.0.1:0";
    StartServer();
  }
  void TearDown() override {
    fake_.Hold(false);
    fake_.Release();
  }

  void StartServer() { StartServer(fake_.backend()); }
  void StartServer(Backend backend) {
    server_.reset();
    auto started = Server::Start(options_, std::move(backend));
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    channel_ = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                         grpc::InsecureChannelCredentials(), arguments);
    stub_ = pb::FraudDecision::NewStub(channel_);
  }

  static pb::Transaction Payment(const std::string& id, int64_t amount_minor = 100) {
    pb::Transaction txn;
    txn.set_id(id);
    txn.set_event_time_ms(FakeBackend::kNowMs);
    txn.set_amount_minor(amount_minor);
    txn.set_currency("EUR");
    txn.set_merchant_id("m1");
    return txn;
  }
  static pb::ScoreRequest ScoreOf(const std::string& id, int64_t amount_minor = 100) {
    pb::ScoreRequest request;
    *request.mutable_transaction() = Payment(id, amount_minor);
    return request;
  }
  grpc::Status Score(const pb::ScoreRequest& request, pb::ScoreResponse* response,
                     grpc::ClientContext* context = nullptr) {
    grpc::ClientContext own;
    return stub_->Score(context != nullptr ? context : &own, request, response);
  }

  // Score calls that ended with `code`.
  static uint64_t Refused(const std::string& code) {
    return base::Metrics().CounterValue("verdict_score_requests_total",
                                        {{"code", code}, {"decision", ""}, {"provenance", ""}});
  }

  ServerOptions options_;
  FakeBackend fake_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::FraudDecision::Stub> stub_;
};

TEST_F(ServerTest, ScoreAnswersWithEverythingTheDecisionSays) {
  pb::ScoreResponse response;
  ASSERT_TRUE(Score(ScoreOf("t1", 20000), &response).ok());
  EXPECT_EQ(response.transaction_id(), "t1");
  EXPECT_EQ(response.decision(), pb::OUTCOME_DENY);
  EXPECT_EQ(response.score(), 100);
  EXPECT_THAT(response.reasons(), ElementsAre("amount"));
  EXPECT_THAT(response.rule_ids(), ElementsAre("big-amount"));
  EXPECT_EQ(response.rule_set(), "0123456789ab");
  EXPECT_EQ(response.provenance(), pb::PROVENANCE_PARTIAL);
  EXPECT_THAT(response.partial_reasons(), ElementsAre("batch", "fx"));
  EXPECT_FALSE(response.replayed());
}

TEST_F(ServerTest, AReusedSlotKeepsNothingOfTheCallBefore) {
  for (int i = 0; i < 3 * options_.posted_calls * options_.threads; ++i) {
    pb::ScoreResponse response;
    const bool deny = i % 2 == 0;
    ASSERT_TRUE(
        Score(ScoreOf(i % 3 == 0 ? "again" : "t" + std::to_string(i), deny ? 20000 : 1), &response)
            .ok());
    ASSERT_EQ(response.decision(), deny ? pb::OUTCOME_DENY : pb::OUTCOME_ALLOW);
    ASSERT_EQ(response.rule_ids_size(), deny ? 1 : 0);
    ASSERT_EQ(response.replayed(), i % 3 == 0);
  }
}

TEST_F(ServerTest, ADecisionThatWaitsIsAnsweredFromAnotherThread) {
  fake_.Hold(true);
  pb::ScoreResponse response;
  grpc::Status status;
  std::thread client([&] { status = Score(ScoreOf("parked"), &response); });
  fake_.AwaitHeld(1);
  fake_.Release();
  client.join();
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(response.transaction_id(), "parked");
}

TEST_F(ServerTest, ErrorsOfTheDecisionKeepTheirCodeAndMessage) {
  pb::ScoreResponse response;
  const grpc::Status status = Score(ScoreOf("conflict"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(status.error_message(), "id: another payment has it");
}

TEST_F(ServerTest, ARequestOverTheLimitIsRefusedWithItsSize) {
  pb::ScoreRequest request = ScoreOf("big");
  request.mutable_transaction()->set_channel(std::string(kScoreBytesMax, 'x'));
  pb::ScoreResponse response;
  const grpc::Status status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("at most 65536 are taken"));
}

TEST_F(ServerTest, BytesThatAreNoRequestAreRefused) {
  const std::string rubbish = "\x0a\xff\xff\xff\xff\x0f rubbish";
  grpc::Slice slice(rubbish);
  grpc::ByteBuffer request(&slice, 1);
  grpc::ByteBuffer response;
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel_);
  const auto call =
      stub.PrepareUnaryCall(&context, "/verdict.v1.FraudDecision/Score", request, &queue);
  call->StartCall();
  grpc::Status status;
  call->Finish(&response, &status, &queue);
  void* tag = nullptr;
  bool ok = false;
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("not a verdict.v1.ScoreRequest"));
}

TEST_F(ServerTest, WhatNeverReachesTheDeciderIsCounted) {
  const uint64_t before = Refused("INVALID_ARGUMENT");
  pb::ScoreRequest big = ScoreOf("big");
  big.mutable_transaction()->set_channel(std::string(kScoreBytesMax, 'x'));
  pb::ScoreResponse response;
  EXPECT_FALSE(Score(big, &response).ok());
  EXPECT_EQ(Refused("INVALID_ARGUMENT"), before + 1);
  pb::ScoreBatchRequest batch;
  *batch.add_requests() = ScoreOf("t");
  (*batch.add_requests()->mutable_transaction()->mutable_attributes())["no.value"];
  pb::ScoreBatchResponse results;
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->ScoreBatch(&context, batch, &results).ok());
  EXPECT_EQ(Refused("INVALID_ARGUMENT"), before + 2);
  for (int i = 0; i < kBatchMax; ++i) *batch.add_requests() = ScoreOf("t");
  grpc::ClientContext another;
  EXPECT_FALSE(stub_->ScoreBatch(&another, batch, &results).ok());
  EXPECT_EQ(Refused("INVALID_ARGUMENT"), before + 2 + 2 + kBatchMax);
}

TEST_F(ServerTest, AnAttributeWithoutAValueIsRefusedByName) {
  pb::ScoreRequest request = ScoreOf("t");
  (*request.mutable_transaction()->mutable_attributes())["card.bin"];
  pb::ScoreResponse response;
  const grpc::Status status = Score(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("card.bin"));
}

TEST_F(ServerTest, TheClientsDeadlineReachesTheDecision) {
  pb::ScoreResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
  ASSERT_TRUE(Score(ScoreOf("t"), &response, &context).ok());
  const auto left = fake_.last_deadline() - std::chrono::steady_clock::now();
  EXPECT_LE(left, std::chrono::seconds(31));
  EXPECT_GT(left, std::chrono::seconds(10));
  ASSERT_TRUE(Score(ScoreOf("t"), &response).ok());
  EXPECT_EQ(fake_.last_deadline(), std::chrono::steady_clock::time_point::max())
      << "no deadline was set";
}

TEST_F(ServerTest, AClientThatGaveUpLeavesTheServerWhole) {
  fake_.Hold(true);
  pb::ScoreResponse response;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(30));
  EXPECT_EQ(Score(ScoreOf("late"), &response, &context).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  fake_.AwaitHeld(1);
  fake_.Hold(false);
  fake_.Release();
  EXPECT_TRUE(Score(ScoreOf("next"), &response).ok());
}

TEST_F(ServerTest, CallsBeyondTheInFlightCapAreShedAndToldNotToRetry) {
  options_.threads = 1;
  options_.in_flight_max = 2;
  StartServer();
  fake_.Hold(true);
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([this, i] {
      pb::ScoreResponse response;
      EXPECT_TRUE(Score(ScoreOf("held" + std::to_string(i)), &response).ok());
    });
  }
  fake_.AwaitHeld(2);
  const uint64_t shed_before =
      base::Metrics().CounterValue("verdict_score_shed_total", {{"reason", "inflight"}});
  pb::ScoreResponse response;
  grpc::ClientContext context;
  const grpc::Status status = Score(ScoreOf("one too many"), &response, &context);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "overloaded, do not retry");
  const auto pushback = context.GetServerTrailingMetadata().find("grpc-retry-pushback-ms");
  ASSERT_NE(pushback, context.GetServerTrailingMetadata().end());
  EXPECT_EQ(std::string(pushback->second.data(), pushback->second.size()), "-1");
  EXPECT_EQ(base::Metrics().CounterValue("verdict_score_shed_total", {{"reason", "inflight"}}),
            shed_before + 1);
  fake_.Hold(false);
  fake_.Release();
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(Score(ScoreOf("room again"), &response).ok());
}

TEST_F(ServerTest, ABatchHasOneResultARequestInOrder) {
  pb::ScoreBatchRequest request;
  *request.add_requests() = ScoreOf("a", 1);
  *request.add_requests() = ScoreOf("conflict");
  (*request.add_requests()->mutable_transaction()->mutable_attributes())["no.value"];
  *request.add_requests() = ScoreOf("b", 20000);
  pb::ScoreBatchResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->ScoreBatch(&context, request, &response).ok());
  ASSERT_EQ(response.results_size(), 4);
  EXPECT_EQ(response.results(0).response().transaction_id(), "a");
  EXPECT_EQ(response.results(1).error().code(), 6);
  EXPECT_EQ(response.results(2).error().code(), 3);
  EXPECT_EQ(response.results(3).response().decision(), pb::OUTCOME_DENY);
}

TEST_F(ServerTest, ABatchGoesOnAfterADecisionThatWaited) {
  fake_.Hold(true);
  pb::ScoreBatchRequest request;
  for (int i = 0; i < 3; ++i) *request.add_requests() = ScoreOf("t" + std::to_string(i));
  pb::ScoreBatchResponse response;
  std::thread client([&] {
    grpc::ClientContext context;
    EXPECT_TRUE(stub_->ScoreBatch(&context, request, &response).ok());
  });
  for (int i = 0; i < 3; ++i) {
    fake_.AwaitHeld(1);
    EXPECT_EQ(fake_.held(), 1u) << "one after the other";
    fake_.Release();
  }
  client.join();
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(2).response().transaction_id(), "t2");
}

TEST_F(ServerTest, ABatchOfTooManyIsRefused) {
  pb::ScoreBatchRequest request;
  for (int i = 0; i <= kBatchMax; ++i) *request.add_requests() = ScoreOf("t" + std::to_string(i));
  pb::ScoreBatchResponse response;
  grpc::ClientContext context;
  const grpc::Status status = stub_->ScoreBatch(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("129 payments; at most 128"));
}

TEST_F(ServerTest, AnEmptyBatchHasAnEmptyAnswer) {
  pb::ScoreBatchResponse response;
  grpc::ClientContext context;
  EXPECT_TRUE(stub_->ScoreBatch(&context, pb::ScoreBatchRequest(), &response).ok());
  EXPECT_EQ(response.results_size(), 0);
}

TEST_F(ServerTest, ExplainShowsTheDecisionAndEachRule) {
  pb::ExplainRequest request;
  *request.mutable_transaction() = Payment("t");
  pb::ExplainResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->Explain(&context, request, &response).ok());
  EXPECT_EQ(response.decision().transaction_id(), "t");
  ASSERT_EQ(response.rules_size(), 1);
  EXPECT_EQ(response.rules(0).rule_id(), "big-amount");
  EXPECT_EQ(response.rules(0).mode(), "live");
  EXPECT_EQ(response.rules(0).result(), "no_match");
  EXPECT_EQ(response.rules(0).clauses(0).expression(), "txn.amount > 100.0");
  EXPECT_EQ(response.rules(0).clauses(0).result(), "false");
  ASSERT_EQ(response.features_size(), 2);
  ASSERT_EQ(response.features(0).parts_size(), 2) << "its parts add up to the value";
  EXPECT_EQ(response.features(0).parts(0).source(), "live");
  EXPECT_EQ(response.features(0).parts(0).count(), 2);
  EXPECT_EQ(response.features(0).parts(1).source(), "current");
  EXPECT_EQ(response.features(0).parts(1).day(), "2024-10-05");
  EXPECT_EQ(response.features(0).hash().size(), 16);
  EXPECT_EQ(response.features(0).cut(), 20'000);
  EXPECT_EQ(response.features(0).rev(), 3);
  EXPECT_EQ(response.features(0).mode(), "CUT");
  EXPECT_THAT(response.as_of().next_offsets(), ElementsAre(7, 0, 9));
  EXPECT_EQ(response.as_of().lag_ms(), 12);
  EXPECT_NE(response.as_of().digest(), 0);
  EXPECT_EQ(response.features(0).parts(0).until_ms(), 0);
  ASSERT_EQ(response.features(1).parts_size(), 1);
  EXPECT_EQ(response.features(1).parts(0).day(), "") << "a window that slides has no days";
  EXPECT_EQ(response.features(1).parts(0).after_ms(), 1'000);
  EXPECT_EQ(response.features(1).parts(0).until_ms(), 3'601'000);
}

TEST_F(ServerTest, GetDecisionFindsOrSaysNotFound) {
  const auto get = [&](const std::string& id, pb::GetDecisionResponse* response) {
    pb::GetDecisionRequest request;
    request.set_transaction_id(id);
    grpc::ClientContext context;
    return stub_->GetDecision(&context, request, response).error_code();
  };
  pb::GetDecisionResponse response;
  EXPECT_EQ(get("kept", &response), grpc::StatusCode::OK);
  EXPECT_EQ(response.decision().outcome(), pb::OUTCOME_DENY);
  EXPECT_EQ(get("never seen", &response), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(get("", &response), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(ServerTest, DescribeRulesNamesTheSetItsRulesAndTheLastRefusal) {
  pb::DescribeRulesResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(stub_->DescribeRules(&context, pb::DescribeRulesRequest(), &response).ok());
  EXPECT_EQ(response.rule_set(), "0123456789ab");
  ASSERT_EQ(response.rules_size(), 1);
  EXPECT_EQ(response.rules(0).action(), "deny");
  EXPECT_THAT(response.last_refusal(), ElementsAre("rules/a.json:1:1: error R001"));
}

class RecordTest : public ServerTest {
 protected:
  static pb::TransactionEvent EventOf(pb::EventKind kind, const std::string& id) {
    pb::TransactionEvent event;
    event.set_kind(kind);
    *event.mutable_transaction() = Payment(id);
    return event;
  }
  grpc::Status Record(const pb::RecordRequest& request, pb::RecordResponse* response) {
    grpc::ClientContext context;
    return stub_->Record(&context, request, response);
  }
};

TEST_F(RecordTest, EachEventHasItsOwnResult) {
  pb::RecordRequest request;
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "p1");
  *request.add_events() = EventOf(pb::EVENT_KIND_UNSPECIFIED, "p2");
  *request.add_events() = EventOf(pb::EVENT_KIND_REFUND, "p3");
  request.mutable_events(2)->mutable_transaction()->set_card_id("4111111111111111");
  *request.add_events() = EventOf(pb::EVENT_KIND_REVERSAL, "p4");
  request.mutable_events(3)->set_sequence(2);
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "p5");
  request.mutable_events(4)->set_sequence(1);
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "");
  pb::RecordResponse response;
  ASSERT_TRUE(Record(request, &response).ok());
  ASSERT_EQ(response.results_size(), 6);
  EXPECT_EQ(response.results(0).code(), 0) << response.results(0).message();
  EXPECT_EQ(response.results(1).code(), 3);
  EXPECT_EQ(response.results(2).code(), 3) << "a card number";
  EXPECT_THAT(response.results(2).message(), HasSubstr("events[2]"));
  EXPECT_THAT(response.results(2).message(), HasSubstr("card_id"));
  EXPECT_EQ(response.results(3).code(), 0) << response.results(3).message();
  EXPECT_EQ(response.results(4).code(), 3) << "a payment with a sequence";
  EXPECT_EQ(response.results(5).code(), 3) << "no id";
  EXPECT_EQ(response.appended(), 2);
  ASSERT_EQ(fake_.events().size(), 2u);
  EXPECT_EQ(fake_.events()[1].sequence, 2u);
}

TEST_F(RecordTest, UnderAnEventClockTooNoEventIsAheadOfTheRealTime) {
  base::EventClock clock;
  Backend backend = fake_.backend();
  backend.clock = &clock;
  StartServer(std::move(backend));
  pb::RecordRequest request;
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "years ago");
  request.mutable_events(0)->mutable_transaction()->set_event_time_ms(1000);
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "the last time there is");
  request.mutable_events(1)->mutable_transaction()->set_event_time_ms(INT64_MAX);
  pb::RecordResponse response;
  ASSERT_TRUE(Record(request, &response).ok());
  EXPECT_EQ(response.results(0).code(), 0) << response.results(0).message();
  EXPECT_EQ(response.results(1).code(), 3);
  EXPECT_THAT(response.results(1).message(), HasSubstr("ahead of the service's clock"));
  server_.reset();
}

TEST_F(RecordTest, WhatTheLogRefusesIsSaid) {
  fake_.RefuseEvents(absl::ResourceExhaustedError("the log's queue is full"));
  pb::RecordRequest request;
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "p1");
  pb::RecordResponse response;
  ASSERT_TRUE(Record(request, &response).ok());
  EXPECT_EQ(response.results(0).code(), 8);
  EXPECT_EQ(response.appended(), 0);
}

TEST_F(RecordTest, TooManyEventsAreRefusedAtOnce) {
  pb::RecordRequest request;
  for (int i = 0; i <= kRecordMax; ++i)
    *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "p");
  pb::RecordResponse response;
  const grpc::Status status = Record(request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(fake_.events().empty());
}

TEST_F(RecordTest, WithoutARuleSetItIsUnavailable) {
  fake_.ForgetRules();
  pb::RecordRequest request;
  *request.add_events() = EventOf(pb::EVENT_KIND_PAYMENT, "p1");
  pb::RecordResponse response;
  EXPECT_EQ(Record(request, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, APortInUseIsOneClearLine) {
  ServerOptions options;
  options.address = "127.0.0.1:" + std::to_string(server_->port());
  const absl::Status status = Server::Start(options, fake_.backend()).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(status.message(), "cannot listen on " + options.address + ": Address already in use");
}

TEST_F(ServerTest, AHostThatIsNoneIsOneClearLine) {
  ServerOptions options;
  options.address = "no.such.host.invalid:1";
  EXPECT_THAT(Server::Start(options, fake_.backend()).status(),
              StatusIs(absl::StatusCode::kUnavailable,
                       HasSubstr("cannot listen on no.such.host.invalid:1: ")));
}

TEST_F(ServerTest, CertificatesThatCannotBeReadAreNamed) {
  ServerOptions options;
  options.address = "127.0.0.1:0";
  options.tls = {"/no/such/cert.pem", "/dev/null", ""};
  EXPECT_THAT(Server::Start(options, fake_.backend()).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("tls.cert: cannot read /no/such/cert.pem")));
  options.tls = {"/dev/null", "/dev/null", ""};
  EXPECT_THAT(Server::Start(options, fake_.backend()).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("holds no PEM block")));
}

TEST_F(ServerTest, ShutdownWaitsForCallsUnderWay) {
  fake_.Hold(true);
  pb::ScoreResponse response;
  grpc::Status status;
  std::thread client([&] { status = Score(ScoreOf("last"), &response); });
  fake_.AwaitHeld(1);
  std::thread stop([&] { server_->Shutdown(std::chrono::seconds(30)); });
  fake_.Release();
  stop.join();
  client.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.transaction_id(), "last");
}

TEST_F(ServerTest, ShutdownCutsOffCallsPastTheGraceAndWaitsForTheirEnd) {
  fake_.Hold(true);
  pb::ScoreResponse response;
  grpc::Status status;
  std::thread client([&] { status = Score(ScoreOf("too slow"), &response); });
  fake_.AwaitHeld(1);
  std::thread stop([&] { server_->Shutdown(std::chrono::milliseconds(0)); });
  client.join();
  EXPECT_FALSE(status.ok());
  fake_.Release();
  stop.join();
}

}  // namespace
}  // namespace verdict::grpc_api
