// Decisions over imported days (DAY mode): values, modes and reasons as an answer shows them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "decide/world.h"

namespace verdict::decide {
namespace {

using namespace verdict::testing;  // NOLINT: the test's own words

constexpr model::DayNumber kB = World::kToday - 2;

class DayModeTest : public ::testing::Test {
 protected:
  const FeatureAnswer& Volume(const TestCall& call) {
    for (const FeatureAnswer& answer : call.features) {
      if (answer.feature->full_name == "merchant.volume_30d") return answer;
    }
    CHECK(false);
    __builtin_unreachable();
  }
  // Imported days of merchant "m": `sum` on the day before b.
  void Import(model::DayNumber b, int64_t sum, const std::string& merchant = "m") {
    aggregate::BlobWrite write;
    write.key = {world_.MeasureOf("merchant.volume_30d"), world_.KeyOf("merchant", merchant)};
    write.blob.measure_hash = write.key.measure_hash;
    write.blob.cut = b;
    write.blob.day = {.late_days = 2, .first_day = b - 30};
    write.blob.tiles.push_back({b - 1, {.sum = sum, .count = 1}});
    CHECK(world_.store.PutIfNewer({&write, 1}).ok());
  }
  void Know(feature::DayMode mode) {
    world_.live->SetDayMode(world_.MeasureOf("merchant.volume_30d"), mode);
  }
  // A payment of `days_ago`, recorded then and there.
  void Pay(const std::string& id, int days_ago, int64_t amount) {
    world_.clock.Set(World::kNoonMs - days_ago * World::kDayMs);
    world_.Log(world_.Payment(id, amount));
    world_.clock.Set(World::kNoonMs);
    world_.Pump();
  }

  World world_;
};

TEST_F(DayModeTest, TheAnswerAddsImportedDaysCountedDaysAndThePayment) {
  Import(kB, 1'000);
  Pay("t1", 3, 77);  // in the import already, by whatever amount
  Pay("t2", 2, 20);
  Pay("t3", 0, 3);
  const auto call = world_.Start(world_.Payment("x", 500));
  const FeatureAnswer& volume = Volume(*call);
  EXPECT_EQ(volume.result.integer, 1'000 + 20 + 3 + 500);
  EXPECT_EQ(volume.result.provenance, model::Provenance::kFull)
      << model::PartialReasonNames(volume.result.reasons);
  EXPECT_TRUE(volume.by_days);
  EXPECT_EQ(volume.cut, kB);
  EXPECT_FALSE(call->features.back().by_days) << "the other measure is folded";
}

TEST_F(DayModeTest, AMerchantThatNoImportNamesHasNothingBeforeB) {
  Know({.late_days = 2, .before = kB, .first_day = kB - 30});
  Pay("t1", 3, 77);
  Pay("t2", 1, 20);
  const auto call = world_.Start(world_.Payment("x", 500));
  EXPECT_EQ(Volume(*call).result.integer, 520);
  EXPECT_TRUE(Volume(*call).by_days);
  EXPECT_FALSE(Volume(*call).cut.has_value());
}

TEST_F(DayModeTest, GapsBeforeTheImportAreForTheImportToFill) {
  Know({.late_days = 2, .before = kB, .first_day = kB - 30});
  // Live state began behind a gap that the import has filled since.
  world_.live->SetReasons(world_.MeasureOf("merchant.volume_30d"), model::kPartialBefore, kB - 1);
  Import(kB, 1'000);
  EXPECT_EQ(Volume(*world_.Start(world_.Payment("x"))).result.reasons, 0);
  world_.live->SetReasons(world_.MeasureOf("merchant.volume_30d"), model::kPartialBefore, kB);
  EXPECT_EQ(Volume(*world_.Start(world_.Payment("y"))).result.reasons, model::kPartialBefore);
}

TEST_F(DayModeTest, APaymentOfAnImportedDayCountsInItsOwnAnswerAlone) {
  Know({.late_days = 2, .since_ms = 0, .before = kB, .first_day = kB - 30});
  Import(kB, 1'000);
  model::Transaction old = world_.Payment("old", 500);
  old.event_time_ms -= 3 * World::kDayMs;
  const auto own = world_.Start(old);
  EXPECT_EQ(Volume(*own).result.integer, 1'000 + 500);
  const auto other = world_.Start(world_.Payment("x", 7));
  EXPECT_EQ(Volume(*other).result.integer, 1'000 + 7);
}

}  // namespace
}  // namespace verdict::decide
