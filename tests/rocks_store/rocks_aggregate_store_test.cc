// The embedded store of blobs keeps the contract, fails what comes too late, and never overwrites
// what it cannot read.
#include "rocks_store/rocks_aggregate_store.h"

#include <rocksdb/db.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <string>

#include "aggregate/blob_codec.h"
#include "rocks_store/blob_expiry.h"
#include "support/aggregate_store_contract.h"

namespace verdict::rocks_store {
namespace {

using aggregate::BlobResult;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;
using ::verdict::testing::StatusIs;

class Folder {
 public:
  Folder() {
    char pattern[] = "/tmp/verdict-aggregates-XXXXXX";
    path_ = mkdtemp(pattern);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string path() const { return path_ + "/aggregates"; }

 private:
  std::string path_;
};

class RocksFixture {
 public:
  std::unique_ptr<aggregate::AggregateStore> Open() {
    auto store = RocksAggregateStore::Open(folder_.path(), {});
    EXPECT_THAT(store, IsOk());
    return *std::move(store);
  }

 private:
  Folder folder_;
};

}  // namespace
}  // namespace verdict::rocks_store

namespace verdict::testing {
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, AggregateStoreContract, rocks_store::RocksFixture);
}  // namespace verdict::testing

namespace verdict::rocks_store {
namespace {

TEST(RocksAggregateStore, FailsAGetWhoseTimeIsUp) {
  Folder folder;
  auto store = *RocksAggregateStore::Open(folder.path(), {});
  std::promise<std::vector<BlobResult>> answered;
  store->Get({SomeKey(1, 1)}, std::chrono::milliseconds(-1),
             [&answered](std::vector<BlobResult> r) { answered.set_value(std::move(r)); });
  EXPECT_EQ(answered.get_future().get().at(0).state, BlobResult::State::kFailed);
}

TEST(RocksAggregateStore, AnswersEveryGetBeforeItGoes) {
  Folder folder;
  auto store = *RocksAggregateStore::Open(folder.path(), {.queue_max = 10});
  std::atomic<int> answers = 0;
  for (int i = 0; i < 1000; ++i) {
    store->Get({SomeKey(1, 1)}, std::chrono::seconds(60),
               [&answers](const std::vector<BlobResult>&) { ++answers; });
  }
  store.reset();
  EXPECT_EQ(answers, 1000);
}

TEST(RocksAggregateStore, NeitherReadsNorOverwritesADamagedBlob) {
  Folder folder;
  const aggregate::BlobWrite write{SomeKey(1, 1), SomeBlob(1, 100, 0, 5)};
  ASSERT_THAT((*RocksAggregateStore::Open(folder.path(), {}))->PutIfNewer({&write, 1}), IsOk());
  {
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, folder.path(), &db).ok());
    const std::unique_ptr<rocksdb::DB> owned(db);
    const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator({}));
    at->SeekToFirst();
    std::string damaged = at->value().ToString();
    damaged[20] ^= 1;
    ASSERT_TRUE(db->Put({}, at->key(), damaged).ok());
  }
  auto store = *RocksAggregateStore::Open(folder.path(), {});
  EXPECT_EQ(store->GetNow({&write.key, 1})->at(0).state, BlobResult::State::kFailed);
  const aggregate::BlobWrite newer{SomeKey(1, 1), SomeBlob(1, 101, 0, 6)};
  EXPECT_THAT(store->PutIfNewer({&newer, 1}), StatusIs(absl::StatusCode::kDataLoss));
  const uint64_t measure = 1;
  const auto visit = [](uint64_t, const model::EntityKey&, const feature::Blob&) {
    return absl::OkStatus();
  };
  EXPECT_THAT(store->ScanMeasures({&measure, 1}, visit), StatusIs(absl::StatusCode::kDataLoss));
  // A healing recompute knows all of it.
  ASSERT_THAT(store->Replace({&newer, 1}), IsOk());
  EXPECT_EQ(store->GetNow({&write.key, 1})->at(0).blob, newer.blob);
  EXPECT_THAT(store->ScanMeasures({&measure, 1}, visit), IsOk());
}

TEST(BlobExpiry, LetsGoOfWholeValuesThatWereWrittenBeforeTheCutAlone) {
  BlobExpiry expiry;
  const auto goes = [&](const std::string& key, const std::string& value) {
    return expiry.Filter(0, key, value, nullptr, nullptr);
  };
  const std::string old = aggregate::EncodeBlob(SomeBlob(1, 100, 0, 5));
  const std::string young = aggregate::EncodeBlob(SomeBlob(1, 101, 0, 5));
  EXPECT_FALSE(goes("b1", old)) << "nothing expires before it is told so";
  expiry.ExpireBefore(101);
  expiry.ExpireBefore(50);  // never back
  EXPECT_TRUE(goes("b1", old));
  EXPECT_FALSE(goes("b1", young));
  EXPECT_FALSE(goes("m1", old)) << "manifests stay";
  std::string damaged = old;
  damaged[16] ^= 1;
  EXPECT_FALSE(goes("b1", damaged)) << "a person must see it";
}

}  // namespace
}  // namespace verdict::rocks_store
