// Where settings come from, who wins, and what is refused with which words.
#include "settings/load.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "settings/keys.h"
#include "support/status_matchers.h"

namespace verdict::settings {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

class LoadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "settings_testXXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    input_.version = "1.2.3";
    input_.arguments = {"--embedded", folder_};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& text) {
    const std::string path = folder_ + "/verdict.json";
    std::ofstream(path) << text;
    return path;
  }
  absl::StatusOr<Invocation> LoadWith(std::vector<std::string> more) {
    Input input = input_;
    input.arguments.insert(input.arguments.end(), more.begin(), more.end());
    return Load(input);
  }
  absl::Status Refusal(const std::string& file_text) {
    return LoadWith({"--config", File(file_text)}).status();
  }

  std::string folder_;
  Input input_;
};

TEST_F(LoadTest, DefaultsNeedOnlyAFolder) {
  const auto loaded = LoadWith({});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->action, Invocation::Action::kServe);
  EXPECT_EQ(loaded->settings.listen, "127.0.0.1:50051");
  EXPECT_EQ(loaded->settings.grpc.threads, 2);
}

TEST_F(LoadTest, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const std::string file = File(R"({
    // three keys, from three places
    "zone": "Europe/Paris",
    "grpc": {"threads": 3, "posted_calls": 5},
    "base_currency": "USD",
  })");
  EXPECT_THAT(LoadWith({"--config", file}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(file)))
      << "a trailing comma is not JSON";
  const std::string good = File(R"({
    // three keys, from three places
    "zone": "Europe/Paris", "grpc": {"threads": 3, "posted_calls": 5}, "base_currency": "USD"})");
  input_.environment = {{"VERDICT_GRPC_THREADS", "4"}, {"VERDICT_GRPC_POSTED_CALLS", "6"}};
  const auto loaded = LoadWith({"--config", good, "--grpc-threads", "7"});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->settings.zone, "Europe/Paris");
  EXPECT_EQ(loaded->settings.base_currency, "USD");
  EXPECT_EQ(loaded->settings.grpc.posted_calls, 6);
  EXPECT_EQ(loaded->settings.grpc.threads, 7);
}

TEST_F(LoadTest, ReadsWhereRedisIs) {
  EXPECT_EQ(LoadWith({})->settings.store.redis.address, "") << "embedded";
  const auto loaded = LoadWith(
      {"--config", File(R"({"store": {"redis": {"address": "redis.internal:6379", "user": "verdict",
        "password_file": "/dev/null", "database": 3, "connect_ms": 500, "io_ms": 50}}})")});
  ASSERT_THAT(loaded, IsOk());
  const RedisStore& redis = loaded->settings.store.redis;
  EXPECT_EQ(redis.address, "redis.internal:6379");
  EXPECT_EQ(redis.user, "verdict");
  EXPECT_EQ(redis.password_file, "/dev/null");
  EXPECT_EQ(redis.database, 3);
  EXPECT_EQ(redis.connect_ms, 500);
  EXPECT_EQ(redis.io_ms, 50);
  EXPECT_THAT(LoadWith({"--store-redis-address", "[::1]:6379"}), IsOk());
}

TEST_F(LoadTest, TheEnvironmentMayNameTheFile) {
  input_.environment = {{"VERDICT_CONFIG", File(R"({"clock": "event"})")}};
  const auto loaded = LoadWith({});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->settings.clock, ClockKind::kEvent);
}

TEST_F(LoadTest, AFlagCanTakeBackWhatTheFileSwitchedOn) {
  const auto loaded =
      LoadWith({"--config", File(R"({"insecure_listen": true})"), "--no-insecure-listen"});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_FALSE(loaded->settings.insecure_listen);
}

TEST_F(LoadTest, EveryKeyHasAFlagAndAVariableThatSetIt) {
  Settings defaults;
  for (const Key& key : KeysOf(&defaults)) {
    // The default's own text is valid for every key but the files of TLS and the folder.
    if (key.name.rfind("tls.", 0) == 0 || key.name == "embedded") continue;
    const std::string value = key.Text();
    const auto by_flag = key.is_bool() ? LoadWith({key.Flag()}) : LoadWith({key.Flag(), value});
    EXPECT_THAT(by_flag, IsOk()) << key.Flag();
    input_.environment = {{key.Variable(), value}};
    const auto by_variable = LoadWith({});
    ASSERT_THAT(by_variable, IsOk()) << key.Variable();
    EXPECT_THAT(by_variable->warnings, ElementsAre()) << key.Variable();
    input_.environment.clear();
  }
}

struct RefusedFile {
  const char* name;
  const char* text;
  const char* key;
  const char* reason;
};

