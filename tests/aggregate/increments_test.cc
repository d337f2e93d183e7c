// What a fold gathers, against a plain map.
#include "aggregate/increments.h"

#include <cstring>
#include <map>
#include <random>
#include <utility>

#include "gtest/gtest.h"

namespace verdict::aggregate {
namespace {

TEST(Increments, HoldsWhatAPlainMapHolds) {
  for (int seed = 0; seed < 10; ++seed) {
    std::mt19937_64 random(seed);
    Increments increments;
    std::map<Increments::Key, std::map<model::DayNumber, feature::Tile>> expected;
    for (int i = 0; i < 30'001; ++i) {
      feature::Contribution one;
      one.measure = static_cast<uint16_t>(random() % 3);
      const uint64_t entity = random() % (seed % 2 == 0 ? 50 : 9'000);
      std::memcpy(one.key.bytes.data() + 4, &entity, sizeof entity);  // tags that meet often
      if (seed >= 6) {                                                // and spread as hashes are
        const uint64_t head = entity / 4 * 0x9e3779b97f4a7c15ULL;
        std::memcpy(one.key.bytes.data(), &head, sizeof head);
        one.key.bytes[11] = static_cast<uint8_t>(entity % 4);
      }
      one.day = 20'000 + static_cast<model::DayNumber>(random() % 9);
      const auto amount = static_cast<int64_t>(random());
      one.tile = {.sum = feature::Int128{amount} * 5,
                  .count = -1,
                  .min = amount,
                  .max = amount,
                  .marks = static_cast<uint8_t>(random() % 8)};
      increments.Add(one);
      expected[{one.key, one.measure}][one.day].Merge(one.tile);
    }
    increments.Sort();
    ASSERT_EQ(increments.size(), expected.size());
    const std::vector<Increments::Totals> totals = increments.TotalsByMeasure(3);
    std::vector<Increments::Totals> expected_totals(3);
    size_t i = 0;
    for (const auto& [key, days] : expected) {  // ascending, as the keys must be
      ASSERT_EQ(increments.KeyAt(i), key);
      std::vector<feature::DayTile> tiles;
      for (const auto& [day, tile] : days) tiles.push_back({day, tile});
      ASSERT_EQ(increments.TilesAt(i), tiles);
      Increments::Totals& of_measure = expected_totals[key.measure];
      ++of_measure.keys;
      for (const feature::DayTile& day : tiles) {
        of_measure.sum += day.tile.sum;
        of_measure.count += day.tile.count;
      }
      ++i;
    }
    EXPECT_EQ(totals, expected_totals);
  }
}

TEST(Increments, MayBeEmpty) {
  Increments increments;
  increments.Sort();
  EXPECT_EQ(increments.size(), 0u);
}

}  // namespace
}  // namespace verdict::aggregate
