// `verdict aggregate --import` on a folder of its own, from flags to what the store holds.
#include "cli/aggregate_import.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_format.h"
#include "support/status_matchers.h"

namespace verdict::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;

constexpr char kFeature[] = "merchant.volume_30d";

class AggregateImportTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/verdict_days_XXXXXX";
    folder_ = mkdtemp(pattern);
    arguments_.where.embedded = folder_ + "/dir";
    arguments_.where.clock = "wall";
    arguments_.rules = "tests/ruleset/good";
    arguments_.feature = kFeature;
    arguments_.tiles = folder_ + "/tiles.csv";
    ASSERT_THAT(ResolveDeployment(&arguments_.where), IsOk());
    today_ = model::BusinessCalendar::Load("UTC")->DayOf(base::WallClock().NowMs() - 3'600'000);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // A row of `days_ago` for each.
  void Write(const std::vector<std::tuple<std::string, int, int64_t>>& rows,
             const std::string& more = "") {
    std::string text = "entity,id,day,sum,count\n";
    for (const auto& [id, ago, sum] : rows) {
      text += absl::StrFormat("merchant,%s,%s,%d,1\n", id, model::FormatDay(today_ - ago), sum);
    }
    std::ofstream(arguments_.tiles) << text << more;
  }
  absl::StatusOr<int> Import() {
    ::testing::internal::CaptureStdout();
    const absl::StatusOr<int> status = ImportDays(arguments_);
    output_ = ::testing::internal::GetCapturedStdout();
    return status;
  }
  // What the store has of a merchant; nothing where it has none.
  std::vector<feature::DayTile> TilesOf(const std::string& merchant) {
    const auto rules = LoadFeatures(arguments_).value();
    const auto opened =
        OpenedDeployment::Open(arguments_.where, deployment::Role::kBatch, "test").value();
    const model::KeyHasher hasher(opened->parts().secret());
    for (const feature::Feature& feature : rules->features->features()) {
      if (feature.full_name != kFeature) continue;
      const aggregate::BlobKey key{rules->features->measures()[feature.measure].hash,
                                   hasher.Entity("merchant", merchant)};
      return opened->parts().aggregates().GetNow({&key, 1})->front().blob.tiles;
    }
    return {};
  }

  std::string folder_, output_;
  AggregateArguments arguments_;
  model::DayNumber today_ = 0;
};

TEST_F(AggregateImportTest, RowsAreInTheStoreAndTheOutputSaysForWhom) {
  Write({{"m1", 4, 500}, {"m1", 5, 40}, {"m2", 4, 7}});
  EXPECT_THAT(Import(), ::testing::Eq(absl::StatusOr<int>(kExitOk)));
  EXPECT_THAT(output_, AllOf(HasSubstr("3 rows, 2 keys"), HasSubstr(kFeature),
                             HasSubstr("mode DAY"), HasSubstr("PARTIAL(before)")));
  const auto tiles = TilesOf("m1");
  ASSERT_EQ(tiles.size(), 2u);
  EXPECT_EQ(tiles[0].day, today_ - 5);
  EXPECT_EQ(tiles[1].tile.sum, 500);
  EXPECT_THAT(Import(), IsOk());
  EXPECT_THAT(output_, HasSubstr("nothing to do"));
  Write({{"m1", 4, 501}, {"m1", 5, 40}});
  EXPECT_THAT(Import(), IsOk());
  EXPECT_THAT(output_, AllOf(HasSubstr("rev 1"), HasSubstr("1 keys without rows")));
  EXPECT_EQ(TilesOf("m1")[1].tile.sum, 501);
  EXPECT_TRUE(TilesOf("m2").empty());
}