TEST_F(LoadTest, AFileIsRefusedByNameKeyAndReason) {
  const RefusedFile kCases[] = {
      {"not JSON", "{\"zone\": }", "line 1", "unexpected"},
      {"not an object", "[1]", "", "must be a JSON object"},
      {"unknown key", R"({"zones": "UTC"})", "zones", "is \"zone\" meant?"},
      {"unknown nested key", R"({"grpc": {"thread": 1}})", "grpc.thread",
       "is \"grpc.threads\" meant?"},
      {"key nothing resembles", R"({"completely_else": 1})", "completely_else", "unknown key"},
      {"twice", R"({"zone": "UTC", "zone": "UTC"})", "zone", "stands twice"},
      {"group as a number", R"({"grpc": 3})", "grpc", "must be an object"},
      {"number as a string", R"({"grpc": {"threads": "3"}})", "grpc.threads",
       "must be a whole number, not string"},
      {"fraction", R"({"grpc": {"threads": 2.5}})", "grpc.threads", "must be a whole number"},
      {"string as a number", R"({"zone": 1})", "zone", "must be a string, not number"},
      {"bool as a string", R"({"insecure_listen": "yes"})", "insecure_listen",
       "must be true or false"},
      {"too small", R"({"grpc": {"threads": 0}})", "grpc.threads", "0 is not between 1 and 64"},
      {"no such choice", R"({"clock": "sun"})", "clock",
       "\"sun\" is not one of \"wall\", \"event\""},
      {"null", R"({"rules": null})", "rules", "must be a string, not null"},
  };
  for (const RefusedFile& c : kCases) {
    EXPECT_THAT(Refusal(c.text),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         AllOf(HasSubstr("verdict.json"), HasSubstr(c.key), HasSubstr(c.reason))))
        << c.name;
  }
}

struct RefusedFlags {
  std::vector<std::string> arguments;
  const char* message;
};

TEST_F(LoadTest, FlagsAreRefusedByNameAndReason) {
  const std::vector<RefusedFlags> kCases = {
      {{"--nonsense"}, "--nonsense"},
      {{"stray"}, "stray"},
      {{"--grpc-threads", "two"}, "--grpc-threads: \"two\" is not a whole number"},
      {{"--grpc-threads", "99999999999999999999"},
       "--grpc-threads: \"99999999999999999999\" is not a whole number"},
      {{"--listen", "50051"}, "listen: \"50051\" is not host:port"},
      {{"--listen", "::1:50051"}, "listen: \"::1:50051\" is not host:port"},
      {{"--listen", "127.0.0.1:70000"}, "has no port between 0 and 65535"},
      {{"--listen", "0.0.0.0:50051"}, "listen: 0.0.0.0:50051 is not loopback"},
      {{"--listen", "[::]:50051"}, "is not loopback"},
      {{"--http", "nowhere"}, "http: \"nowhere\" is not host:port"},
      {{"--zone", "Mars/Olympus"}, "zone: \"Mars/Olympus\" is not in the time zone database"},
      {{"--base-currency", "EUROS"}, "base_currency: \"EUROS\" is not an ISO 4217 code"},
      {{"--tls-cert", "/dev/null"}, "tls.key: TLS needs both"},
      {{"--tls-client-ca", "/dev/null"}, "tls.client_ca: has no effect without"},
      {{"--tls-cert", "/dev/null", "--tls-key", "/no/such/key"},
       "tls.key: cannot read /no/such/key"},
      {{"--config", "/no/such/file"}, "--config: cannot read /no/such/file"},
      {{"--store-redis-address", "6379"}, "store.redis.address: \"6379\" is not host:port"},
      {{"--store-redis-address", "redis:0"}, "store.redis.address: \"redis:0\" names no port"},
      {{"--store-redis-user", "u"}, "store.redis.user: has no effect without store.redis.address"},
      {{"--store-redis-password-file", "/dev/null"}, "store.redis.password_file: has no effect"},
      {{"--store-redis-database", "2"}, "store.redis.database: has no effect"},
      {{"--store-redis-database", "-1"}, "-1 is not between 0 and 65535"},
      {{"--store-redis-address", "redis:6379", "--store-redis-user", "u"},
       "store.redis.user: needs store.redis.password_file"},
      {{"--store-redis-address", "redis:6379", "--store-redis-password-file", "/no/such/file"},
       "store.redis.password_file: cannot read /no/such/file"},
      {{"--store-redis-connect-ms", "0"}, "0 is not between 1 and 60000"},
      {{"--store-redis-io-ms", "fast"}, "--store-redis-io-ms: \"fast\" is not a whole number"},
  };
  for (const RefusedFlags& c : kCases) {
    const absl::Status status = LoadWith(c.arguments).status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(c.message)));
    EXPECT_EQ(std::string(status.message()).find('\n'), std::string::npos) << "one line";
  }
}

