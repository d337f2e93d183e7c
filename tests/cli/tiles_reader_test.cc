// Days that somebody else has added up, as a file gives them: what is taken, what is refused, what
// is left out, and what is said about it.
#include "cli/tiles_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/small_features.h"
#include "support/status_matchers.h"

namespace verdict::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using namespace verdict::testing;  // NOLINT: the test's own words

constexpr char kHeader[] = "entity,id,day,sum,count\n";

class TilesReaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/verdict_tiles_XXXXXX";
    folder_ = mkdtemp(pattern);
    options_.path = folder_ + "/tiles.csv";
    options_.features = features_.get();
    options_.hasher = &hasher_;
    Of("volume_30d");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void Of(const std::string& feature) {
    for (const feature::Feature& one : features_->features()) {
      if (one.name == feature) options_.measure = one.measure;
    }
  }
  absl::StatusOr<Tiles> Read(const std::string& text) {
    std::ofstream(options_.path, std::ios::binary) << text;
    return ReadTiles(options_);
  }
  TilesSummary Summary(const std::string& text) {
    const auto tiles = Read(text);
    EXPECT_THAT(tiles, IsOk());
    return tiles.ok() ? tiles->summary : TilesSummary();
  }
  static model::DayNumber Day(const char* text) { return model::ParseDay(text).value(); }
  static auto Bad(int64_t line, const char* reason) {
    return AllOf(Field(&BadRow::line, line), Field(&BadRow::reason, HasSubstr(reason)));
  }

  const std::shared_ptr<const feature::FeatureSet> features_ = CompileFeatures(SmallDeclarations());
  const model::KeyHasher hasher_{base::SipKey{1, 2}};
  std::string folder_;
  TilesOptions options_;
};

TEST_F(TilesReaderTest, EachRowIsADayOfAnEntity) {
  const auto tiles = Read(std::string(kHeader) +
                          "merchant,m2,2026-05-02,-250,-1\n"
                          "merchant,m1,2026-05-03,9223372036854775807,12\n"
                          "merchant,m1,2026-05-01,100,2\n");
  ASSERT_THAT(tiles, IsOk());
  ASSERT_EQ(tiles->rows.size(), 3u);
  int64_t sum = 0;
  for (const aggregate::ImportedDay& row : tiles->rows) {
    if (row.entity == hasher_.Entity("merchant", "m2")) {
      EXPECT_EQ(row.day, Day("2026-05-02"));
      EXPECT_EQ(row.count, -1);
      sum = row.sum;
    }
    EXPECT_FALSE(row.tile().has_extremes());
  }
  EXPECT_EQ(sum, -250);
  EXPECT_EQ(tiles->before, Day("2026-05-04")) << "the day after the newest";
  EXPECT_EQ(tiles->from, Day("2026-05-01"));
  EXPECT_EQ(tiles->summary.taken, 3);
  EXPECT_EQ(tiles->summary.negative, 1);
  EXPECT_EQ(tiles->summary.bad, 0);
}

TEST_F(TilesReaderTest, ColumnsStandInAnyOrderAndOthersAreNamed) {
  const auto tiles = Read("count,note,day,sum,id,entity\n3,hm,2026-05-01,7,m1,merchant\n");
  ASSERT_THAT(tiles, IsOk());
  ASSERT_EQ(tiles->rows.size(), 1u);
  EXPECT_EQ(tiles->rows[0].sum, 7);
  EXPECT_EQ(tiles->rows[0].count, 3);
  EXPECT_THAT(tiles->summary.other_columns, ElementsAre("note"));
}

TEST_F(TilesReaderTest, AGzipFileIsReadAsItIs) {
  gzFile file = gzopen(options_.path.c_str(), "wb");
  const std::string text = std::string(kHeader) + "merchant,m1,2026-05-01,7,3\n";
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
  EXPECT_EQ(ReadTiles(options_)->rows.size(), 1u);
}

TEST_F(TilesReaderTest, MissingColumnsAreNamedBeforeAnyRow) {
  EXPECT_THAT(Read("entity,id,day,count\nmerchant,m1,2026-05-01,3\n"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("does not name \"sum\""), HasSubstr("entity, id, day"))));
  EXPECT_THAT(Read("entity,id,id,day,sum,count\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"id\" twice")));
  EXPECT_THAT(Read(""), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("entity")));
  EXPECT_THAT(Read(kHeader), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no rows")));
  Of("max_7d");
  EXPECT_THAT(Read(std::string(kHeader) + "merchant,m1,2026-05-01,7,3\n"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"min\"")));
}

TEST_F(TilesReaderTest, ACountNeedsNoSum) {
  Of("count_7d");
  const auto tiles = Read("entity,id,day,count\ncard,c1,2026-05-01,3\n");
  ASSERT_THAT(tiles, IsOk());
  EXPECT_EQ(tiles->rows[0].sum, 0);
  // And where there is one, it is none of a count's state.
  const auto with_sum = Read(std::string(kHeader) + "card,c1,2026-05-01,999,3\n");
  EXPECT_EQ(with_sum->rows[0].sum, 0);
}

