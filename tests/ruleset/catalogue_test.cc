// What is kept of rule sets, and that it is there again after a restart.
#include "ruleset/catalogue.h"

#include <sys/stat.h>

#include <filesystem>

#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "ruleset/folder.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::ruleset {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

KnownSet Set(const std::string& hash, SetState state, int64_t time_ms) {
  KnownSet set;
  set.hash = hash;
  set.files_hash = "files-" + hash;
  set.state = state;
  set.time_ms = time_ms;
  set.rules = 3;
  return set;
}

void WriteText(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

ino_t Inode(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0) << path;
  return info.st_ino;
}

class CatalogueTest : public ::testing::Test {
 protected:
  Catalogue Open() {
    absl::StatusOr<Catalogue> opened = Catalogue::Open(folder_ / "rule_sets");
    EXPECT_THAT(opened, IsOk());
    return *std::move(opened);
  }
  TempDir folder_;
};

TEST_F(CatalogueTest, OneIsLiveOneWaitsAndTheOneBeforeIsKnown) {
  Catalogue catalogue = Open();
  EXPECT_EQ(catalogue.live(), nullptr);
  catalogue.Put(Set("aaaa1", SetState::kLive, 1));
  catalogue.Put(Set("bbbb1", SetState::kWaiting, 2));
  catalogue.Put(Set("cccc1", SetState::kWaiting, 3));
  EXPECT_EQ(catalogue.Find("bbbb1")->state, SetState::kArchived);
  catalogue.Put(Set("dddd1", SetState::kRefused, 4));
  catalogue.Put(Set("eeee1", SetState::kLive, 5));
  EXPECT_EQ(catalogue.live()->hash, "eeee1");
  EXPECT_EQ(catalogue.before, "aaaa1");
  catalogue.Put(Set("aaaa1", SetState::kLive, 6));  // back
  EXPECT_EQ(catalogue.live()->hash, "aaaa1");
  EXPECT_EQ(catalogue.before, "eeee1");
  std::vector<std::string> order;
  for (const KnownSet& set : catalogue.sets()) order.push_back(set.hash);
  EXPECT_THAT(order, ElementsAre("aaaa1", "eeee1", "dddd1", "cccc1", "bbbb1"));
}

TEST_F(CatalogueTest, IsFoundByItsFirstDigits) {
  Catalogue catalogue = Open();
  catalogue.Put(Set("abcdef", SetState::kLive, 1));
  catalogue.Put(Set("abcd00", SetState::kRefused, 2));
  EXPECT_EQ(catalogue.Find("abcde")->hash, "abcdef");
  EXPECT_EQ(catalogue.Find("abcd00")->hash, "abcd00");
  EXPECT_THAT(catalogue.Find("abcd"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more digits")));
  EXPECT_THAT(catalogue.Find("abc"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("list")));
  EXPECT_THAT(catalogue.Find("ffff"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("ffff")));
}

TEST_F(CatalogueTest, IsTheSameAfterARestart) {
  std::vector<KnownSet> saved;
  {
    Catalogue catalogue = Open();
    KnownSet off = Set("aaaa", SetState::kLive, 17);
    off.off = {{"some_rule", "0123"}, {"späte_Regel", "4567"}};
    catalogue.Put(off);
    KnownSet refused = Set("bbbb", SetState::kRefused, 18);
    refused.why = "guard: share of DENY +3.1 points";
    catalogue.Put(refused);
    catalogue.before = "bbbb";
    catalogue.folder_seen = "cccc";
    ASSERT_THAT(catalogue.Save(), IsOk());
    saved = catalogue.sets();
  }
  const Catalogue again = Open();
  EXPECT_EQ(again.sets(), saved);
  EXPECT_EQ(again.before, "bbbb");
  EXPECT_EQ(again.folder_seen, "cccc");
}

TEST_F(CatalogueTest, ADamagedFileIsSaidAndLeftAsItIs) {
  ASSERT_THAT(Open().Save(), IsOk());
  const std::string path = folder_ / "rule_sets/catalogue.json";
  for (const char* text : {"{", "{\"before\": 1}", R"({"before": "", "folder_seen": "", "sets": [
       {"hash": "a", "files": "b", "state": "dead", "time_ms": 1, "rules": 1, "why": "", "off": []}]})"}) {
    WriteText(path, text);
    EXPECT_THAT(Catalogue::Open(folder_ / "rule_sets"),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("move it aside")));
    EXPECT_EQ(ReadFileText(path), text);
  }
}

