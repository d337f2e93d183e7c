// A fold into a real Redis from a base on disk: through kill -9 of Redis at any step, lost values,
// and a Redis that comes back empty.
#include <random>

#include "absl/strings/str_cat.h"
#include "aggregate/upload_all.h"
#include "redis_store/redis_fixture.h"
#include "rocks_store/rocks_aggregate_store.h"
#include "support/fold_world.h"

namespace verdict::redis_store {
namespace {

using ::testing::HasSubstr;
using ::verdict::testing::FoldWorld;
using ::verdict::testing::IsOk;
using ::verdict::testing::StatusIs;
using ::verdict::testing::TempDir;

class FoldIntoRedis : public RedisTest {
 protected:
  // What was acknowledged survives kill -9, not more.
  std::vector<std::string> ServerArguments() override {
    return {"--appendonly", "yes", "--appendfsync", "no"};
  }
  void SetUp() override {
    RedisTest::SetUp();
    if (IsSkipped()) return;
    RedisOptions options = PatientOptions(server_->port());
    options.entity_of_measure = world_.entity_of_measure();
    store_ = Connect(options);
    auto base = rocks_store::RocksAggregateStore::Open(folder_ / "base", {});
    ASSERT_THAT(base, IsOk());
    base_ = *std::move(base);
  }
  absl::Status Fold() { return world_.Fold(base_.get(), store_.get()); }
  void ExpectExact(int day) {
    const FoldWorld::Blobs expected = world_.Expected();
    EXPECT_TRUE(world_.TilesOf(base_.get()) == expected) << "base, day " << day;
    EXPECT_TRUE(world_.TilesOf(store_.get()) == expected) << "Redis, day " << day;
    for (const uint64_t measure : world_.measures()) {
      EXPECT_EQ(store_->GetManifest(measure)->published, FoldWorld::kFirstDay + day);
    }
  }

  FoldWorld world_;
  TempDir folder_;
  std::unique_ptr<aggregate::AggregateStore> store_, base_;
};

TEST_F(FoldIntoRedis, GoesOnAfterKillsOfRedisAtAnyStep) {
  std::mt19937_64 random(3);
  int killed = 0, failed = 0;
  for (int day = 1; day <= 6; ++day) {
    world_.FillToCut(day);
    auto folder = world_.MakeFolder(base_.get(), store_.get());
    for (bool more = true; more;) {
      if (random() % 25 == 0) {
        server_->Kill();
        ++killed;
        const auto step = folder->Step();  // reading the log needs no Redis
        if (!step.ok()) {
          EXPECT_THAT(step, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("redis at")));
          ++failed;
        }
        server_->Start();
        continue;
      }
      const auto step = folder->Step();
      ASSERT_THAT(step, IsOk());
      more = *step;
    }
    ExpectExact(day);
  }
  EXPECT_GT(killed, 3);
  EXPECT_GT(failed, 0);
}

TEST_F(FoldIntoRedis, UploadsALostRedisAgainInsteadOfFoldingItAgain) {
  for (int day = 1; day <= 3; ++day) {
    world_.FillToCut(day);
    ASSERT_THAT(Fold(), IsOk());
  }
  ExpectExact(3);
  ASSERT_EQ(Redis({"FLUSHALL"}), "OK");
  world_.FillToCut(4);
  EXPECT_THAT(Fold(), StatusIs(absl::StatusCode::kFailedPrecondition,
                               HasSubstr("the store has lost what was published")));
  uint64_t reported = 0;
  const auto uploaded = aggregate::UploadAll(
      base_.get(), store_.get(), world_.measures(),
      [&reported](const aggregate::UploadProgress& progress) { reported = progress.blobs; });
  ASSERT_THAT(uploaded, IsOk());
  EXPECT_GT(reported, 0u);
  EXPECT_EQ(uploaded->blobs, reported);
  EXPECT_TRUE(world_.TilesOf(store_.get()) == world_.TilesOf(base_.get()));
  ASSERT_THAT(Fold(), IsOk());
  ExpectExact(4);
}

// Without a base of its own the fold would take a lost value for a key that was quiet till now.
TEST_F(FoldIntoRedis, AddsToTheBaseWhereRedisHasLostValues) {
  world_.FillToCut(1);
  ASSERT_THAT(Fold(), IsOk());
  for (const auto& [key, tiles] : world_.TilesOf(store_.get())) {
    const std::string entity = world_.entity_of_measure().at(key.measure_hash);
    Redis({"DEL", absl::StrCat("v1:{", entity, ":", key.entity.Base64Url(),
                               "}:", absl::Hex(key.measure_hash, absl::kZeroPad16))});
  }
  ASSERT_EQ(Redis({"DBSIZE"}), std::to_string(world_.measures().size())) << "manifests alone";
  world_.FillToCut(8);  // every entity has payments in so long a time
  ASSERT_THAT(Fold(), IsOk());
  ExpectExact(8);
}

}  // namespace
}  // namespace verdict::redis_store
