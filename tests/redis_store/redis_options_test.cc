// Options are checked once, and a password stands in no message.
#include "redis_store/redis_options.h"

#include <fstream>

#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::redis_store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

absl::StatusOr<std::string> PasswordIn(const std::string& content) {
  const TempDir folder;
  RedisOptions options;
  options.password_file = folder / "password";
  std::ofstream(options.password_file, std::ios::binary) << content;
  return PasswordOf(options);
}

TEST(RedisOptions, ReadsOneLineAsThePassword) {
  EXPECT_EQ(*PasswordIn("s3 cret"), "s3 cret");
  EXPECT_EQ(*PasswordIn("secret\n"), "secret");
  EXPECT_EQ(*PasswordIn("secret\r\n"), "secret");
}

TEST(RedisOptions, RefusesAPasswordFileThatHoldsSomethingElse) {
  const auto refused = [](const std::string& why) {
    return StatusIs(absl::StatusCode::kInvalidArgument,
                    AllOf(HasSubstr("/password"), HasSubstr(why), Not(HasSubstr("secret"))));
  };
  EXPECT_THAT(PasswordIn(""), refused("is empty"));
  EXPECT_THAT(PasswordIn("\n"), refused("is empty"));
  EXPECT_THAT(PasswordIn("secret\nsecret\n"), refused("more than one line"));
  EXPECT_THAT(PasswordIn(std::string(5000, 's') + "secret"), refused("more than 4096 bytes"));
  RedisOptions options;
  options.password_file = "/nowhere/password";
  EXPECT_THAT(PasswordOf(options), refused("cannot be read"));
}

TEST(RedisOptions, NamesWhatIsWrong) {
  const auto check = [](auto change) {
    RedisOptions options;
    change(&options);
    return CheckOptions(options);
  };
  const auto refused = [](const std::string& what) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(what));
  };
  EXPECT_THAT(check([](RedisOptions*) {}), IsOk());
  EXPECT_THAT(check([](RedisOptions* o) { o->host = ""; }), refused("host"));
  EXPECT_THAT(check([](RedisOptions* o) { o->port = 0; }), refused("port 0"));
  EXPECT_THAT(check([](RedisOptions* o) { o->database = -1; }), refused("database -1"));
  EXPECT_THAT(check([](RedisOptions* o) { o->user = "verdict"; }), refused("verdict needs a pass"));
  EXPECT_THAT(check([](RedisOptions* o) { o->io_timeout = {}; }), refused("time-out"));
  EXPECT_THAT(check([](RedisOptions* o) { o->kept_days = -1; }), refused("kept days"));
  EXPECT_THAT(check([](RedisOptions* o) {
                o->entity_of_measure = {{1, "a}"}};
              }),
              refused("entity \"a}\""));
  EXPECT_THAT(check([](RedisOptions* o) { o->password_file = "/nowhere"; }), refused("/nowhere"));
}

TEST(RedisOptions, SaysWhereRedisIs) {
  RedisOptions options;
  EXPECT_EQ(options.where(), "redis at 127.0.0.1:6379");
  options.host = "::1";
  EXPECT_EQ(options.where(), "redis at [::1]:6379");
}

}  // namespace
}  // namespace verdict::redis_store
