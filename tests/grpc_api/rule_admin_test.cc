// RuleAdmin as a client sees it: what is asked arrives, what is answered comes back, and not
// everybody may ask.
#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <thread>

#include "gmock/gmock.h"
#include "grpc_api/admin_slots.h"
#include "grpc_api/fake_backend.h"
#include "support/status_matchers.h"
#include "verdict/v1/rule_admin.grpc.pb.h"

namespace verdict::grpc_api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

class RuleAdminTest : public ::testing::Test {
 protected:
  void Start(Admin admin, const std::string& admins = "") {
    Backend backend = fake_.backend();
    backend.admin = std::move(admin);
    ServerOptions options;
    options.address = "127.0.0.1:0";
    options.admins = admins;
    auto started = Server::Start(options, std::move(backend));
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
    stub_ = pb::RuleAdmin::NewStub(grpc::CreateChannel(
        "127.0.0.1:" + std::to_string(server_->port()), grpc::InsecureChannelCredentials()));
  }
  // Keeps what was asked, and answers `answer_` on another thread.
  void StartAnswering() {
    Start([this](AdminCall call, std::function<void(const AdminAnswer&)> done) {
      asked_ = std::move(call);
      std::thread([answer = answer_, done = std::move(done)] { done(answer); }).detach();
    });
  }
  void TearDown() override { server_.reset(); }
  grpc::Status Activate(const std::string& set, const std::string& force,
                        pb::Publication* publication) {
    grpc::ClientContext context;
    pb::ActivateRequest request;
    request.set_rule_set(set);
    request.set_force(force);
    pb::ActivateResponse response;
    grpc::Status status = stub_->Activate(&context, request, &response);
    *publication = response.publication();
    return status;
  }

  FakeBackend fake_;
  std::optional<AdminCall> asked_;
  AdminAnswer answer_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<pb::RuleAdmin::Stub> stub_;
};

TEST_F(RuleAdminTest, ListsSets) {
  ruleset::KnownSet set;
  set.hash = "aaaa";
  set.state = ruleset::SetState::kRefused;
  set.time_ms = 17;
  set.rules = 3;
  set.why = "guard: much";
  set.off = {{"ratio", "00"}};
  answer_.listing = {{set}, "aaaa"};
  StartAnswering();
  grpc::ClientContext context;
  pb::ListRuleSetsResponse response;
  ASSERT_TRUE(stub_->ListRuleSets(&context, {}, &response).ok());
  ASSERT_EQ(response.sets_size(), 1);
  const pb::RuleSetInfo& info = response.sets(0);
  EXPECT_EQ(info.hash(), "aaaa");
  EXPECT_EQ(info.state(), "refused");
  EXPECT_EQ(info.time_ms(), 17);
  EXPECT_EQ(info.rules(), 3);
  EXPECT_EQ(info.why(), "guard: much");
  EXPECT_THAT(info.off(), ElementsAre("ratio"));
  EXPECT_TRUE(info.before());
  EXPECT_EQ(asked_->kind, AdminCall::Kind::kList);
  EXPECT_THAT(asked_->caller, StartsWith("ipv4:127.0.0.1:"));
}

TEST_F(RuleAdminTest, ActivateTellsWhatTheGuardSaw) {
  answer_.result.kind = ruleset::PublishResult::Kind::kGuarded;
  answer_.result.hash = "bbbb";
  answer_.result.why = "guard: much";
  answer_.live = "aaaa";
  answer_.max_deny_shift = 1.5;
  ruleset::GuardReport& guard = answer_.result.guard.emplace();
  guard.decisions = 10;
  guard.denied_before = 1;
  guard.denied_after = 2;
  guard.from_ms = 3;
  guard.until_ms = 4;
  guard.currency = "EUR";
  guard.flips = {{model::Outcome::kAllow, model::Outcome::kDeny, 1, 500, 1, {{"r", 1}}}};
  guard.unknown = {"card.new"};
  StartAnswering();
  pb::Publication response;
  ASSERT_TRUE(Activate("bbbb", "bbbb", &response).ok());
  EXPECT_EQ(asked_->kind, AdminCall::Kind::kActivate);
  EXPECT_EQ(asked_->name, "bbbb");
  EXPECT_TRUE(asked_->forced);
  EXPECT_EQ(response.result(), "guard");
  EXPECT_EQ(response.rule_set(), "bbbb");
  EXPECT_EQ(response.live(), "aaaa");
  EXPECT_EQ(response.why(), "guard: much");
  EXPECT_EQ(response.max_deny_shift(), 1.5);
  EXPECT_EQ(response.guard().decisions(), 10u);
  EXPECT_EQ(response.guard().denied_before(), 1u);
  EXPECT_EQ(response.guard().denied_after(), 2u);
  EXPECT_EQ(response.guard().from_ms(), 3);
  EXPECT_EQ(response.guard().until_ms(), 4);
  EXPECT_EQ(response.guard().currency(), "EUR");
  EXPECT_THAT(response.guard().unknown_features(), ElementsAre("card.new"));
  ASSERT_EQ(response.guard().flips_size(), 1);
  const pb::Flip& flip = response.guard().flips(0);
  EXPECT_EQ(flip.from(), pb::OUTCOME_ALLOW);
  EXPECT_EQ(flip.to(), pb::OUTCOME_DENY);
  EXPECT_EQ(flip.decisions(), 1u);
  EXPECT_EQ(flip.amount_minor(), 500);
  EXPECT_EQ(flip.without_amount(), 1u);
  EXPECT_EQ(flip.by(0).rule_id(), "r");
  EXPECT_EQ(flip.by(0).decisions(), 1u);
}

