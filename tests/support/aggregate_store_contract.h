// What every AggregateStore promises, run against each of them: a fake stays true only where it
// passes this.
//   INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, AggregateStoreContract, RocksFixture);
// A fixture has `std::unique_ptr<aggregate::AggregateStore> Open()`: called again, it finds what
// was written before; null where this machine lacks what the store needs.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "support/some_blob.h"
#include "support/status_matchers.h"

namespace verdict::testing {

template <typename Fixture>
class AggregateStoreContract : public ::testing::Test {
 protected:
  using State = aggregate::BlobResult::State;
  void SetUp() override {
    store_ = fixture_.Open();
    if (store_ == nullptr) GTEST_SKIP() << "skipped: what this store needs is not installed";
  }
  void Reopen() {
    store_.reset();
    store_ = fixture_.Open();
  }
  absl::Status Put(const aggregate::BlobKey& key, const feature::Blob& blob) {
    const aggregate::BlobWrite write{key, blob};
    return store_->PutIfNewer({&write, 1});
  }
  aggregate::BlobResult Read(const aggregate::BlobKey& key) {
    auto results = store_->GetNow({&key, 1});
    EXPECT_THAT(results, IsOk());
    return results->front();
  }
  Fixture fixture_;
  std::unique_ptr<aggregate::AggregateStore> store_;
};

TYPED_TEST_SUITE_P(AggregateStoreContract);

TYPED_TEST_P(AggregateStoreContract, TellsAbsentFromFound) {
  using State = aggregate::BlobResult::State;
  EXPECT_EQ(this->Read(SomeKey(1, 1)).state, State::kAbsent);
  ASSERT_THAT(this->Put(SomeKey(1, 1), SomeBlob(1, 100, 0, 5)), IsOk());
  EXPECT_EQ(this->Read(SomeKey(1, 1)).state, State::kFound);
  EXPECT_EQ(this->Read(SomeKey(1, 1)).blob, SomeBlob(1, 100, 0, 5));
  EXPECT_EQ(this->Read(SomeKey(2, 1)).state, State::kAbsent);
  EXPECT_EQ(this->Read(SomeKey(1, 2)).state, State::kAbsent);
}

TYPED_TEST_P(AggregateStoreContract, ReplacesOnlyWithWhatIsNewer) {
  ASSERT_THAT(this->Put(SomeKey(1, 1), SomeBlob(1, 100, 1, 5)), IsOk());
  for (const auto& older :
       {SomeBlob(1, 99, 9, 6), SomeBlob(1, 100, 0, 7), SomeBlob(1, 100, 1, 8)}) {
    ASSERT_THAT(this->Put(SomeKey(1, 1), older), IsOk());
    EXPECT_EQ(this->Read(SomeKey(1, 1)).blob, SomeBlob(1, 100, 1, 5));
  }
  ASSERT_THAT(this->Put(SomeKey(1, 1), SomeBlob(1, 100, 2, 9)), IsOk());
  EXPECT_EQ(this->Read(SomeKey(1, 1)).blob, SomeBlob(1, 100, 2, 9));
  ASSERT_THAT(this->Put(SomeKey(1, 1), SomeBlob(1, 101, 0, 10)), IsOk());
  EXPECT_EQ(this->Read(SomeKey(1, 1)).blob, SomeBlob(1, 101, 0, 10));
}

TYPED_TEST_P(AggregateStoreContract, AnswersEveryKeyInOrderOnItsOwnThread) {
  using State = aggregate::BlobResult::State;
  ASSERT_THAT(this->Put(SomeKey(1, 3), SomeBlob(1, 100, 0, 3)), IsOk());
  ASSERT_THAT(this->Put(SomeKey(2, 1), SomeBlob(2, 100, 0, 4)), IsOk());
  std::promise<std::vector<aggregate::BlobResult>> answered;
  this->store_->Get({SomeKey(2, 1), SomeKey(1, 9), SomeKey(1, 3)}, std::chrono::seconds(60),
                    [&answered](std::vector<aggregate::BlobResult> results) {
                      answered.set_value(std::move(results));
                    });
  const std::vector<aggregate::BlobResult> results = answered.get_future().get();
  ASSERT_EQ(results.size(), 3u);
  EXPECT_EQ(results[0].blob, SomeBlob(2, 100, 0, 4));
  EXPECT_EQ(results[1].state, State::kAbsent);
  EXPECT_EQ(results[2].blob, SomeBlob(1, 100, 0, 3));
}

TYPED_TEST_P(AggregateStoreContract, SwapsAManifestOnlyForTheExpectedOne) {
  aggregate::Manifest first;
  first.state = aggregate::Manifest::State::kAnnounced;
  first.cut = 100;
  first.cut_time_ms = 8'640'000'000;
  first.offsets = {1, 2, 3};
  first.log_id = "log";
  EXPECT_EQ(*this->store_->GetManifest(7), aggregate::Manifest());
  ASSERT_THAT(this->store_->CompareAndSwapManifest(7, aggregate::Manifest(), first), IsOk());
  EXPECT_EQ(*this->store_->GetManifest(7), first);
  EXPECT_EQ(*this->store_->GetManifest(8), aggregate::Manifest());
  aggregate::Manifest second = first;
  second.state = aggregate::Manifest::State::kPublished;
  second.published = 100;
  second.published_offsets = {1, 2, 3};
  second.sum = -5;
  EXPECT_THAT(this->store_->CompareAndSwapManifest(7, aggregate::Manifest(), second),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(*this->store_->GetManifest(7), first);
  ASSERT_THAT(this->store_->CompareAndSwapManifest(7, first, second), IsOk());
  EXPECT_EQ(*this->store_->GetManifest(7), second);
}

TYPED_TEST_P(AggregateStoreContract, ScansOneMeasureInKeyOrder) {
  for (const uint8_t entity : {9, 2, 200}) {
    ASSERT_THAT(this->Put(SomeKey(1, entity), SomeBlob(1, 100, 0, entity)), IsOk());
  }
  ASSERT_THAT(this->Put(SomeKey(2, 5), SomeBlob(2, 100, 0, 5)), IsOk());
  std::vector<int> seen;
  ASSERT_THAT(this->store_->Scan(1,
                                 [&seen](const model::EntityKey& key, const feature::Blob& blob) {
                                   EXPECT_EQ(blob.measure_hash, 1u);
                                   seen.push_back(key.bytes[3]);
                                   return absl::OkStatus();
                                 }),
              IsOk());
  EXPECT_EQ(seen, (std::vector<int>{2, 9, 200}));
  EXPECT_THAT(
      this->store_->Scan(1, [](const model::EntityKey&,
                               const feature::Blob&) { return absl::CancelledError("enough"); }),
      StatusIs(absl::StatusCode::kCancelled));
}

TYPED_TEST_P(AggregateStoreContract, KeepsEverythingThroughAReopening) {
  ASSERT_THAT(this->Put(SomeKey(1, 1), SomeBlob(1, 100, 0, 5)), IsOk());
  aggregate::Manifest manifest;
  manifest.state = aggregate::Manifest::State::kAnnounced;
  manifest.cut = 100;
  ASSERT_THAT(this->store_->CompareAndSwapManifest(1, aggregate::Manifest(), manifest), IsOk());
  this->Reopen();
  EXPECT_EQ(this->Read(SomeKey(1, 1)).blob, SomeBlob(1, 100, 0, 5));
  EXPECT_EQ(*this->store_->GetManifest(1), manifest);
}

REGISTER_TYPED_TEST_SUITE_P(AggregateStoreContract, TellsAbsentFromFound,
                            ReplacesOnlyWithWhatIsNewer, AnswersEveryKeyInOrderOnItsOwnThread,
                            SwapsAManifestOnlyForTheExpectedOne, ScansOneMeasureInKeyOrder,
                            KeepsEverythingThroughAReopening);

}  // namespace verdict::testing
