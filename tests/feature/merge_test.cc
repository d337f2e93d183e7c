// The merge and the last step to a value, case by case.
#include "feature/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace verdict::feature {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr model::DayNumber kToday = 18'000;

Tile PaymentTile(int64_t amount) {
  return {.sum = amount, .count = 1, .min = amount, .max = amount, .marks = 0};
}

Tile MarkedTile(uint8_t mark) {
  Tile tile;
  tile.marks = mark;
  return tile;
}

struct Answer {
  Tile tile;
  uint16_t reasons = 0;
};

Answer Merged(const MeasureView& view, int window_days, model::DayNumber day = kToday) {
  Answer answer;
  answer.reasons = 0xffff;  // must be replaced
  answer.tile = MergeWindow(view, window_days, day, &answer.reasons, nullptr);
  return answer;
}

// The picture of AGGREGATES.md section 3: before, during and after the upload of cut 8.
class Seam : public ::testing::Test {
 protected:
  static DayTile On(int days_ago, int64_t amount) {
    return {kToday - days_ago, PaymentTile(amount)};
  }
  static LiveCell Cell(CutId epoch, int days_ago, int64_t amount) {
    return {epoch, kToday - days_ago, PaymentTile(amount)};
  }

  const Blob cut7_ = {1, 7, 0, {On(30, 410), On(29, 900), On(3, 120), On(1, 10)}, {}};
  const Blob cut8_ = {1, 8, 0, {On(30, 410), On(29, 900), On(3, 135), On(1, 520), On(0, 5)}, {}};
  const std::vector<LiveCell> live_ = {Cell(7, 3, 15), Cell(7, 1, 510), Cell(7, 0, 5),
                                       Cell(8, 1, 8), Cell(8, 0, 95)};
  const std::vector<DayTile> overlay_ = {On(0, 20), On(0, 50)};
  const int64_t total_ = 900 + 135 + 10 + 510 + 8 + 5 + 95 + 20 + 50;
};

TEST_F(Seam, TotalIsTheSameBeforeAndAfterTheUpload) {
  for (const Blob* blob : {&cut7_, &cut8_}) {
    const Answer answer =
        Merged({.blob = blob, .live = live_, .overlay = overlay_, .newest_epoch = 8}, 30);
    EXPECT_EQ(answer.tile.sum, total_) << blob->cut;
    EXPECT_EQ(answer.reasons, 0) << blob->cut;
  }
}

TEST_F(Seam, WithoutABlobEveryLiveCellCounts) {
  const Answer quiet = Merged({.live = live_, .newest_epoch = 8}, 30);
  EXPECT_EQ(quiet.tile.sum, 15 + 510 + 5 + 8 + 95);
  EXPECT_EQ(quiet.reasons, 0);
  const Answer failed =
      Merged({.blob = &cut8_, .blob_failed = true, .live = live_, .newest_epoch = 8}, 30);
  EXPECT_EQ(failed.tile.sum, quiet.tile.sum);
  EXPECT_EQ(failed.reasons, model::kPartialBatch);
}

TEST_F(Seam, BlobAheadOfThisReplicaIsPartialBehind) {
  EXPECT_EQ(Merged({.blob = &cut8_, .newest_epoch = 7}, 30).reasons, model::kPartialBehind);
  EXPECT_EQ(Merged({.blob = &cut8_, .newest_epoch = 8}, 30).reasons, 0);
  EXPECT_EQ(Merged({.blob = &cut8_, .blob_failed = true, .newest_epoch = 7}, 30).reasons,
            model::kPartialBatch);
}

TEST_F(Seam, PartsSayWhereTheTotalComesFrom) {
  std::vector<Part> parts;
  uint16_t reasons = 0;
  const Tile tile =
      MergeWindow({.blob = &cut8_, .live = live_, .overlay = overlay_, .newest_epoch = 8}, 30,
                  kToday, &reasons, &parts);
  Tile sum_of_parts;
  for (const Part& part : parts) sum_of_parts.Merge(part.tile);
  EXPECT_EQ(sum_of_parts, tile);
  ASSERT_EQ(parts.size(), 4u + 2u + 2u);
  EXPECT_EQ(parts[0].source, Part::Source::kBatch);
  EXPECT_EQ(parts[0].cut, 8);
  EXPECT_EQ(parts[0].day, kToday - 29);
  EXPECT_EQ(parts[4].source, Part::Source::kLive);
  EXPECT_EQ(parts[7].source, Part::Source::kProvisional);
}