TEST_F(AggregateImportTest, NothingIsWrittenWhereARowIsBadUnlessItMayBeSkipped) {
  Write({{"m1", 4, 500}}, "merchant,m2,soon,1,1\n");
  EXPECT_THAT(Import(), ::testing::Eq(absl::StatusOr<int>(kExitFindings)));
  EXPECT_THAT(output_, AllOf(HasSubstr("line 3: day: `soon`"), HasSubstr("nothing was imported")));
  EXPECT_TRUE(TilesOf("m1").empty());
  arguments_.skip_bad = true;
  EXPECT_THAT(Import(), ::testing::Eq(absl::StatusOr<int>(kExitFindings)));
  EXPECT_THAT(output_, HasSubstr("1 rows left out: bad"));
  EXPECT_EQ(TilesOf("m1").size(), 1u);
}

TEST_F(AggregateImportTest, AFeatureIsNamedInFullOrByANameThatOnlyOneHas) {
  Write({{"m1", 4, 500}});
  const auto refused = [](const char* why) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why));
  };
  arguments_.feature = "volume_30d";
  EXPECT_THAT(Import(), IsOk());
  arguments_.feature = "volume_31d";
  EXPECT_THAT(Import(), refused("there are card.count_1d"));
  arguments_.feature = "";
  EXPECT_THAT(Import(), refused("--feature"));
  arguments_.feature = "card.avg_30d";
  EXPECT_THAT(Import(), ::testing::Eq(absl::StatusOr<int>(kExitFindings)));
  EXPECT_THAT(output_, HasSubstr("line 2: entity: `merchant`, but the feature is of `card`"));
}

TEST_F(AggregateImportTest, AFeatureWhoseDaysHoldMoreIsRefusedBeforeTheFileIsRead) {
  std::filesystem::copy(arguments_.rules, folder_ + "/rules",
                        std::filesystem::copy_options::recursive);
  arguments_.rules = folder_ + "/rules";
  std::ifstream in(arguments_.rules + "/features.json");
  std::string text(std::istreambuf_iterator<char>(in), {});
  text.insert(text.find('[') + 1,
              R"({ "name": "spread_7d", "entity": "card", "aggregate": "stddev",
                   "of": "txn.amount_base_minor", "window": "7d" },)");
  std::ofstream(arguments_.rules + "/features.json") << text;
  arguments_.feature = "card.spread_7d";
  arguments_.tiles = folder_ + "/nowhere.csv";
  EXPECT_THAT(Import(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("--feature: card.spread_7d"), HasSubstr("squares"))));
}

TEST_F(AggregateImportTest, FlagsThatAreNoDaysAreRefused) {
  Write({{"m1", 4, 500}});
  const auto refused = [](const char* why) {
    return StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(why));
  };
  arguments_.late = "8d";
  EXPECT_THAT(Import(), refused("from 0d to 7d"));
  arguments_.late = "two";
  EXPECT_THAT(Import(), refused("--late"));
  arguments_.late = "2";
  arguments_.before = "yesterday";
  EXPECT_THAT(Import(), refused("--until"));
  arguments_.before = model::FormatDay(today_ - 10);
  EXPECT_THAT(Import(), refused("no row"));
  arguments_.before = "";
  arguments_.tiles = folder_ + "/nowhere.csv";
  EXPECT_THAT(Import(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nowhere.csv")));
}

TEST_F(AggregateImportTest, ADayThatMayStillGetEventsIsRefused) {
  Write({{"m1", 1, 500}});
  EXPECT_THAT(Import(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                 AllOf(HasSubstr(kFeature), HasSubstr("may still get events"))));
  arguments_.late = "0d";
  EXPECT_THAT(Import(), IsOk());
}

TEST_F(AggregateImportTest, ALogThatIsSaidToHoldItsDaysIsBelieved) {
  Write({{"m1", 4, 500}});
  arguments_.log_from = model::FormatDay(today_ - 30);
  EXPECT_THAT(Import(), IsOk());
  EXPECT_THAT(output_, ::testing::Not(HasSubstr("PARTIAL(before)")));
}

}  // namespace
}  // namespace verdict::cli
