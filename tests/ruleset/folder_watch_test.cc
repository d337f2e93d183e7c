// What editors and Kubernetes do to a folder of rules is noticed, by inotify alone.
#include "ruleset/folder_watch.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "support/temp_dir.h"

namespace verdict::ruleset {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kLong{20'000};  // it comes at once; so long it may take on a busy machine

class FolderWatchTest : public ::testing::Test {
 protected:
  FolderWatchTest() {
    fs::create_directories(root_ / "rules/lists");
    Write("rules/a.json", "1");
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(root_ / name, std::ios::binary) << text;
  }
  // Whatever came so far is behind.
  static void Drain(FolderWatch* watch) {
    while (watch->Wait(milliseconds(0))) {
    }
  }
  verdict::testing::TempDir root_;
};

TEST_F(FolderWatchTest, AWriteANewFileARemovalAndAList) {
  FolderWatch watch(root_ / "rules");
  EXPECT_FALSE(watch.Wait(milliseconds(0)));
  Write("rules/a.json", "2");
  EXPECT_TRUE(watch.Wait(kLong));
  Drain(&watch);
  Write("rules/b.json", "1");
  EXPECT_TRUE(watch.Wait(kLong));
  Drain(&watch);
  fs::remove(root_ / "rules/b.json");
  EXPECT_TRUE(watch.Wait(kLong));
  Drain(&watch);
  Write("rules/lists/cards.txt", "c1");
  EXPECT_TRUE(watch.Wait(kLong));
}

// vim, and most others: a new file takes the old one's name.
TEST_F(FolderWatchTest, ASaveByRename) {
  FolderWatch watch(root_ / "rules");
  for (int i = 0; i < 3; ++i) {
    Write("a.json.tmp", std::to_string(i));
    Drain(&watch);
    fs::rename(root_ / "a.json.tmp", root_ / "rules/a.json");
    EXPECT_TRUE(watch.Wait(kLong)) << i;
    Drain(&watch);
  }
}

// A ConfigMap: files are links through `..data`, which is set anew as a whole, each time again.
TEST_F(FolderWatchTest, ASwapOfTheDataLinkOfAConfigMap) {
  fs::create_directories(root_ / "map/..1");
  Write("map/..1/a.json", "1");
  fs::create_directory_symlink("..1", root_ / "map/..data");
  fs::create_symlink("..data/a.json", root_ / "map/a.json");
  FolderWatch watch(root_ / "map");
  for (int version = 2; version < 5; ++version) {
    const std::string name = ".." + std::to_string(version);
    fs::create_directories(root_ / ("map/" + name));
    Write("map/" + name + "/a.json", std::to_string(version));
    fs::create_directory_symlink(name, root_ / "map/..data_tmp");
    Drain(&watch);
    fs::rename(root_ / "map/..data_tmp", root_ / "map/..data");
    EXPECT_TRUE(watch.Wait(kLong)) << version;
    Drain(&watch);
  }
}

// A release folder: `rules` itself is a link that is set anew.
TEST_F(FolderWatchTest, ALinkToTheFolderThatIsSetAnew) {
  fs::create_directories(root_ / "v1");
  fs::create_directories(root_ / "v2");
  fs::create_directory_symlink("v1", root_ / "current");
  FolderWatch watch(root_ / "current");
  fs::create_directory_symlink("v2", root_ / "next");
  Drain(&watch);
  fs::rename(root_ / "next", root_ / "current");
  EXPECT_TRUE(watch.Wait(kLong));
  Drain(&watch);
  Write("v2/a.json", "1");  // what it leads to now is watched
  EXPECT_TRUE(watch.Wait(kLong));
}

TEST_F(FolderWatchTest, AFolderThatComesLater) {
  FolderWatch watch(root_ / "later");
  fs::create_directories(root_ / "later");
  EXPECT_TRUE(watch.Wait(kLong));
  Drain(&watch);
  Write("later/a.json", "1");
  EXPECT_TRUE(watch.Wait(kLong));
}

TEST_F(FolderWatchTest, WhatOthersWriteBesideItIsNothing) {
  FolderWatch watch(root_ / "rules/");
  Write("verdictd.log", "a line");
  Write("rules.old", "an older copy");
  EXPECT_FALSE(watch.Wait(milliseconds(100)));
  Write("rules/a.json", "2");
  EXPECT_TRUE(watch.Wait(kLong));
}

TEST_F(FolderWatchTest, IsWokenFromAnotherThread) {
  FolderWatch watch(root_ / "rules");
  std::thread waker([&] { watch.Wake(); });
  EXPECT_FALSE(watch.Wait(std::chrono::hours(1)));
  waker.join();
}

}  // namespace
}  // namespace verdict::ruleset