TEST(MergeWindow, HoldsTheFirstAndTheLastDayAndNoOther) {
  const std::vector<model::DayNumber> days = {kToday - 30, kToday - 29, kToday, kToday + 1};
  Blob blob{1, 5, 0, {}, {}};
  std::vector<LiveCell> live;
  std::vector<DayTile> overlay;
  int64_t amount = 1;
  for (const model::DayNumber day : days) {
    blob.tiles.push_back({day, PaymentTile(amount)});
    live.push_back({5, day, PaymentTile(amount * 10'000)});
    overlay.push_back({day, PaymentTile(amount * 100'000'000)});
    amount *= 10;
  }
  const MeasureView view{.blob = &blob, .live = live, .overlay = overlay, .newest_epoch = 5};
  EXPECT_EQ(Merged(view, 30).tile.sum, 11'0011'0011'0);
  EXPECT_EQ(Merged(view, 29).tile.sum, 10'0010'0010'0);
  EXPECT_EQ(Merged(view, 31).tile.sum, 11'1011'1011'1);
  EXPECT_EQ(Merged(view, 1).tile.sum, 10'0010'0010'0);
  EXPECT_EQ(Merged(view, 1, kToday - 1).tile.sum, 0);
}

TEST(MergeWindow, ForgetsAMaximumThatLeavesTheWindow) {
  const Blob blob{1, 5, 0, {{kToday - 7, PaymentTile(900)}, {kToday - 2, PaymentTile(30)}}, {}};
  const MeasureView view{.blob = &blob, .newest_epoch = 5};
  EXPECT_EQ(Merged(view, 8).tile.max, 900);
  EXPECT_EQ(Merged(view, 7).tile.max, 30);
  EXPECT_EQ(Merged(view, 8, kToday + 1).tile.max, 30);
  EXPECT_FALSE(Merged(view, 2).tile.has_extremes());
}

TEST(MergeWindow, SaysTooOldWhereTheWindowReachesBeforeTheDaysKept) {
  const MeasureView view{.oldest_day_kept = kToday - 29};
  EXPECT_EQ(Merged(view, 30).reasons, 0);
  EXPECT_EQ(Merged(view, 31).reasons, model::kPartialTooOld);
}

TEST(MergeWindow, SaysWhatTheMarksOfItsPartsSay) {
  const Blob blob{
      1, 5, 0, {{kToday - 7, MarkedTile(kMarkRange)}, {kToday, MarkedTile(kMarkFx)}}, {}};
  const std::vector<LiveCell> live = {{5, kToday, MarkedTile(kMarkLimit)}};
  const MeasureView view{.blob = &blob, .live = live, .newest_epoch = 5};
  EXPECT_EQ(Merged(view, 7).reasons, model::kPartialFx | model::kPartialLimit);
  EXPECT_EQ(Merged(view, 8).reasons,
            model::kPartialFx | model::kPartialLimit | model::kPartialRange);
}

TEST(MergeWindow, CarriesTheReasonsOfTheView) {
  const MeasureView view{.oldest_day_kept = kToday, .reasons = model::kPartialRebuilding};
  EXPECT_EQ(Merged(view, 2).reasons, model::kPartialRebuilding | model::kPartialTooOld);
}

class Finalizing : public ::testing::Test {
 protected:
  static Feature Of(Aggregate aggregate, const std::string& currency = "") {
    Feature feature;
    feature.aggregate = aggregate;
    feature.money = !currency.empty();
    feature.money_currency = currency;
    return feature;
  }
};

TEST_F(Finalizing, EmptyWindowIsZeroForSumAndCountAndMissingForTheOthers) {
  for (const Aggregate aggregate : {Aggregate::kSum, Aggregate::kCount}) {
    const FeatureResult result = Finalize(Of(aggregate), Tile{}, 0);
    EXPECT_TRUE(result.known);
    EXPECT_FALSE(result.reads_as_missing);
    EXPECT_EQ(result.integer, 0);
    EXPECT_EQ(result.provenance, model::Provenance::kFull);
  }
  for (const Aggregate aggregate : {Aggregate::kAvg, Aggregate::kMin, Aggregate::kMax}) {
    const FeatureResult result = Finalize(Of(aggregate), Tile{}, 0);
    EXPECT_FALSE(result.known);
    EXPECT_TRUE(result.reads_as_missing);
    EXPECT_EQ(result.provenance, model::Provenance::kFull);
  }
}

TEST_F(Finalizing, MoneyIsReadInMajorUnits) {
  const Tile tile{.sum = 123'450, .count = 4, .min = 50, .max = 100'000, .marks = 0};
  EXPECT_EQ(Finalize(Of(Aggregate::kSum, "EUR"), tile, 0).integer, 123'450);
  EXPECT_EQ(Finalize(Of(Aggregate::kSum, "EUR"), tile, 0).real, 1'234.5);
  EXPECT_EQ(Finalize(Of(Aggregate::kSum, "JPY"), tile, 0).real, 123'450.0);
  EXPECT_EQ(Finalize(Of(Aggregate::kMin, "EUR"), tile, 0).real, 0.5);
  EXPECT_EQ(Finalize(Of(Aggregate::kMax, "BHD"), tile, 0).real, 100.0);
  EXPECT_EQ(Finalize(Of(Aggregate::kAvg, "EUR"), tile, 0).real, 308.625);
  EXPECT_EQ(Finalize(Of(Aggregate::kAvg), tile, 0).real, 30'862.5);
  EXPECT_EQ(Finalize(Of(Aggregate::kCount), tile, 0).integer, 4);
}

TEST_F(Finalizing, SumsBeyondInt64SaturateAndSaySo) {
  Tile tile;
  tile.sum = Int128{kMax};
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).reasons, 0);
  tile.sum += 1;
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).integer, kMax);
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).reasons, model::kPartialRange);
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).provenance, model::Provenance::kPartial);
  EXPECT_FALSE(Finalize(Of(Aggregate::kSum), tile, 0).reads_as_missing);
  tile.sum = Int128{kMin};
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).reasons, 0);
  tile.sum -= 1;
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).integer, kMin);
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), tile, 0).reasons, model::kPartialRange);
}

