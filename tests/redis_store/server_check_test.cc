// The look at the server before it is used, and who may use it.
#include <fstream>

#include "redis_store/fake_redis.h"
#include "redis_store/redis_fixture.h"
#include "support/some_blob.h"

namespace verdict::redis_store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

using ServerCheck = RedisTest;

TEST_F(ServerCheck, PassesAPrimaryThatEvictsNothing) {
  const auto store = Connect();
  const auto report = store->CheckServer();
  ASSERT_THAT(report, IsOk());
  EXPECT_THAT(report->version, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(report->warnings, SizeIs(2)) << "no maxmemory, no append-only file";
  ASSERT_EQ(Redis({"CONFIG", "SET", "maxmemory", "1gb"}), "OK");
  ASSERT_EQ(Redis({"CONFIG", "SET", "appendonly", "yes"}), "OK");
  EXPECT_THAT(store->CheckServer()->warnings, IsEmpty());
}

TEST_F(ServerCheck, RefusesAServerThatMayEvict) {
  const auto store = Connect();
  for (const char* policy : {"allkeys-lru", "volatile-ttl"}) {
    ASSERT_EQ(Redis({"CONFIG", "SET", "maxmemory-policy", policy}), "OK");
    EXPECT_THAT(
        store->CheckServer(),
        StatusIs(absl::StatusCode::kFailedPrecondition,
                 AllOf(HasSubstr(policy), HasSubstr("CONFIG SET maxmemory-policy noeviction"))));
  }
}

TEST_F(ServerCheck, RefusesAReplicaAndNamesThePrimary) {
  const auto store = Connect();
  ASSERT_EQ(Redis({"REPLICAOF", "127.0.0.1", "4711"}), "OK");
  EXPECT_THAT(store->CheckServer(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("slave"), HasSubstr("127.0.0.1:4711"))));
  EXPECT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 1)),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("name the primary")));
}

// A server whose INFO says this.
absl::Status CheckOf(const std::string& info) {
  FakeRedis fake([info](const FakeRedis::Words&) {
    return "$" + std::to_string(info.size()) + "\r\n" + info + "\r\n";
  });
  auto store = RedisAggregateStore::Connect(PatientOptions(fake.port()));
  return (*store)->CheckServer().status();
}

TEST(ServerCheckOfOthers, RefusesOldVersionsAndClusters) {
  const std::string fit = "role:master\r\ncluster_enabled:0\r\nmaxmemory_policy:noeviction\r\n";
  EXPECT_THAT(CheckOf("redis_version:6.0.16\r\n" + fit), IsOk());
  EXPECT_THAT(CheckOf("redis_version:10.1.0\r\n" + fit), IsOk());
  EXPECT_THAT(CheckOf("redis_version:5.0.14\r\n" + fit),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("5.0.14")));
  EXPECT_THAT(CheckOf(fit), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("version")));
  EXPECT_THAT(CheckOf("redis_version:7.0.15\r\nrole:master\r\ncluster_enabled:1\r\n"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("Cluster")));
}

class PasswordTest : public RedisTest {
 protected:
  std::vector<std::string> ServerArguments() override {
    return {"--requirepass", "open sesame",  //
            "--user",        "verdict",     "on",    ">s3cret",  "~v1:*",   "+get", "+set",
            "+scan",         "+info",                                        //
            "+ping",         "+select",     "+eval", "+evalsha", "+script",  //
            "--user",        "reader",      "on",    ">s3cret",  "~v1:*",   "+get", "+ping"};
  }
  RedisOptions Options(const std::string& user, const std::string& password) {
    RedisOptions options = PatientOptions(server_->port());
    options.user = user;
    options.password = password;
    return options;
  }
};

TEST_F(PasswordTest, OpensWithAPasswordAloneOrWithAUser) {
  for (const auto& options : {Options("", "open sesame"), Options("verdict", "s3cret")}) {
    const auto store = Connect(options);
    ASSERT_THAT(store->CheckServer(), IsOk());
    ASSERT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 1)), IsOk());
    EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kFound);
    ASSERT_THAT(store->CompareAndSwapManifest(1, *store->GetManifest(1), {}), IsOk());
    ASSERT_THAT(store->Scan(1, [](const model::EntityKey&,
                                  const feature::Blob&) { return absl::OkStatus(); }),
                IsOk());
  }
}

TEST_F(PasswordTest, SaysThatItIsRefusedAndNeverWhatThePasswordIs) {
  const auto refused = StatusIs(absl::StatusCode::kPermissionDenied,
                                AllOf(HasSubstr("store.redis."), Not(HasSubstr("wrong-word"))));
  for (const auto& options :
       {Options("", ""), Options("", "wrong-word"), Options("verdict", "wrong-word")}) {
    const auto store = Connect(options);
    EXPECT_THAT(store->CheckServer(), refused);
    EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kFailed);
    EXPECT_THAT(store->GetManifest(1), refused);
  }
}

TEST_F(PasswordTest, SaysWhatAUserMayNotDo) {
  const auto store = Connect(Options("reader", "s3cret"));
  EXPECT_EQ(StateOf(Ask(store.get(), {SomeKey(1, 1)})), State::kAbsent);
  EXPECT_THAT(Put(store.get(), SomeKey(1, 1), SomeBlob(1, 100, 0, 1)),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("evalsha")));
}

TEST_F(PasswordTest, ReadsThePasswordFileAgainForEachConnection) {
  const TempDir folder;
  RedisOptions options = Options("", "");
  options.password_file = folder / "password";
  std::ofstream(options.password_file) << "wrong-word\n";
  std::promise<std::string> told;  // text: ThreadSanitizer does not see a Status counting its users
  options.report = [&told, once = false](const absl::Status& status) mutable {
    if (!std::exchange(once, true)) told.set_value(status.ToString());
  };
  const auto store = Connect(options);
  EXPECT_THAT(told.get_future().get(),
              AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("WRONGPASS")));
  std::ofstream(options.password_file) << "open sesame\n";
  EXPECT_TRUE(
      Eventually([&] { return StateOf(Ask(store.get(), {SomeKey(1, 1)})) == State::kAbsent; }));
}

// A server without AUTH repeats the words it does not know.
TEST(PasswordOfOthers, IsNotRepeatedWhereTheServerRepeatsIt) {
  FakeRedis fake([](const FakeRedis::Words& words) {
    return "-ERR unknown command '" + words[0] + "', with args beginning with: '" + words.back() +
           "'\r\n";
  });
  RedisOptions options = PatientOptions(fake.port());
  options.password = "open sesame";
  const auto store = *RedisAggregateStore::Connect(options);
  EXPECT_THAT(store->CheckServer(), StatusIs(absl::StatusCode::kPermissionDenied,
                                             AllOf(HasSubstr("AUTH"), Not(HasSubstr("sesame")))));
}

}  // namespace
}  // namespace verdict::redis_store