TEST_F(RuleAdminTest, RollbackAndSwitchOffArriveAsTheyAre) {
  StartAnswering();
  {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    pb::RollbackRequest request;
    pb::RollbackResponse response;
    request.set_live("aaaa");
    ASSERT_TRUE(stub_->Rollback(&context, request, &response).ok());
    EXPECT_EQ(asked_->kind, AdminCall::Kind::kRollback);
    EXPECT_EQ(asked_->name, "aaaa");
    EXPECT_LT(asked_->deadline, std::chrono::system_clock::now() + std::chrono::seconds(61));
    EXPECT_FALSE(response.publication().has_guard());
  }
  answer_.status = absl::NotFoundError("no rule `x`");
  grpc::ClientContext context;
  pb::SwitchOffRequest request;
  pb::SwitchOffResponse response;
  request.set_rule_id("x");
  const grpc::Status status = stub_->SwitchOff(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no rule `x`");
  EXPECT_EQ(asked_->kind, AdminCall::Kind::kSwitchOff);
  EXPECT_EQ(asked_->name, "x");
}

TEST_F(RuleAdminTest, WhatSaysNothingIsRefusedBeforeAnybodyIsAsked) {
  StartAnswering();
  pb::Publication response;
  EXPECT_EQ(Activate("", "", &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const grpc::Status other = Activate("bbbb", "aaaa", &response);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(other.error_message(), StartsWith("force:"));
  EXPECT_EQ(Activate(std::string(65, 'a'), "", &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  grpc::ClientContext context;
  pb::SwitchOffResponse nothing;
  EXPECT_EQ(stub_->SwitchOff(&context, {}, &nothing).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_FALSE(asked_.has_value());
}

TEST_F(RuleAdminTest, WithoutTheRightNameNobodyIsAsked) {
  Start([](AdminCall, const std::function<void(const AdminAnswer&)>&) { FAIL(); }, "ops");
  pb::Publication response;
  EXPECT_EQ(Activate("bbbb", "", &response).error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RuleAdminTest, IsUnimplementedWhereNobodyKeepsSets) {
  Start(nullptr);
  pb::Publication response;
  EXPECT_EQ(Activate("bbbb", "", &response).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST(CheckAdminPeer, WhoIsHereOrHasAListedName) {
  struct Case {
    const char* peer;
    std::vector<std::string> names;
    const char* admins;
    bool allowed;
  };
  const Case cases[] = {
      {"ipv4:127.0.0.1:4242", {}, "", true},
      {"ipv4:127.8.9.1:1", {}, "", true},
      {"ipv6:[::1]:4242", {}, "", true},
      {"ipv6:%5B::1%5D:4242", {}, "", true},
      {"unix:/run/v.sock", {}, "", true},
      {"ipv4:10.0.0.1:4242", {}, "", false},
      {"ipv4:10.0.0.1:127", {}, "", false},
      {"ipv6:[::1234]:1", {}, "", false},
      {"ipv4:10.0.0.1:4242", {"gateway"}, "", false},
      {"ipv4:10.0.0.1:4242", {"ops"}, "ops", true},
      {"ipv4:10.0.0.1:4242", {"gateway", "ops.example"}, "root, ops.example", true},
      {"ipv4:10.0.0.1:4242", {"gateway"}, "root, ops", false},
      {"ipv4:10.0.0.1:4242", {"op"}, "ops", false},
      {"ipv4:10.0.0.1:4242", {""}, "root,,ops", false},
      {"ipv4:10.0.0.1:4242", {"Team"}, "Ops Team", false},
      {"ipv4:10.0.0.1:4242", {"Ops Team"}, "root, Ops Team", true},
      {"ipv4:127.0.0.1:4242", {"gateway"}, "ops", false},
      {"", {}, "", false},
  };
  for (const Case& one : cases) {
    std::string caller;
    const absl::Status status = CheckAdminPeer(one.peer, one.names, one.admins, &caller);
    EXPECT_EQ(status.ok(), one.allowed) << one.peer << " " << one.admins;
    EXPECT_THAT(caller, StartsWith(one.peer));
    if (status.ok()) continue;
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("rules.admins")));
  }
}

}  // namespace
}  // namespace verdict::grpc_api