TEST_F(LoadTest, TheFolderIsRequired) {
  input_.arguments.clear();
  EXPECT_THAT(LoadWith({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--embedded")));
  input_.arguments = {"--embedded", File("{}")};
  EXPECT_THAT(LoadWith({}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is not a folder")));
}

TEST_F(LoadTest, ServersNeedWhatGoesWithThem) {
  input_.arguments = {"--log-kafka-brokers", "127.0.0.1:9092"};
  EXPECT_THAT(LoadWith({}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("state: ")));
  EXPECT_THAT(LoadWith({"--state", folder_}), IsOk());
  EXPECT_THAT(LoadWith({"--state", folder_, "--embedded", folder_}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("one log")));
  const std::vector<std::string> redis = {"--state", folder_, "--store-redis-address",
                                          "127.0.0.1:6379"};
  EXPECT_THAT(LoadWith(redis),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("secret_file: missing")));
  const std::string secret = File("0123456789abcdef0123456789abcdef\n");
  input_.arguments.insert(input_.arguments.end(), {"--secret-file", secret});
  EXPECT_THAT(LoadWith(redis),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("aggregate.dir: missing")));
  input_.arguments.insert(input_.arguments.end(), {"--aggregate-dir", folder_});
  EXPECT_THAT(LoadWith(redis), IsOk());
  EXPECT_THAT(LoadWith({"--state", folder_, "--store-redis-address", "nowhere"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("store.redis.address")));
  EXPECT_THAT(LoadWith({"--state", folder_, "--log-kafka-properties", "/no/such"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("log.kafka.properties")));
}

TEST_F(LoadTest, AFileOfServersNestsAsDeepAsItsKeys) {
  const std::string path =
      File("{\"log\": {\"kafka\": {\"brokers\": \"b:9092\", \"record\": true}}, \"state\": \"" +
           folder_ + "\"}");
  const absl::StatusOr<Settings> settings = LoadFile(path, {});
  ASSERT_THAT(settings, IsOk());
  EXPECT_EQ(settings->kafka.brokers, "b:9092");
  EXPECT_TRUE(settings->kafka.record);
  EXPECT_THAT(LoadFile(path, {{"VERDICT_LOG_KAFKA_FORMAT", "xml"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("VERDICT_LOG_KAFKA_FORMAT")));
}

TEST_F(LoadTest, BeyondLoopbackNeedsTlsOrAWord) {
  EXPECT_THAT(LoadWith({"--listen", "0.0.0.0:50051", "--insecure-listen"}), IsOk());
  EXPECT_THAT(
      LoadWith({"--listen", "0.0.0.0:1", "--tls-cert", "/dev/null", "--tls-key", "/dev/null"}),
      IsOk());
  EXPECT_THAT(LoadWith({"--listen", "[::1]:50051"}), IsOk());
  EXPECT_THAT(LoadWith({"--listen", "127.8.9.10:0"}), IsOk());
}

TEST_F(LoadTest, AVariableThatIsNoKeyWarnsAndKubernetesOwnDoNot) {
  input_.environment = {{"VERDICT_THREADZ", "4"},
                        {"VERDICT_SERVICE_HOST", "10.0.0.1"},
                        {"VERDICT_PORT", "tcp://10.0.0.1:50051"},
                        {"VERDICT_PORT_50051_TCP", "tcp://10.0.0.1:50051"},
                        {"VERDICT_FAILPOINTS", ""},
                        {"HOME", "/"}};
  const auto loaded = LoadWith({});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("VERDICT_THREADZ")));
}

TEST_F(LoadTest, CheckConfigListsEveryKey) {
  const auto loaded = LoadWith({"--check-config", "--grpc-threads", "3"});
  ASSERT_THAT(loaded, IsOk());
  EXPECT_EQ(loaded->action, Invocation::Action::kCheckConfig);
  Settings defaults;
  for (const Key& key : KeysOf(&defaults)) EXPECT_THAT(loaded->text, HasSubstr(key.name));
  EXPECT_THAT(loaded->text, ::testing::ContainsRegex("grpc.threads +3"));
  EXPECT_THAT(LoadWith({"--check-config", "--grpc-threads", "0"}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(LoadTest, HelpAndVersionNeedNoFolder) {
  input_.arguments.clear();
  const auto help = LoadWith({"--help"});
  ASSERT_THAT(help, IsOk());
  EXPECT_EQ(help->action, Invocation::Action::kPrint);
  EXPECT_THAT(help->text, AllOf(HasSubstr("Example"), HasSubstr("--grpc-threads")));
  const auto version = LoadWith({"--version"});
  ASSERT_THAT(version, IsOk());
  EXPECT_EQ(version->text, "verdictd 1.2.3\n");
}

}  // namespace
}  // namespace verdict::settings
