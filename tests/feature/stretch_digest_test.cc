// Digests of a stretch: equal for equal cells in any order, different for any other cell.
#include "feature/stretch_digest.h"

#include <algorithm>
#include <functional>
#include <random>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace verdict::feature {
namespace {

struct Item {
  model::EntityKey entity;
  DayTile cell;
};

Item RandomItem(std::mt19937_64* random) {
  Item item;
  for (uint8_t& byte : item.entity.bytes) byte = static_cast<uint8_t>((*random)());
  item.cell.day = 20'000 + static_cast<model::DayNumber>((*random)() % 9);
  const auto amount = static_cast<int64_t>((*random)() % 1'000'000);
  item.cell.tile = {.sum = amount, .count = 1, .min = amount, .max = amount};
  return item;
}

StretchDigest DigestOf(const std::vector<Item>& items, uint64_t measure = 7) {
  StretchSummer summer(measure);
  for (const Item& item : items) summer.Add(item.entity, item.cell);
  return summer.Sum();
}

TEST(StretchDigest, IsTheSameInAnyOrder) {
  std::mt19937_64 random(1);
  std::vector<Item> items;
  for (int i = 0; i < 5000; ++i) items.push_back(RandomItem(&random));
  const StretchDigest whole = DigestOf(items);
  std::shuffle(items.begin(), items.end(), random);
  EXPECT_EQ(DigestOf(items), whole);
  EXPECT_EQ(whole.cells, 5000u);
  EXPECT_EQ(whole.count, 5000);
  EXPECT_TRUE(std::is_sorted(whole.stripes.begin(), whole.stripes.end(),
                             [](const auto& a, const auto& b) { return a.stripe < b.stripe; }));
  EXPECT_TRUE(DifferingStripes(whole, whole).empty());
}

TEST(StretchDigest, DiffersInTheStripeOfAnyCellThatDiffers) {
  std::mt19937_64 random(2);
  std::vector<Item> items;
  for (int i = 0; i < 300; ++i) items.push_back(RandomItem(&random));
  const StretchDigest whole = DigestOf(items);
  const std::vector<std::function<void(Item*)>> changes = {
      [](Item* item) { item->cell.day += 1; },
      [](Item* item) { item->cell.tile.sum += 1; },
      [](Item* item) { item->cell.tile.sum += Int128{1} << 70; },
      [](Item* item) { item->cell.tile.count -= 1; },
      [](Item* item) { item->cell.tile.min -= 1; },
      [](Item* item) { item->cell.tile.max += 1; },
      [](Item* item) { item->cell.tile.kind = TileKind::kLast; },
      [](Item* item) { item->cell.tile.marks = 1; },
      [](Item* item) { item->entity.bytes[11] ^= 1; }};
  for (size_t i = 0; i < changes.size(); ++i) {
    std::vector<Item> changed = items;
    changes[i](&changed[i * 10]);
    EXPECT_EQ(DifferingStripes(DigestOf(changed), whole),
              std::vector<uint16_t>{static_cast<uint16_t>(items[i * 10].entity.stripe())})
        << "change " << i;
  }
  std::vector<Item> fewer(items.begin(), items.end() - 1);
  EXPECT_EQ(DifferingStripes(DigestOf(fewer), whole).size(), 1u);
  EXPECT_EQ(DifferingStripes(whole, DigestOf(fewer)).size(), 1u);
  // Another measure's cells are other cells, everywhere.
  EXPECT_EQ(DifferingStripes(DigestOf(items, 8), whole).size(), whole.stripes.size());
}

TEST(StretchDigest, TwoCellsThatSwapTheirDaysAreNotTheSame) {
  Item a, b;
  b.entity.bytes[11] = 1;  // of one stripe
  a.cell = {20'000, {.sum = 5, .count = 1}};
  b.cell = {20'001, {.sum = 5, .count = 1}};
  const StretchDigest before = DigestOf({a, b});
  std::swap(a.cell.day, b.cell.day);
  EXPECT_EQ(DifferingStripes(DigestOf({a, b}), before).size(), 1u);
}

}  // namespace
}  // namespace verdict::feature
