// Blobs as a fold reads and writes them, thousands at once: found as each alone would be, and
// never replaced by what is older, however little was read again.
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "rocks_store/rocks_aggregate_store.h"
#include "support/some_blob.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::rocks_store {
namespace {

using aggregate::BlobKey;
using aggregate::BlobResult;
using aggregate::BlobWrite;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;
using State = BlobResult::State;

constexpr int kNumbers = 9'000;

// Ascending in the order that the store has, three measures an entity.
BlobKey NthKey(int n) {
  BlobKey key{.measure_hash = static_cast<uint64_t>(n % 3), .entity = {}};
  key.entity.bytes[1] = static_cast<uint8_t>(n / 3 / 256);
  key.entity.bytes[2] = static_cast<uint8_t>(n / 3 % 256);
  return key;
}

BlobWrite NthWrite(int n) { return {NthKey(n), SomeBlob(static_cast<uint64_t>(n % 3), 100, 0, n)}; }

std::vector<BlobKey> EachNthKey(int step) {
  std::vector<BlobKey> keys;
  for (int n = 0; n < kNumbers; n += step) keys.push_back(NthKey(n));
  return keys;
}

std::vector<BlobWrite> EachNthWrite(int step) {
  std::vector<BlobWrite> writes;
  for (int n = 0; n < kNumbers; n += step) writes.push_back(NthWrite(n));
  return writes;
}

class ManyBlobs : public ::testing::Test {
 protected:
  ManyBlobs() { Open("store"); }
  void Open(const std::string& name) {
    store_.reset();
    store_ = *RocksAggregateStore::Open(dir_ / name, {});
  }
  std::vector<BlobResult> Read(const std::vector<BlobKey>& keys) { return *store_->GetNow(keys); }
  testing::TempDir dir_;
  std::unique_ptr<RocksAggregateStore> store_;
};

TEST_F(ManyBlobs, AreFoundInOrderAsEachAloneWouldBe) {
  for (const int stored : {1, 2, 7, 40, 2'000}) {
    Open("every " + std::to_string(stored));
    ASSERT_THAT(store_->PutIfNewer(EachNthWrite(stored)), IsOk());
    for (const int asked : {1, 3, 4, 90}) {
      const std::vector<BlobResult> results = Read(EachNthKey(asked));
      ASSERT_EQ(results.size(), EachNthKey(asked).size());
      for (size_t i = 0; i < results.size(); ++i) {
        const int n = static_cast<int>(i) * asked;
        ASSERT_EQ(results[i].state, n % stored == 0 ? State::kFound : State::kAbsent) << n;
        ASSERT_EQ(results[i].blob, n % stored == 0 ? NthWrite(n).blob : feature::Blob());
      }
    }
  }
}

TEST_F(ManyBlobs, AreFoundInAnyOrderAndMoreThanOnce) {
  ASSERT_THAT(store_->PutIfNewer(EachNthWrite(2)), IsOk());
  std::vector<BlobKey> keys;
  for (int i = 0; i < 500; ++i) keys.push_back(NthKey(i * 7'919 % 400));
  const std::vector<BlobResult> results = Read(keys);
  for (int i = 0; i < 500; ++i) {
    const int n = i * 7'919 % 400;
    ASSERT_EQ(results[i].state, n % 2 == 0 ? State::kFound : State::kAbsent) << n;
    ASSERT_EQ(results[i].blob, n % 2 == 0 ? NthWrite(n).blob : feature::Blob());
  }
}

TEST_F(ManyBlobs, OfADamagedBlockFailAndNoOthersDo) {
  ASSERT_THAT(store_->PutIfNewer(EachNthWrite(1)), IsOk());
  Open("store");  // writes down what the write-ahead log has
  store_.reset();
  std::string file;
  for (const auto& entry : std::filesystem::directory_iterator(dir_ / "store")) {
    if (entry.path().extension() == ".sst") file = entry.path().string();
  }
  ASSERT_FALSE(file.empty());
  {
    std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 3));
    bytes.write("damaged", 7);
  }
  Open("store");
  const std::vector<BlobResult> results = Read(EachNthKey(1));
  int failed = 0;
  for (int n = 0; n < kNumbers; ++n) {
    if (results[n].state == State::kFailed) {
      ++failed;
    } else {
      ASSERT_EQ(results[n].state, State::kFound) << n;
      ASSERT_EQ(results[n].blob, NthWrite(n).blob);
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_LT(failed, kNumbers / 10);
  EXPECT_EQ(results.back().state, State::kFound);
}

TEST_F(ManyBlobs, ThatCameSinceAReadingAreNotReplacedByWhatIsOlder) {
  const BlobWrite first{SomeKey(1, 1), SomeBlob(1, 100, 0, 5)};
  const BlobWrite second{SomeKey(1, 1), SomeBlob(1, 101, 0, 6)};
  const BlobWrite third{SomeKey(1, 1), SomeBlob(1, 102, 0, 7)};
  ASSERT_THAT(store_->PutIfNewer({&first, 1}), IsOk());
  ASSERT_EQ(Read({first.key})[0].blob, first.blob);
  ASSERT_THAT(store_->PutIfNewer({&third, 1}), IsOk());
  ASSERT_THAT(store_->PutIfNewer({&second, 1}), IsOk());
  EXPECT_EQ(Read({first.key})[0].blob, third.blob);
}

TEST_F(ManyBlobs, ThatWereReadAsNewerAreNotReplaced) {
  const BlobWrite newer{SomeKey(1, 2), SomeBlob(1, 102, 0, 7)};
  ASSERT_THAT(store_->PutIfNewer({&newer, 1}), IsOk());
  const std::vector<BlobKey> keys = {SomeKey(1, 1), SomeKey(1, 2), SomeKey(1, 3)};
  ASSERT_EQ(Read(keys)[2].state, State::kAbsent);
  const std::vector<BlobWrite> older = {{keys[1], SomeBlob(1, 101, 0, 6)},
                                        {keys[2], SomeBlob(1, 101, 0, 8)}};
  ASSERT_THAT(store_->PutIfNewer(older), IsOk());
  const std::vector<BlobResult> results = Read(keys);
  EXPECT_EQ(results[0].state, State::kAbsent);
  EXPECT_EQ(results[1].blob, newer.blob);
  EXPECT_EQ(results[2].blob, older[1].blob);
}

TEST_F(ManyBlobs, OfOneReadingMayBeWrittenWithOthersThatWereNotRead) {
  const BlobWrite newer{SomeKey(1, 9), SomeBlob(1, 102, 0, 7)};
  ASSERT_THAT(store_->PutIfNewer({&newer, 1}), IsOk());
  ASSERT_EQ(Read({SomeKey(1, 1)})[0].state, State::kAbsent);
  const std::vector<BlobWrite> writes = {{SomeKey(1, 1), SomeBlob(1, 101, 0, 6)},
                                         {SomeKey(1, 9), SomeBlob(1, 101, 0, 8)}};
  ASSERT_THAT(store_->PutIfNewer(writes), IsOk());
  EXPECT_EQ(Read({SomeKey(1, 1)})[0].blob, writes[0].blob);
  EXPECT_EQ(Read({SomeKey(1, 9)})[0].blob, newer.blob);
}

}  // namespace
}  // namespace verdict::rocks_store