TEST_F(TilesReaderTest, ExtremesComeInPairsOrNotAtAll) {
  Of("max_7d");
  const auto tiles = Read(
      "entity,id,day,sum,count,min,max\n"
      "merchant,m1,2026-05-01,70,3,-5,60\n"
      "merchant,m1,2026-05-02,-70,0,,\n"
      "merchant,m1,2026-05-03,70,3,,60\n"
      "merchant,m1,2026-05-04,70,3,61,60\n");
  ASSERT_THAT(tiles, IsOk());
  ASSERT_EQ(tiles->rows.size(), 2u);
  EXPECT_EQ(tiles->rows[0].min, -5);
  EXPECT_EQ(tiles->rows[0].max, 60);
  EXPECT_FALSE(tiles->rows[1].tile().has_extremes()) << "refunds alone";
  EXPECT_THAT(tiles->summary.first_bad, ElementsAre(Bad(4, "min: `` is not"), Bad(5, "above max")));
}

TEST_F(TilesReaderTest, EveryBadRowIsToldWithItsLine) {
  const TilesSummary summary = Summary(std::string(kHeader) +
                                       "card,c1,2026-05-01,1,1\n"
                                       "merchant,,2026-05-01,1,1\n"
                                       "merchant,m1,01.05.2026,1,1\n"
                                       "merchant,m1,2026-02-30,1,1\n"
                                       "merchant,m1,1969-12-31,1,1\n"
                                       "merchant,m1,2026-05-01,1.5,1\n"
                                       "merchant,m1,2026-05-01,9223372036854775808,1\n"
                                       "merchant,m1,2026-05-01,1,many\n"
                                       "merchant,m1,2026-05-01\n"
                                       "merchant,\"m1,2026-05-01,1,1\n"
                                       "merchant,4111 1111 1111 1111,2026-05-01,1,1\n"
                                       "merchant,m1,2026-05-01,1,1\n");
  EXPECT_EQ(summary.bad, 11);
  EXPECT_EQ(summary.taken, 1);
  EXPECT_THAT(summary.first_bad,
              ElementsAre(Bad(2, "`card`, but the feature is of `merchant`"),
                          Bad(3, "id: is empty"), Bad(4, "`01.05.2026` is not a day"),
                          Bad(5, "`2026-02-30`"), Bad(6, "cannot be kept"), Bad(7, "sum: `1.5`"),
                          Bad(8, "sum: `922"), Bad(9, "count: `many`"), Bad(10, "has 3 columns"),
                          Bad(11, "quote"), Bad(12, "card number")));
  EXPECT_THAT(summary.first_bad.back().reason, Not(HasSubstr("4111")));
}

TEST_F(TilesReaderTest, RowsOfTheSameDayAreAllBad) {
  const TilesSummary summary = Summary(std::string(kHeader) +
                                       "merchant,m1,2026-05-01,1,1\n"
                                       "merchant,m2,2026-05-01,1,1\n"
                                       "merchant,m1,2026-05-01,1,1\n"
                                       "merchant,m1,2026-05-02,1,1\n"
                                       "merchant,m1,2026-05-01,2,1\n");
  EXPECT_EQ(summary.taken, 2);
  EXPECT_EQ(summary.bad, 3);
  EXPECT_THAT(summary.first_bad,
              ElementsAre(Bad(2, "line 4 has the same"), Bad(4, "line 2 has the same"),
                          Bad(6, "line 2 has the same")));
}

TEST_F(TilesReaderTest, OnlyTheFirstHundredBadRowsAreShown) {
  std::string text = kHeader;
  for (int i = 0; i < 250; ++i) text += "merchant,m1,never,1,1\n";
  const TilesSummary summary = Summary(text);
  EXPECT_EQ(summary.bad, 250);
  EXPECT_EQ(summary.first_bad.size(), kBadTilesShown);
}

TEST_F(TilesReaderTest, DaysThatTheImportHasNothingToDoWithAreCountedAndLeftOut) {
  options_.before = Day("2026-05-10");
  options_.from = Day("2026-05-05");
  const auto tiles = Read(std::string(kHeader) +
                          "merchant,m1,2026-03-01,1,1\n"  // no window reaches it
                          "merchant,m1,2026-05-04,1,1\n"  // before --from
                          "merchant,m1,2026-05-05,1,1\n"
                          "merchant,m1,2026-05-06,0,0\n"  // nothing
                          "merchant,m1,2026-05-09,1,1\n"
                          "merchant,m1,2026-05-10,1,1\n");  // the first that is not owned
  ASSERT_THAT(tiles, IsOk());
  EXPECT_EQ(tiles->summary.rows, 6);
  EXPECT_EQ(tiles->summary.taken, 2);
  EXPECT_EQ(tiles->summary.too_old, 1);
  EXPECT_EQ(tiles->summary.before_from, 1);
  EXPECT_EQ(tiles->summary.empty, 1);
  EXPECT_EQ(tiles->summary.not_owned, 1);
  EXPECT_THAT(tiles->summary.first_bad, IsEmpty());
  EXPECT_EQ(tiles->before, *options_.before);
  EXPECT_EQ(tiles->from, *options_.from);
}

TEST_F(TilesReaderTest, TheOldestRowThatAWindowReachesTellsWhereTheFileBegins) {
  const auto tiles = Read(std::string(kHeader) +
                          "merchant,m1,2026-01-01,1,1\n"
                          "merchant,m1,2026-05-02,0,0\n"  // a day of nothing is a day that is known
                          "merchant,m1,2026-05-09,1,1\n");
  ASSERT_THAT(tiles, IsOk());
  EXPECT_EQ(tiles->from, Day("2026-05-02"));
  EXPECT_EQ(tiles->summary.too_old, 1);
}

}  // namespace
}  // namespace verdict::cli
