// An embedded directory: one owner, settings that stay, a damaged checkpoint set aside.
#include "rocks_store/embedded_dir.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_format.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::rocks_store {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

base::WallClock wall;

TEST(EmbeddedDir, OpensAgainWithTheSameSecretAndLog) {
  TempDir dir;
  base::SipKey secret;
  std::string log_id;
  {
    auto first = EmbeddedDir::Open(dir / "a/b", &wall, {});
    ASSERT_THAT(first, IsOk());
    secret = (*first)->secret();
    log_id = (*first)->log().db().log_id();
  }
  auto again = EmbeddedDir::Open(dir / "a/b", &wall, {});
  ASSERT_THAT(again, IsOk());
  EXPECT_EQ((*again)->secret(), secret);
  EXPECT_EQ((*again)->log().db().log_id(), log_id);
  EXPECT_EQ((*again)->damaged_checkpoint(), "");
  auto other = EmbeddedDir::Open(dir / "c", &wall, {});
  ASSERT_THAT(other, IsOk());
  EXPECT_NE((*other)->secret(), secret);
}

TEST(EmbeddedDir, ASecondProcessIsToldWhoHasIt) {
  TempDir dir;
  auto owner = EmbeddedDir::Open(dir.path(), &wall, {});
  ASSERT_THAT(owner, IsOk());
  const EmbeddedDir::Options options{.program = "verdict import"};
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, options).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("in use"),
                             HasSubstr(absl::StrFormat("pid %d (verdictd)", getpid())))));
  owner->reset();
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, options), IsOk());
}

TEST(EmbeddedDir, ADeadOwnerLeavesItFree) {
  TempDir dir;
  const pid_t child = fork();
  if (child == 0) {
    auto lock = DirLock::Acquire(dir.path(), "verdictd");
    _exit(lock.ok() ? 0 : 1);  // nothing is released in order
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_THAT(DirLock::Acquire(dir.path(), "verdictd"), IsOk());
}

TEST(EmbeddedDir, OtherSettingsAreRefusedByName) {
  TempDir dir;
  ASSERT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}), IsOk());
  const auto refused = [&](base::Clock* clock, const EmbeddedDir::Options& options,
                           const char* what) {
    EXPECT_THAT(EmbeddedDir::Open(dir.path(), clock, options).status(),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(what)));
  };
  base::EventClock event;
  refused(&event, {}, "the clock wall, this run says event");
  refused(&wall, {.zone_name = "Europe/Paris"}, "the time zone UTC, this run says Europe/Paris");
  refused(&wall, {.base_currency = "USD"}, "the base currency EUR, this run says USD");
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}), IsOk());
}

TEST(EmbeddedDir, TheSecretIsForItsOwnerAlone) {
  TempDir dir;
  ASSERT_THAT(EmbeddedDir::Open(dir / "d", &wall, {}), IsOk());
  struct stat file {};
  ASSERT_EQ(stat((dir / "d/meta").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((dir / "d").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0700u);
}

TEST(EmbeddedDir, ADamagedMetaIsNeverReplaced) {
  TempDir dir;
  ASSERT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}), IsOk());
  std::string text;
  {
    std::ifstream in(dir / "meta");
    text.assign(std::istreambuf_iterator<char>(in), {});
  }
  text.replace(text.find("secret ") + 7, 1, "x");
  std::ofstream(dir / "meta") << text;
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}).status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("secret")));
  std::ofstream(dir / "meta") << "";
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("format")));
}

TEST(EmbeddedDir, AMetaThatIsGoneIsNeverMadeAnewBesideALog) {
  TempDir dir;
  ASSERT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}), IsOk());
  std::filesystem::rename(dir / "meta", dir / "kept");
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("backup")));
  EXPECT_FALSE(std::filesystem::exists(dir / "meta"));
  std::filesystem::rename(dir / "kept", dir / "meta");
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}), IsOk());
}

TEST(EmbeddedDir, ADamagedCheckpointIsSetAsideAndSaid) {
  TempDir dir;
  ASSERT_THAT(EmbeddedDir::Open(dir.path(), &wall, {}), IsOk());
  std::ofstream(dir / "checkpoint/CURRENT") << "MANIFEST-999999\n";
  auto opened = EmbeddedDir::Open(dir.path(), &wall, {});
  ASSERT_THAT(opened, IsOk());
  EXPECT_TRUE(std::filesystem::exists((*opened)->damaged_checkpoint()));
}

TEST(EmbeddedDir, APathThatIsNoDirectoryIsRefusedClearly) {
  TempDir dir;
  std::ofstream(dir / "file") << "x";
  EXPECT_THAT(EmbeddedDir::Open(dir / "file/under", &wall, {}).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cannot make the directory")));
}

TEST(EmbeddedDir, ASecretThatIsGivenIsKeptAndAnotherOneRefused) {
  TempDir dir;
  const base::SipKey secret{0x0123456789abcdef, 0x00000000000000ff};
  {
    auto made = EmbeddedDir::Open(dir.path(), &wall, {.secret = secret});
    ASSERT_THAT(made, IsOk());
    EXPECT_EQ((*made)->secret(), secret);
  }
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {.secret = secret}), IsOk());
  EXPECT_THAT(EmbeddedDir::Open(dir.path(), &wall, {.secret = base::SipKey{1, 2}}).status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another secret")));
}

TEST(EmbeddedDir, HoldsOnlyWhatIsAskedFor) {
  TempDir dir;
  auto opened = EmbeddedDir::Open(dir.path(), &wall, {.with_log = false, .with_checkpoint = false});
  ASSERT_THAT(opened, IsOk());
  EXPECT_FALSE(std::filesystem::exists(dir / "log"));
  EXPECT_FALSE(std::filesystem::exists(dir / "checkpoint"));
  EXPECT_TRUE(std::filesystem::exists(dir / "aggregates"));
}

}  // namespace
}  // namespace verdict::rocks_store
