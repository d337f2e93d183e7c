// The seam in DAY mode: days before b come from the blob, b and later ones from memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "feature/merge.h"

namespace verdict::feature {
namespace {

constexpr model::DayNumber kToday = 18'000;
constexpr uint8_t kLate = 2;
constexpr model::DayNumber kB = kToday - kLate;  // imported as early as can be

Tile Amount(int64_t amount) { return {.sum = amount, .count = 1, .min = amount, .max = amount}; }
DayTile On(int days_ago, int64_t amount) { return {kToday - days_ago, Amount(amount)}; }
LiveCell Cell(int epochs_ago, int days_ago, int64_t amount) {
  return {kToday - epochs_ago, kToday - days_ago, Amount(amount)};
}

Blob ImportedUpTo(model::DayNumber b, std::vector<DayTile> tiles) {
  Blob blob;
  blob.measure_hash = 1;
  blob.cut = b;
  blob.tiles = std::move(tiles);
  blob.day = {.late_days = kLate, .first_day = kToday - 60};
  return blob;
}

struct Answer {
  int64_t sum = 0;
  uint16_t reasons = 0;
};
Answer Merged(const MeasureView& view, int window_days = 30) {
  Answer answer;
  answer.reasons = 0xffff;  // must be replaced
  answer.sum =
      static_cast<int64_t>(MergeWindow(view, window_days, kToday, &answer.reasons, nullptr).sum);
  return answer;
}

// What the lake and the log hold: 5 days ago 100, 4: 10 and, late, 1; 3: 1000; 1: 20; today 3.
class DaySeam : public ::testing::Test {
 protected:
  const Blob old_ = ImportedUpTo(kToday - 4, {On(30, 7), On(5, 100)});
  const Blob new_ = ImportedUpTo(kB, {On(30, 7), On(5, 100), On(4, 11), On(3, 1000)});
  // In whatever epoch it was recorded.
  const std::vector<LiveCell> live_ = {Cell(5, 5, 100),  Cell(4, 4, 10), Cell(2, 4, 1),
                                       Cell(3, 3, 1000), Cell(1, 1, 20), Cell(0, 0, 3)};
  const int64_t total_ = 100 + 11 + 1000 + 20 + 3;
};

TEST_F(DaySeam, TheTotalIsTheSameBeforeAndAfterAnImport) {
  for (const Blob* blob : {&old_, &new_}) {
    const Answer answer = Merged({.blob = blob, .live = live_, .newest_epoch = kToday});
    EXPECT_EQ(answer.sum, total_) << blob->cut;
    EXPECT_EQ(answer.reasons, 0) << blob->cut;
  }
}

TEST_F(DaySeam, TheDayBeforeBIsTheBatchsAndDayBIsMemorys) {
  const Blob blob = ImportedUpTo(kB, {On(3, 1)});
  const std::vector<LiveCell> live = {Cell(0, 3, 10), Cell(0, 2, 100), Cell(0, 1, 1000)};
  EXPECT_EQ(Merged({.blob = &blob, .live = live, .newest_epoch = kToday}).sum, 1 + 100 + 1000);
  EXPECT_EQ(LiveFrom({.blob = &blob}), kB);
}

TEST_F(DaySeam, EveryDayIsMemorysWhileNothingIsImported) {
  const DayMode announced = {.late_days = kLate};
  EXPECT_EQ(LiveFrom({.day_mode = &announced}), kNoDay);
  const Answer answer = Merged({.live = live_, .newest_epoch = kToday, .day_mode = &announced});
  EXPECT_EQ(answer.sum, total_);
  EXPECT_EQ(answer.reasons, 0);
}

TEST_F(DaySeam, AKeyThatTheStoreDoesNotHaveHasNothingBeforeTheImport) {
  const DayMode mode = {.late_days = kLate, .before = kB, .first_day = kToday - 60};
  const Answer answer = Merged({.live = live_, .newest_epoch = kToday, .day_mode = &mode});
  EXPECT_EQ(answer.sum, 20 + 3);
  EXPECT_EQ(answer.reasons, 0);
}

TEST_F(DaySeam, ProvisionalsCountOnWhateverDay) {
  const std::vector<DayTile> overlay = {On(0, 50), On(4, 60)};  // the payment itself may be old
  EXPECT_EQ(Merged({.blob = &new_, .live = live_, .overlay = overlay, .newest_epoch = kToday}).sum,
            total_ + 110);
}

TEST_F(DaySeam, WhatWasRecordedInTimeAndIsNotSeenHereYetIsPartialBehind) {
  EXPECT_EQ(Merged({.blob = &new_, .live = live_, .newest_epoch = kB + kLate - 1}).reasons,
            model::kPartialBehind);
  EXPECT_EQ(Merged({.blob = &new_, .live = live_, .newest_epoch = kB + kLate}).reasons, 0);
}

TEST_F(DaySeam, DaysBeforeTheFirstImportedOneAreTooOld) {
  Blob blob = new_;
  blob.day->first_day = kToday - 29;
  EXPECT_EQ(Merged({.blob = &blob, .newest_epoch = kToday}, 30).reasons, 0);
  EXPECT_EQ(Merged({.blob = &blob, .newest_epoch = kToday}, 31).reasons, model::kPartialTooOld);
  const DayMode mode = {.late_days = kLate, .before = kB, .first_day = kToday - 29};
  EXPECT_EQ(Merged({.newest_epoch = kToday, .day_mode = &mode}, 30).reasons, 0);
  EXPECT_EQ(Merged({.newest_epoch = kToday, .day_mode = &mode}, 31).reasons, model::kPartialTooOld);
}

TEST_F(DaySeam, DaysThatNeitherTheImportNorTheLogHoldsArePartialBefore) {
  DayMode mode = {.late_days = kLate,
                  .before = kB,
                  .first_day = kToday - 60,
                  .log_from = kToday - 1};  // kB is nobody's
  EXPECT_EQ(Merged({.blob = &new_, .newest_epoch = kToday, .day_mode = &mode}, 3).reasons,
            model::kPartialBefore);
  EXPECT_EQ(Merged({.blob = &new_, .newest_epoch = kToday, .day_mode = &mode}, 2).reasons, 0);
  mode.log_from = kB;
  EXPECT_EQ(Merged({.blob = &new_, .newest_epoch = kToday, .day_mode = &mode}, 30).reasons, 0);
  EXPECT_EQ(Merged({.blob = &old_, .newest_epoch = kToday, .day_mode = &mode}, 30).reasons,
            model::kPartialBefore)
      << "the older blob leaves two days more to the log";
}

TEST_F(DaySeam, ABlobThatLeavesDaysToMemoryThatAreGoneThereIsSuspect) {
  const DayMode mode = {
      .late_days = kLate, .before = kB, .first_day = kToday - 60, .kept_from = kB};
  EXPECT_EQ(Merged({.blob = &old_, .newest_epoch = kToday, .day_mode = &mode}).reasons,
            model::kPartialSuspect);
  EXPECT_EQ(Merged({.blob = &new_, .newest_epoch = kToday, .day_mode = &mode}).reasons, 0);
}

TEST_F(DaySeam, ABlobThatWasNotReadIsPartialBatchWhateverTheMode) {
  const DayMode mode = {.late_days = kLate, .before = kB, .first_day = kToday - 60};
  const Answer answer =
      Merged({.blob = &new_, .blob_failed = true, .newest_epoch = kToday, .day_mode = &mode});
  EXPECT_EQ(answer.reasons, model::kPartialBatch);
}

}  // namespace
}  // namespace verdict::feature
