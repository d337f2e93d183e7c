// Checkpoints on disk: atomic across families, kept through a reopening, ranges erased.
#include "rocks_store/rocks_checkpoint_store.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <string>

#include "support/status_matchers.h"

namespace verdict::rocks_store {
namespace {

using counters::CheckpointFamily;
using counters::CheckpointWrite;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

class RocksCheckpointStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/verdict-checkpoint-XXXXXX";
    folder_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<RocksCheckpointStore> Open() {
    auto store = RocksCheckpointStore::Open(folder_ + "/checkpoint");
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }
  static absl::Status WriteAll(RocksCheckpointStore& store,
                               const std::vector<CheckpointWrite>& writes) {
    return store.Write([&](counters::CheckpointStore::Put put) {
      for (const CheckpointWrite& write : writes) put(write);
    });
  }
  static std::map<std::string, std::string> ReadAll(RocksCheckpointStore& store,
                                                    CheckpointFamily family) {
    std::map<std::string, std::string> all;
    EXPECT_THAT(store.Read(family,
                           [&all](std::string_view key, std::string_view value) {
                             all.emplace(key, value);
                             return absl::OkStatus();
                           }),
                IsOk());
    return all;
  }
  static CheckpointWrite Put(CheckpointFamily family, std::string key, std::string value) {
    return {.family = family, .key = std::move(key), .value = std::move(value)};
  }
  std::string folder_;
};

TEST_F(RocksCheckpointStoreTest, KeepsEveryFamilyThroughAReopening) {
  WriteAll(*Open(),
           {Put(CheckpointFamily::kMeta, "next", "7"), Put(CheckpointFamily::kCells, "b", "2"),
            Put(CheckpointFamily::kCells, "a", "1")})
      .IgnoreError();
  auto store = Open();
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kMeta), ElementsAre(Pair("next", "7")));
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kCells),
              ElementsAre(Pair("a", "1"), Pair("b", "2")));
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kDedup), IsEmpty());
}

TEST_F(RocksCheckpointStoreTest, ErasesKeysAndRanges) {
  auto store = Open();
  ASSERT_THAT(WriteAll(*store, {Put(CheckpointFamily::kDedup, "1", "x"),
                                Put(CheckpointFamily::kDedup, "2", "x"),
                                Put(CheckpointFamily::kDedup, "3", "x"),
                                Put(CheckpointFamily::kDecisions, "d", "x")}),
              IsOk());
  CheckpointWrite range{.family = CheckpointFamily::kDedup, .key = "1"};
  range.erase_range_end = "3";
  CheckpointWrite one{.family = CheckpointFamily::kDecisions, .key = "d"};
  one.erase = true;
  ASSERT_THAT(WriteAll(*store, {range, one}), IsOk());
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kDedup), ElementsAre(Pair("3", "x")));
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kDecisions), IsEmpty());
}

TEST_F(RocksCheckpointStoreTest, CellsAndErasedEpochsTakeTurns) {
  auto store = Open();
  const auto cells_of = [](char epoch) {
    std::vector<CheckpointWrite> cells;
    for (int i = 0; i < 500; ++i) {
      std::string key = std::string(11, 'm') + epoch;
      key += {static_cast<char>(i / 4), static_cast<char>(i), 'k', 'e', 'y'};
      cells.push_back(Put(CheckpointFamily::kCells, key, "x"));
    }
    return cells;
  };
  for (char epoch = 1; epoch < 20; ++epoch) {
    CheckpointWrite dropped{.family = CheckpointFamily::kCells, .key = std::string(11, 'm')};
    dropped.key += static_cast<char>(epoch - 1);
    dropped.erase_range_end = std::string(11, 'm') + epoch;
    std::vector<CheckpointWrite> writes = cells_of(epoch);
    writes.insert(writes.begin() + (epoch % 2 == 0 ? 0 : 500), dropped);
    ASSERT_THAT(WriteAll(*store, writes), IsOk());
    EXPECT_EQ(ReadAll(*store, CheckpointFamily::kCells).size(), 500u);
  }
}

TEST_F(RocksCheckpointStoreTest, ClearsEverything) {
  auto store = Open();
  ASSERT_THAT(WriteAll(*store, {Put(CheckpointFamily::kMeta, "a", "1"),
                                Put(CheckpointFamily::kDecisions, std::string("\xff\xff"), "1")}),
              IsOk());
  ASSERT_THAT(store->Clear(), IsOk());
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kMeta), IsEmpty());
  EXPECT_THAT(ReadAll(*store, CheckpointFamily::kDecisions), IsEmpty());
}

TEST_F(RocksCheckpointStoreTest, StopsReadingAtTheVisitorsError) {
  auto store = Open();
  ASSERT_THAT(WriteAll(*store, {Put(CheckpointFamily::kMeta, "a", "1"),
                                Put(CheckpointFamily::kMeta, "b", "1")}),
              IsOk());
  int visited = 0;
  EXPECT_THAT(store->Read(CheckpointFamily::kMeta,
                          [&visited](std::string_view, std::string_view) {
                            ++visited;
                            return absl::DataLossError("enough");
                          }),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_EQ(visited, 1);
}

// A process that writes generation after generation, each into all families in one batch, and is
// killed on the way: what is found is one whole generation, and no older than the last one that was
// acknowledged.
TEST_F(RocksCheckpointStoreTest, IsWholeAfterKill9AtAnyMoment) {
  for (int round = 0; round < 5; ++round) {
    int acknowledged[2];
    ASSERT_EQ(pipe(acknowledged), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto store = RocksCheckpointStore::Open(folder_ + "/checkpoint");
      for (int generation = 1 + round * 1'000'000; store.ok(); ++generation) {
        const std::string text = std::to_string(generation);
        const absl::Status written =
            WriteAll(**store, {Put(CheckpointFamily::kMeta, "g", text),
                               Put(CheckpointFamily::kCells, "g", text),
                               Put(CheckpointFamily::kDedup, "g", text),
                               Put(CheckpointFamily::kDecisions, "g", text)});
        if (!written.ok() || write(acknowledged[1], &generation, sizeof generation) < 0) _exit(1);
      }
      _exit(1);
    }
    close(acknowledged[1]);
    int last = 0;
    for (int i = 0; i < 20 + 13 * round; ++i) {
      ASSERT_EQ(read(acknowledged[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    while (read(acknowledged[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) {
    }
    close(acknowledged[0]);
    auto store = Open();
    const std::string found = ReadAll(*store, CheckpointFamily::kMeta)["g"];
    EXPECT_GE(std::stoi(found), last);
    for (const auto family :
         {CheckpointFamily::kCells, CheckpointFamily::kDedup, CheckpointFamily::kDecisions}) {
      EXPECT_EQ(ReadAll(*store, family)["g"], found);
    }
  }
}

TEST_F(RocksCheckpointStoreTest, SaysWhichFolderItCannotOpen) {
  const std::string file = folder_ + "/file";
  fclose(fopen(file.c_str(), "w"));
  const auto store = RocksCheckpointStore::Open(file + "/checkpoint");
  EXPECT_FALSE(store.ok());
  EXPECT_THAT(std::string(store.status().message()), ::testing::HasSubstr(file));
}

}  // namespace
}  // namespace verdict::rocks_store
