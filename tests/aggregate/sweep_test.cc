// The sweep finds what the store has lost since, and changes nothing.
#include "aggregate/sweep.h"

#include <algorithm>
#include <set>
#include <vector>

#include "aggregate/folder_world.h"

namespace verdict::aggregate {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SweepTest : public FolderTest {
 protected:
  void FoldDays(int days) {
    for (int day = 1; day <= days; ++day) {
      FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
      ASSERT_THAT(FoldAll(), IsOk());
    }
  }
  std::vector<SweepResult> Sweep() {
    std::vector<uint64_t> hashes;
    for (const feature::Measure& measure : compiled_.set->measures())
      hashes.push_back(measure.hash);
    const auto results = SweepStore(&store_, hashes, nullptr);
    EXPECT_THAT(results, IsOk());
    return *results;
  }
  bool Whole() {
    const auto results = Sweep();
    return std::all_of(results.begin(), results.end(), [](const SweepResult& one) {
      return one.compared && one.differences.empty();
    });
  }
};

TEST_F(SweepTest, FindsTheStoreWholeAfterEveryFold) {
  EXPECT_THAT(Sweep(), SizeIs(2));
  EXPECT_EQ(Sweep()[0].cut, feature::kNoCut);
  EXPECT_THAT(Sweep()[0].differences, IsEmpty());
  for (int day = 1; day <= 20; ++day) {
    FillTo((kFirstDay + day) * kDayMs + 20 * kMinuteMs);
    ASSERT_THAT(FoldAll(), IsOk());
    EXPECT_TRUE(Whole()) << "day " << day;
  }
  EXPECT_EQ(Sweep()[0].cut, kFirstDay + 20);
  EXPECT_GT(Sweep()[0].keys, 0u);
}

TEST_F(SweepTest, FindsEachValueThatIsGoneOrOlderThanItWas) {
  FoldDays(6);
  const auto blobs = store_.blobs();
  for (const auto& [key, blob] : blobs) {
    store_.FailOver({key});
    EXPECT_FALSE(Whole());
    BlobWrite write{{key.measure_hash, key.entity}, blob};
    ASSERT_THAT(store_.PutIfNewer({&write, 1}), IsOk());
    EXPECT_TRUE(Whole());
  }
}

TEST_F(SweepTest, SaysWhatDiffersInWords) {
  FoldDays(3);
  const auto key = store_.blobs().begin()->first;
  store_.FailOver({key});
  for (const SweepResult& result : Sweep()) {
    EXPECT_TRUE(result.compared);
    if (result.measure_hash != key.measure_hash) {
      EXPECT_THAT(result.differences, IsEmpty()) << "another measure";
    } else {
      EXPECT_THAT(result.differences, ::testing::Contains(HasSubstr("were folded")));
      EXPECT_THAT(result.differences, ::testing::Contains(HasSubstr("were written")));
    }
  }
}

TEST_F(SweepTest, DoesNotCompareWhileAFoldIsUnderWay) {
  FoldDays(2);
  FillTo((kFirstDay + 3) * kDayMs + 20 * kMinuteMs);
  auto folder = MakeFolder();
  while (folder->progress().phase != FoldProgress::Phase::kUpload) {
    ASSERT_THAT(folder->Step(), IsOk());
  }
  ASSERT_THAT(folder->Step(), IsOk());
  for (const SweepResult& result : Sweep()) {
    EXPECT_FALSE(result.compared);
    EXPECT_THAT(result.differences, ::testing::ElementsAre(HasSubstr("fold is under way")));
  }
  ASSERT_THAT(folder->Run(nullptr), IsOk());
  EXPECT_TRUE(Whole());
}

TEST_F(SweepTest, SaysWhereNoCensusWasKept) {
  FoldDays(2);
  const uint64_t hash = compiled_.set->measures()[0].hash;
  const Manifest manifest = store_.GetManifest(hash).value();
  Manifest older = manifest;
  older.census = {};
  ASSERT_THAT(store_.CompareAndSwapManifest(hash, manifest, older), IsOk());
  const auto results = Sweep();
  EXPECT_FALSE(results[0].compared);
  EXPECT_THAT(results[0].differences, ::testing::ElementsAre(HasSubstr("heal")));
  EXPECT_TRUE(results[1].compared);
}

TEST_F(SweepTest, EndsWhenItIsTold) {
  FoldDays(1);
  const uint64_t hash = compiled_.set->measures()[0].hash;
  for (uint32_t i = 0; i < 5000; ++i) {
    BlobWrite write;
    write.key.measure_hash = write.blob.measure_hash = hash;
    write.key.entity.bytes[5] = static_cast<uint8_t>(i >> 8);
    write.key.entity.bytes[6] = static_cast<uint8_t>(i);
    ASSERT_THAT(store_.PutIfNewer({&write, 1}), IsOk());
  }
  EXPECT_THAT(SweepStore(&store_, {&hash, 1}, [](uint64_t) { return false; }),
              StatusIs(absl::StatusCode::kCancelled));
}

}  // namespace
}  // namespace verdict::aggregate
