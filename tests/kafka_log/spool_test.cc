// Records on disk: their order, their bound, and what a crash or a damaged disk leaves.
#include "kafka_log/spool.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/status_matchers.h"
#include "support/temp_dir.h"

namespace verdict::kafka_log {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using testing::StatusIs;
using testing::TempDir;

constexpr uint64_t kMany = uint64_t{1} << 20;

SpooledRecord Record(int n) { return {"k" + std::to_string(n % 7), "value " + std::to_string(n)}; }

class SpoolTest : public ::testing::Test {
 protected:
  SpoolTest() { options_.folder = dir_ / "spool"; }
  void Open() {
    spool_.reset();
    auto opened = Spool::Open(options_);
    ASSERT_THAT(opened, IsOk());
    spool_ = *std::move(opened);
  }
  void Append(int from, int to) {
    std::vector<SpooledRecord> records;
    for (int n = from; n < to; ++n) records.push_back(Record(n));
    EXPECT_EQ(*spool_->Append(records), records.size());
  }
  // Takes all of it out; the numbers in the order they came.
  std::vector<std::string> TakeAll(uint64_t bytes = 100) {
    std::vector<std::string> values;
    while (true) {
      const auto oldest = spool_->Oldest(bytes);
      EXPECT_THAT(oldest, IsOk());
      if (!oldest.ok() || oldest->empty()) return values;
      for (const SpooledRecord& record : *oldest) values.push_back(record.value);
      EXPECT_THAT(spool_->Drop(oldest->size()), IsOk());
    }
  }
  static std::vector<std::string> Values(int from, int to) {
    std::vector<std::string> values;
    for (int n = from; n < to; ++n) values.push_back(Record(n).value);
    return values;
  }
  std::vector<fs::path> Segments() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(options_.folder)) {
      if (entry.path().extension() == ".spool") found.push_back(entry.path());
    }
    std::sort(found.begin(), found.end());
    return found;
  }
  TempDir dir_;
  Spool::Options options_;
  std::unique_ptr<Spool> spool_;
};

TEST_F(SpoolTest, GivesBackInOrderWhatItTook) {
  Open();
  Append(0, 100);
  EXPECT_EQ(spool_->records(), 100u);
  const auto oldest = spool_->Oldest(1);
  ASSERT_THAT(oldest, IsOk());
  EXPECT_EQ(oldest->at(0), Record(0));
  EXPECT_EQ(spool_->Oldest(1)->at(0), Record(0));  // it stays until it is dropped
  EXPECT_EQ(TakeAll(), Values(0, 100));
  EXPECT_EQ(spool_->records(), 0u);
  EXPECT_EQ(spool_->bytes(), 0u);
  EXPECT_THAT(Segments(), IsEmpty());
}

TEST_F(SpoolTest, GoesOnOverRestartsAndSegments) {
  options_.segment_bytes = 300;
  Open();
  for (int n = 0; n < 100; n += 5) Append(n, n + 5);
  EXPECT_GT(Segments().size(), 5u);
  const auto oldest = spool_->Oldest(100);
  ASSERT_THAT(spool_->Drop(2), IsOk());
  Open();
  EXPECT_EQ(spool_->records(), 98u);
  Append(100, 110);
  EXPECT_EQ(TakeAll(), Values(2, 110));
  Open();
  EXPECT_EQ(spool_->records(), 0u);
  Append(110, 112);
  EXPECT_EQ(TakeAll(), Values(110, 112));
}

TEST_F(SpoolTest, TakesNoMoreThanItMayHold) {
  options_.bytes_max = 500;
  Open();
  std::vector<SpooledRecord> records;
  for (int n = 0; n < 100; ++n) records.push_back(Record(n));
  const auto taken = spool_->Append(records);
  ASSERT_THAT(taken, IsOk());
  EXPECT_GT(*taken, 5u);
  EXPECT_LT(*taken, 50u);
  EXPECT_LE(spool_->bytes(), 500u);
  EXPECT_EQ(*spool_->Append(records), 0u);
  EXPECT_EQ(TakeAll(), Values(0, static_cast<int>(*taken)));
  EXPECT_GT(*spool_->Append(records), 0u);  // room again
}

TEST_F(SpoolTest, ATornTailIsCutOffWhereverItBroke) {
  Open();
  Append(0, 3);
  const fs::path segment = Segments().at(0);
  const uint64_t whole = fs::file_size(segment);
  const uint64_t one = whole / 3;
  spool_.reset();
  const std::string copy = dir_ / "copy";
  fs::copy(segment, copy);
  for (uint64_t size = 2 * one + 1; size < whole; ++size) {
    fs::copy(copy, segment, fs::copy_options::overwrite_existing);
    fs::resize_file(segment, size);
    Open();
    EXPECT_EQ(spool_->records(), 2u) << size;
    EXPECT_EQ(spool_->damaged_bytes(), 0u);
    spool_.reset();
  }
  Open();
  Append(2, 4);
  EXPECT_EQ(TakeAll(), Values(0, 4));
}

TEST_F(SpoolTest, DamageCostsTheRestOfItsSegmentAndIsTold) {
  options_.segment_bytes = 100;
  Open();
  for (int n = 0; n < 12; n += 6) Append(n, n + 6);
  ASSERT_EQ(Segments().size(), 2u);
  {
    std::fstream file(Segments()[0], std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(fs::file_size(Segments()[0]) / 2));
    file.put('\xff');
  }
  std::vector<std::string> left = Values(0, 3);
  for (const std::string& value : Values(6, 12)) left.push_back(value);
  EXPECT_EQ(TakeAll(kMany), left);
  EXPECT_GT(spool_->damaged_bytes(), 0u);
  EXPECT_EQ(spool_->records(), 0u);
}

TEST_F(SpoolTest, DamageThatIsFoundAtTheStartSparesWhatLiesBeforeIt) {
  options_.segment_bytes = 100;
  Open();
  for (int n = 0; n < 12; n += 6) Append(n, n + 6);
  spool_.reset();
  const fs::path first = Segments().at(0);
  const auto middle = static_cast<std::streamoff>(fs::file_size(first) / 2);
  {
    std::fstream file(first, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(middle + 1);
    file.put('\xff');
  }
  Open();
  EXPECT_GT(spool_->damaged_bytes(), 0u);
  const std::vector<std::string> left = TakeAll(kMany);
  EXPECT_EQ(left.size(), 3u + 6u);
  EXPECT_EQ(left.back(), Record(11).value);
}

TEST_F(SpoolTest, AHeadThatIsLostMeansTwiceRatherThanNever) {
  Open();
  Append(0, 10);
  ASSERT_THAT(spool_->Oldest(1), IsOk());
  ASSERT_THAT(spool_->Drop(1), IsOk());
  spool_.reset();
  std::ofstream(options_.folder + "/head", std::ios::trunc) << "nonsense";
  Open();
  EXPECT_EQ(TakeAll(), Values(0, 10));
}

TEST_F(SpoolTest, BelongsToOneProcess) {
  Open();
  EXPECT_THAT(Spool::Open(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("another process")));
  options_.folder = dir_ / "file";
  std::ofstream(options_.folder) << "x";
  EXPECT_THAT(Spool::Open(options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(options_.folder)));
}

}  // namespace
}  // namespace verdict::kafka_log