TEST_F(CatalogueTest, KeepsFilesWholeAndWhatTheLiveSetHasOnce) {
  Catalogue catalogue = Open();
  const std::string incoming = catalogue.MakeIncoming().value();
  WriteText(incoming + "/policy.json", "{}");
  WriteText(incoming + "/lists/long.txt", std::string(200'000, 'x'));
  ASSERT_THAT(catalogue.Keep("files-one"), IsOk());
  catalogue.Put(Set("one", SetState::kLive, 1));

  ASSERT_THAT(catalogue.MakeIncoming(), IsOk());
  WriteText(incoming + "/policy.json", "[]");
  WriteText(incoming + "/lists/long.txt", std::string(200'000, 'x'));
  ASSERT_THAT(catalogue.Keep("files-two"), IsOk());
  catalogue.Put(Set("two", SetState::kLive, 2));
  ASSERT_THAT(catalogue.Save(), IsOk());

  const std::string one = folder_ / "rule_sets/files/files-one";
  const std::string two = folder_ / "rule_sets/files/files-two";
  EXPECT_EQ(ReadFileText(one + "/policy.json"), "{}");
  EXPECT_EQ(ReadFileText(two + "/policy.json"), "[]");
  EXPECT_EQ(ReadFileText(two + "/lists/long.txt"), std::string(200'000, 'x'));
  EXPECT_EQ(Inode(one + "/lists/long.txt"), Inode(two + "/lists/long.txt"));
  EXPECT_TRUE(std::filesystem::is_empty(catalogue.MakeIncoming().value()));
}

TEST_F(CatalogueTest, ReplacesWhatIsDamagedAndNothingElse) {
  Catalogue catalogue = Open();
  const auto keep = [&] {
    const std::string incoming = catalogue.MakeIncoming().value();
    WriteText(incoming + "/policy.json", "{}");
    WriteText(incoming + "/lists/short.txt", "a\n");
    ASSERT_THAT(catalogue.Keep("files-one"), IsOk());
  };
  const std::string one = folder_ / "rule_sets/files/files-one";
  keep();
  const ino_t first = Inode(one);
  keep();
  EXPECT_EQ(Inode(one), first) << "a crash finds it there at any moment";
  WriteText(one + "/lists/short.txt", "b\n");
  keep();
  EXPECT_EQ(ReadFileText(one + "/lists/short.txt"), "a\n");
  std::filesystem::remove(one + "/lists/short.txt");
  keep();
  EXPECT_EQ(ReadFileText(one + "/lists/short.txt"), "a\n");
  WriteText(one + "/more.json", "{}");
  keep();
  EXPECT_FALSE(std::filesystem::exists(one + "/more.json"));
}

TEST_F(CatalogueTest, ForgetsTheOldestButNeverWhatIsLiveWasSoBeforeOrWaits) {
  Catalogue catalogue = Open();
  const auto keep = [&](const std::string& hash) {
    const std::string incoming = catalogue.MakeIncoming().value();
    WriteText(incoming + "/policy.json", hash);
    ASSERT_THAT(catalogue.Keep("files-" + hash), IsOk());
  };
  keep("before");
  catalogue.Put(Set("before", SetState::kLive, 1));
  keep("live-1");
  catalogue.Put(Set("live-1", SetState::kLive, 2));
  catalogue.Put(Set("waits", SetState::kWaiting, 3));
  for (size_t i = 0; i < kSetsKept; ++i) {
    const std::string hash = absl::StrFormat("set-%04d", i);
    if (i < 2) keep(hash);
    catalogue.Put(Set(hash, SetState::kRefused, 10 + static_cast<int64_t>(i)));
  }
  ASSERT_THAT(catalogue.Save(), IsOk());
  EXPECT_EQ(catalogue.sets().size(), kSetsKept);
  for (const char* hash : {"before", "live-1", "waits"}) EXPECT_THAT(catalogue.Find(hash), IsOk());
  EXPECT_FALSE(catalogue.Find("set-0002").ok());
  EXPECT_THAT(catalogue.Find("set-0003"), IsOk());
  namespace fs = std::filesystem;
  EXPECT_TRUE(fs::exists(catalogue.FilesOf(*catalogue.Find("before"))));
  EXPECT_FALSE(fs::exists(folder_ / "rule_sets/files/files-set-0001"));
}

}  // namespace
}  // namespace verdict::ruleset
