// Imported days (DAY mode) in a real Redis with a base on disk: through kill -9 of Redis at any
// step, corrections, and a Redis that comes back empty.
#include <map>
#include <random>

#include "aggregate/day_importer.h"
#include "aggregate/upload_all.h"
#include "redis_store/redis_fixture.h"
#include "rocks_store/rocks_aggregate_store.h"
#include "support/small_features.h"
#include "support/temp_dir.h"

namespace verdict::redis_store {
namespace {

using aggregate::DayImporter;
using aggregate::ImportedDay;
using aggregate::ImportedDays;
using ::testing::HasSubstr;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

constexpr model::DayNumber kToday = 20'000;
constexpr int64_t kDayMs = 86'400'000;

// By key, its days.
using Lake = std::map<model::EntityKey, std::vector<feature::DayTile>>;

class ImportIntoRedis : public RedisTest {
 protected:
  std::vector<std::string> ServerArguments() override {
    return {"--appendonly", "yes", "--appendfsync", "no"};
  }
  void SetUp() override {
    RedisTest::SetUp();
    if (IsSkipped()) return;
    RedisOptions options = PatientOptions(server_->port());
    for (const feature::Measure& measure : features_->measures()) {
      options.entity_of_measure[measure.hash] = features_->entities()[measure.entity].name;
    }
    store_ = Connect(options);
    auto base = rocks_store::RocksAggregateStore::Open(folder_ / "base", {});
    ASSERT_THAT(base, IsOk());
    base_ = *std::move(base);
    clock_.Set((kToday + 2) * kDayMs);
  }

  const feature::Measure& measure() const { return features_->measures()[0]; }
  Lake RandomLake(model::DayNumber from, model::DayNumber before, int keys) {
    Lake lake;
    for (int k = 0; k < keys; ++k) {
      const model::EntityKey key = hasher_.Entity("merchant", "m" + std::to_string(k));
      for (model::DayNumber day = from; day < before; ++day) {
        if (random_() % 2 == 0) continue;
        feature::Tile tile;
        tile.sum = static_cast<int64_t>(random_() % 1000);
        tile.count = 1 + static_cast<int64_t>(random_() % 9);
        lake[key].push_back({day, tile});
      }
    }
    return lake;
  }
  static ImportedDays Rows(const Lake& lake) {
    std::vector<ImportedDay> rows;
    for (const auto& [key, days] : lake) {
      for (const feature::DayTile& day : days) {
        ImportedDay row;
        row.entity = key;
        row.day = day.day;
        row.sum = static_cast<int64_t>(day.tile.sum);
        row.count = day.tile.count;
        rows.push_back(row);
      }
    }
    return ImportedDays(std::move(rows));
  }
  aggregate::DayImportParts Parts() {
    return {.store = store_.get(),
            .base = base_.get(),
            .features = features_.get(),
            .schedule = &schedule_,
            .clock = &clock_};
  }
  // Small steps, so that there are many places to break off.
  DayImporter Importer(const ImportedDays* days, model::DayNumber from, model::DayNumber before) {
    return {Parts(), {.measure = 0, .before = before, .from = from}, days, {.keys_per_step = 3}};
  }
  Lake TilesOf(aggregate::AggregateStore* store, model::DayNumber before) {
    Lake tiles;
    const absl::Status scanned =
        store->Scan(measure().hash, [&](const model::EntityKey& key, const feature::Blob& blob) {
          EXPECT_EQ(blob.cut, before);
          EXPECT_TRUE(blob.day.has_value());
          if (!blob.tiles.empty()) tiles[key] = blob.tiles;
          return absl::OkStatus();
        });
    EXPECT_THAT(scanned, IsOk());
    return tiles;
  }
  void ExpectBoth(const Lake& lake, model::DayNumber before) {
    EXPECT_TRUE(TilesOf(base_.get(), before) == lake) << "base";
    EXPECT_TRUE(TilesOf(store_.get(), before) == lake) << "Redis";
    EXPECT_EQ(store_->GetManifest(measure().hash).value(),
              base_->GetManifest(measure().hash).value());
    EXPECT_EQ(store_->GetManifest(measure().hash)->day->published->before, before);
  }

  std::mt19937_64 random_{17};
  std::shared_ptr<const feature::FeatureSet> features_ =
      testing::CompileFeatures(testing::SmallDeclarations());
  model::KeyHasher hasher_{{1, 2}};
  base::ManualClock clock_{0};
  eventlog::CutSchedule schedule_{features_->calendar()};
  TempDir folder_;
  std::unique_ptr<aggregate::AggregateStore> store_, base_;
};

TEST_F(ImportIntoRedis, GoesOnAfterKillsOfRedisAtAnyStep) {
  int killed = 0, failed = 0;
  for (model::DayNumber before = kToday - 6; before <= kToday - 1; ++before) {
    const Lake lake = RandomLake(kToday - 20, before, 25);  // earlier days corrected, too
    const ImportedDays days = Rows(lake);
    DayImporter importer = Importer(&days, kToday - 20, before);
    for (bool more = true; more;) {
      if (random_() % 8 == 0) {
        server_->Kill();
        ++killed;
        const auto step = importer.Step();
        if (!step.ok()) {
          EXPECT_THAT(step, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("redis at")));
          ++failed;
        }
        server_->Start();
        continue;
      }
      const auto step = importer.Step();
      ASSERT_THAT(step, IsOk());
      more = *step;
    }
    ExpectBoth(lake, before);
  }
  EXPECT_GT(killed, 3);
  EXPECT_GT(failed, 0);
}

TEST_F(ImportIntoRedis, ALostRedisIsUploadedAgainBeforeTheNextImport) {
  Lake lake = RandomLake(kToday - 9, kToday - 3, 8);
  const ImportedDays days = Rows(lake);
  ASSERT_THAT(Importer(&days, kToday - 9, kToday - 3).Run(nullptr), IsOk());
  ExpectBoth(lake, kToday - 3);
  ASSERT_EQ(Redis({"FLUSHALL"}), "OK");
  const Lake newest = RandomLake(kToday - 3, kToday - 2, 8);
  const ImportedDays more = Rows(newest);
  EXPECT_THAT(Importer(&more, kToday - 3, kToday - 2).Run(nullptr),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the store has lost what was published")));
  const uint64_t hash = measure().hash;
  ASSERT_THAT(aggregate::UploadAll(base_.get(), store_.get(), {&hash, 1}, nullptr), IsOk());
  ExpectBoth(lake, kToday - 3);
  ASSERT_THAT(Importer(&more, kToday - 3, kToday - 2).Run(nullptr), IsOk());
  for (const auto& [key, tiles] : newest) {
    lake[key].insert(lake[key].end(), tiles.begin(), tiles.end());
  }
  ExpectBoth(lake, kToday - 2);
}

}  // namespace
}  // namespace verdict::redis_store