TEST_F(Finalizing, SumsMayPassBeyondInt64OnTheirWay) {
  const std::vector<LiveCell> live = {{1, kToday, PaymentTile(kMax)},
                                      {1, kToday, PaymentTile(kMax)},
                                      {1, kToday, {.sum = Int128{-2} * kMax, .count = 0}}};
  const Answer answer = Merged({.live = live, .newest_epoch = 1}, 1);
  EXPECT_EQ(Finalize(Of(Aggregate::kSum), answer.tile, answer.reasons).integer, 0);
  EXPECT_EQ(Finalize(Of(Aggregate::kMax), answer.tile, answer.reasons).integer, kMax);
  EXPECT_EQ(answer.reasons, 0);
}

TEST_F(Finalizing, AveragesRoundHalvesToTheEvenDigit) {
  const auto average = [](Int128 sum, int64_t count) {
    return Finalize(Of(Aggregate::kAvg), {.sum = sum, .count = count}, 0).real;
  };
  EXPECT_EQ(average(1, 20'000), 0.0);     // 0.00005 -> 0.0000
  EXPECT_EQ(average(3, 20'000), 0.0002);  // 0.00015 -> 0.0002
  EXPECT_EQ(average(5, 20'000), 0.0002);  // 0.00025 -> 0.0002
  EXPECT_EQ(average(-1, 20'000), 0.0);
  EXPECT_EQ(average(-3, 20'000), -0.0002);
  EXPECT_EQ(average(2, 3), 0.6667);
  EXPECT_EQ(average(-2, 3), -0.6667);
  EXPECT_EQ(average(10, 4), 2.5);
}

TEST_F(Finalizing, AveragesNeedACountAboveZero) {
  EXPECT_FALSE(Finalize(Of(Aggregate::kAvg), {.sum = 5, .count = 0}, 0).known);
  EXPECT_FALSE(Finalize(Of(Aggregate::kAvg), {.sum = 5, .count = -1}, 0).known);
}

TEST_F(Finalizing, AveragesBeyondInt64SaturateAndSaySo) {
  const FeatureResult high =
      Finalize(Of(Aggregate::kAvg), {.sum = Int128{kMax} * 10, .count = 2}, 0);
  EXPECT_EQ(high.real, static_cast<double>(kMax));
  EXPECT_EQ(high.reasons, model::kPartialRange);
}

TEST_F(Finalizing, MissingReasonsHideTheValueUnlessItsAuthorAskedForIt) {
  Feature feature = Of(Aggregate::kSum);
  const Tile tile = PaymentTile(5);
  for (int bit = 0; bit < 12; ++bit) {
    const auto reason = static_cast<uint16_t>(1 << bit);
    const bool hidden = (reason & model::kPartialReadsAsMissing) != 0;
    feature.use_partial = false;
    EXPECT_EQ(Finalize(feature, tile, reason).reads_as_missing, hidden) << bit;
    EXPECT_EQ(Finalize(feature, tile, reason).provenance, model::Provenance::kPartial) << bit;
    EXPECT_EQ(Finalize(feature, tile, reason).integer, 5) << bit;
    feature.use_partial = true;
    EXPECT_FALSE(Finalize(feature, tile, reason).reads_as_missing) << bit;
  }
}

TEST(UnknownAmount, IsMissingAndPartialFx) {
  const FeatureResult result = UnknownAmount();
  EXPECT_FALSE(result.known);
  EXPECT_TRUE(result.reads_as_missing);
  EXPECT_EQ(result.reasons, model::kPartialFx);
  EXPECT_EQ(result.provenance, model::Provenance::kPartial);
}

class Storing : public ::testing::Test {
 protected:
  Storing() {
    record_.Reset(5);
    record_.slots[1] = record_.slots[2] = rule::Value::Int(77);
    feature_.slot = 1;
    feature_.age_slot = 3;
    feature_.provenance_slot = 4;
    result_.known = true;
    result_.integer = 123'450;
    result_.real = 1'234.5;
  }
  Feature feature_;
  FeatureResult result_;
  rule::Record record_;
};

TEST_F(Storing, MoneyFillsItsDoubleAndItsMinorUnits) {
  feature_.aggregate = Aggregate::kSum;
  feature_.money = true;
  feature_.minor_slot = 2;
  StoreResult(feature_, result_, 2'500, &record_);
  EXPECT_EQ(record_.slots[1].kind(), rule::Kind::kDouble);
  EXPECT_EQ(record_.slots[1].real(), 1'234.5);
  EXPECT_EQ(record_.slots[2].kind(), rule::Kind::kInt);
  EXPECT_EQ(record_.slots[2].integer(), 123'450);
}

TEST_F(Storing, CountsAndPlainSumsAreIntsAndAveragesDoubles) {
  feature_.aggregate = Aggregate::kCount;
  StoreResult(feature_, result_, 2'500, &record_);
  EXPECT_EQ(record_.slots[1].kind(), rule::Kind::kInt);
  EXPECT_EQ(record_.slots[1].integer(), 123'450);
  EXPECT_EQ(record_.slots[2].integer(), 77) << "not its slot";
  feature_.aggregate = Aggregate::kAvg;
  StoreResult(feature_, result_, 2'500, &record_);
  EXPECT_EQ(record_.slots[1].kind(), rule::Kind::kDouble);
}

TEST_F(Storing, WhatReadsAsMissingOrIsNotKnownEmptiesBothSlots) {
  feature_.minor_slot = 2;
  result_.reads_as_missing = true;
  StoreResult(feature_, result_, 2'500, &record_);
  EXPECT_TRUE(record_.slots[1].is_missing());
  EXPECT_EQ(record_.slots[1].missing_slot(), 1);
  EXPECT_TRUE(record_.slots[2].is_missing());
  EXPECT_EQ(record_.slots[3].missing_slot(), 3);
  EXPECT_EQ(record_.slots[4].missing_slot(), 4);
  record_.slots[1] = rule::Value::Int(77);
  StoreResult(feature_, FeatureResult{}, 2'500, &record_);
  EXPECT_TRUE(record_.slots[1].is_missing());
}

TEST_F(Storing, SaysHowOldAndHowGoodTheValueIs) {
  result_.provenance = model::Provenance::kStale;
  StoreResult(feature_, result_, 2'500, &record_);
  EXPECT_EQ(rule::FormatValue(record_.slots[3], nullptr), "2.5s");
  EXPECT_EQ(record_.slots[4].string(), "STALE");
  StoreResult(feature_, result_, std::numeric_limits<int64_t>::max(), &record_);
  EXPECT_GT(record_.slots[3].integer(), int64_t{290} * 365 * 86'400 * 1'000'000'000)
      << "as old as a duration can be, not an overflow";
}

TEST_F(Finalizing, GivesVarianceAndDeviationInMajorUnits) {
  Tile tile = Tile::OfSquares(100 * 100 + 200 * 200 + 600 * 600);
  tile.sum = 900;
  tile.count = 3;
  const double variance = 140'000.0 / 3;
  const FeatureResult in_euros = Finalize(Of(Aggregate::kVariance, "EUR"), tile, 0);
  EXPECT_TRUE(in_euros.known);
  EXPECT_DOUBLE_EQ(in_euros.real, variance / 10'000);
  EXPECT_DOUBLE_EQ(Finalize(Of(Aggregate::kStddev, "EUR"), tile, 0).real,
                   std::sqrt(variance) / 100);
  EXPECT_DOUBLE_EQ(Finalize(Of(Aggregate::kStddev), tile, 0).real, std::sqrt(variance));
  EXPECT_FALSE(Finalize(Of(Aggregate::kStddev), Tile{}, 0).known) << "of no payments";
  tile.marks = kMarkRange;
  EXPECT_EQ(ReasonsOfMarks(tile.marks), model::kPartialRange);
}

TEST_F(Finalizing, GivesTheNewestValueAndTheMoments) {
  const Tile last = Tile::OfLast(LastPlace(1'000, 1), 12'345);
  EXPECT_EQ(Finalize(Of(Aggregate::kLast, "EUR"), last, 0).integer, 12'345);
  EXPECT_EQ(Finalize(Of(Aggregate::kLast, "EUR"), last, 0).real, 123.45);
  EXPECT_FALSE(Finalize(Of(Aggregate::kLast), Tile{}, 0).known);
  const Tile seen{.sum = 0, .count = 2, .min = 5'000, .max = 9'000};
  EXPECT_EQ(Finalize(Of(Aggregate::kFirstSeen), seen, 0).integer, 5'000);
  EXPECT_EQ(Finalize(Of(Aggregate::kLastSeen), seen, 0).integer, 9'000);
  EXPECT_FALSE(Finalize(Of(Aggregate::kLastSeen), Tile{}, 0).known);
}

TEST_F(Finalizing, GivesRulesATimestampForAMoment) {
  rule::Record record;
  record.slots.assign(4, rule::Value::Missing(0));
  Feature feature = Of(Aggregate::kLastSeen);
  feature.slot = 1;
  feature.age_slot = 2;
  feature.provenance_slot = 3;
  FeatureResult result;
  result.known = true;
  result.integer = 1'700'000'000'123;
  StoreResult(feature, result, 0, &record);
  EXPECT_EQ(record.slots[1].kind(), rule::Kind::kTimestamp);
  EXPECT_EQ(record.slots[1].integer(), 1'700'000'000'123);
}

TEST(MergeSliding, TakesProvisionalsThatLieInTheWindow) {
  const SlidingWindow window{.after_ms = 1000, .until_ms = 2000};
  const std::vector<TimedTile> overlay = {{1000, PaymentTile(1)},
                                          {1001, PaymentTile(20)},
                                          {2000, PaymentTile(300)},
                                          {2001, PaymentTile(4000)}};
  uint16_t reasons = model::kPartialLimit;
  std::vector<Part> parts;
  const Tile total = MergeSliding(window, PaymentTile(50'000), overlay, &reasons, &parts);
  EXPECT_EQ(total, (Tile{.sum = 50'320, .count = 3, .min = 20, .max = 50'000}));
  EXPECT_EQ(reasons, model::kPartialLimit);
  ASSERT_EQ(parts.size(), 3u);
  EXPECT_EQ(parts[0].source, Part::Source::kLive);
  EXPECT_EQ(parts[0].window.after_ms, 1000);
  EXPECT_EQ(parts[1].source, Part::Source::kProvisional);
  EXPECT_EQ(parts[1].window.until_ms, 1001);
  EXPECT_EQ(MergeSliding(window, {}, {{{1500, MarkedTile(kMarkFx)}}}, &reasons, nullptr).count, 0);
  EXPECT_EQ(reasons, model::kPartialLimit | model::kPartialFx);
}

}  // namespace
}  // namespace verdict::feature
