// A lost store gets everything again, says how far it is, and goes on where it was broken off.
#include "aggregate/upload_all.h"

#include <array>
#include <vector>

#include "support/fake_aggregate_store.h"
#include "support/some_blob.h"
#include "support/status_matchers.h"

namespace verdict::aggregate {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::FakeAggregateStore;
using ::verdict::testing::IsOk;
using ::verdict::testing::SomeBlob;
using ::verdict::testing::SomeKey;
using ::verdict::testing::StatusIs;

constexpr std::array<uint64_t, 2> kMeasures = {1, 2};

class UploadAllTest : public ::testing::Test {
 protected:
  UploadAllTest() {
    for (const uint64_t measure : kMeasures) {
      for (int i = 0; i < 700; ++i) {
        BlobKey key = SomeKey(measure, static_cast<uint8_t>(i));
        key.entity.bytes[2] = static_cast<uint8_t>(i >> 8);
        Put(&from_, {key, SomeBlob(measure, 100, 0, i)});
      }
      EXPECT_THAT(from_.CompareAndSwapManifest(measure, Manifest(), Published(100)), IsOk());
    }
  }
  static void Put(FakeAggregateStore* store, const BlobWrite& write) {
    EXPECT_THAT(store->PutIfNewer({&write, 1}), IsOk());
  }
  static Manifest Published(feature::CutId cut) {
    Manifest manifest;
    manifest.state = Manifest::State::kPublished;
    manifest.cut = manifest.published = cut;
    manifest.log_id = "log";
    return manifest;
  }
  absl::StatusOr<UploadProgress> Upload() { return UploadAll(&from_, &to_, kMeasures, nullptr); }

  FakeAggregateStore from_, to_;
};

TEST_F(UploadAllTest, CopiesEveryBlobAndTheManifests) {
  std::vector<UploadProgress> reports;
  const auto done = UploadAll(&from_, &to_, kMeasures,
                              [&](const UploadProgress& progress) { reports.push_back(progress); });
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(to_.blobs(), from_.blobs());
  for (const uint64_t measure : kMeasures) EXPECT_EQ(*to_.GetManifest(measure), Published(100));
  EXPECT_EQ(done->blobs, 1400u);
  EXPECT_EQ(done->measure, 2u);
  EXPECT_GE(reports.size(), 4u);
  for (size_t i = 1; i < reports.size(); ++i) EXPECT_GE(reports[i].blobs, reports[i - 1].blobs);
  EXPECT_EQ(reports.back().blobs, 1400u);
}

TEST_F(UploadAllTest, GivesTheManifestLastAndGoesOnAfterBreakingOff) {
  to_.FailPutsAfter(900);
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(to_.GetManifest(2)->state, Manifest::State::kNone) << "not before it is whole";
  to_.Heal();
  ASSERT_THAT(Upload(), IsOk());
  EXPECT_EQ(to_.blobs(), from_.blobs());
  ASSERT_THAT(Upload(), IsOk()) << "again";
  EXPECT_EQ(to_.blobs(), from_.blobs());
}

TEST_F(UploadAllTest, LeavesWhatIsNewer) {
  Put(&to_, {SomeKey(1, 5), SomeBlob(1, 101, 0, 999)});
  ASSERT_THAT(Upload(), IsOk());
  EXPECT_EQ(to_.blobs().at({1, SomeKey(1, 5).entity}), SomeBlob(1, 101, 0, 999));
}

TEST_F(UploadAllTest, SaysThatAValueOfTheSameCutIsAnother) {
  Put(&to_, {SomeKey(2, 5), SomeBlob(2, 100, 0, 999)});
  EXPECT_THAT(Upload(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(SomeKey(2, 5).entity.Base64Url())));
  EXPECT_EQ(to_.GetManifest(2)->state, Manifest::State::kNone);
}

TEST_F(UploadAllTest, RefusesATargetThatIsAheadOrOfAnotherLog) {
  ASSERT_THAT(to_.CompareAndSwapManifest(1, Manifest(), Published(101)), IsOk());
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("newer cut")));
  Manifest other = Published(99);
  other.log_id = "another";
  ASSERT_THAT(to_.CompareAndSwapManifest(1, Published(101), other), IsOk());
  EXPECT_THAT(Upload(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("different logs")));
  EXPECT_TRUE(to_.blobs().empty());
}

TEST_F(UploadAllTest, UploadsNothingFromAnEmptyBase) {
  FakeAggregateStore empty;
  const auto done = UploadAll(&empty, &to_, kMeasures, nullptr);
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->blobs, 0u);
  EXPECT_EQ(to_.GetManifest(1)->state, Manifest::State::kNone);
}

}  // namespace
}  // namespace verdict::aggregate
