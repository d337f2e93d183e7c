// Cached blobs: what was put is found until it is too old, replaced or pushed out.
#include "aggregate/blob_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <random>
#include <utility>

namespace verdict::aggregate {
namespace {

constexpr uint32_t kHour = 3600;
constexpr size_t kPlenty = size_t{1} << 30;

// Few homes, so that entities collide.
BlobKey KeyOf(uint64_t entity, uint64_t measure) {
  BlobKey key;
  key.measure_hash = measure;
  const uint64_t hash = (entity * 0x9e3779b97f4a7c15ULL) >> 3 << 3;
  std::memcpy(key.entity.bytes.data(), &entity, 4);
  std::memcpy(key.entity.bytes.data() + 4, &hash, sizeof hash);
  return key;
}

std::shared_ptr<const feature::Blob> BlobOf(uint64_t mark, size_t days) {
  auto blob = std::make_shared<feature::Blob>();
  blob->measure_hash = mark;
  blob->tiles.resize(days);
  return blob;
}

TEST(BlobTableTest, AgreesWithAMap) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    BlobTable table;
    std::map<std::pair<uint64_t, uint64_t>, std::pair<uint32_t, uint64_t>> expected;
    uint32_t now = 1000;
    for (int step = 0; step < 4000; ++step) {
      now += random() % 3;
      const uint64_t entity = random() % 300, measure = 1 + random() % 3;
      if (random() % 2 == 0) {
        const uint64_t mark = random() % 4;  // 0: the store has none
        table.Put(KeyOf(entity, measure), mark == 0 ? nullptr : BlobOf(mark, 3), now, kPlenty);
        expected[{entity, measure}] = {now, mark};
        continue;
      }
      const auto it = expected.find({entity, measure});
      const bool fresh = it != expected.end() && now - it->second.first <= 500;
      const BlobTable::Found found = table.Find(KeyOf(entity, measure), now, 500);
      ASSERT_EQ(found.known, fresh) << "seed " << seed << " step " << step;
      if (fresh) {
        ASSERT_EQ(found.blob == nullptr ? 0 : found.blob->measure_hash, it->second.second);
      } else {
        expected.erase({entity, measure});
      }
      ASSERT_EQ(table.size(), expected.size());
    }
  }
}

TEST(BlobTableTest, StaysWithinItsBytesAndKeepsWhatIsAskedFor) {
  constexpr size_t kBytes = 64 << 10;
  BlobTable table;
  const BlobKey wanted = KeyOf(1, 7);
  table.Put(wanted, BlobOf(42, 30), 0, kBytes);
  for (uint64_t entity = 2; entity < 5000; ++entity) {
    table.Put(KeyOf(entity, 7), BlobOf(entity, entity % 30), 0, kBytes);
    ASSERT_TRUE(table.Find(KeyOf(entity, 7), 0, kHour).known) << "the newest stays";
    ASSERT_TRUE(table.Find(wanted, 0, kHour).known) << "after " << entity;
    ASSERT_LE(table.bytes(), kBytes * 3 / 2);
  }
  EXPECT_LT(table.size(), 200u);
  EXPECT_GT(table.size(), 20u);
}

TEST(BlobTableTest, ABlobLargerThanEverythingIsKeptAlone) {
  BlobTable table;
  for (uint64_t entity = 1; entity < 10; ++entity) {
    table.Put(KeyOf(entity, 7), BlobOf(entity, 1000), 0, 4096);
    EXPECT_TRUE(table.Find(KeyOf(entity, 7), 0, kHour).known);
    EXPECT_EQ(table.size(), 1u);
  }
}

TEST(BlobTableTest, WhatWasPutAMomentLaterIsNotOld) {
  BlobTable table;
  table.Put(KeyOf(1, 1), BlobOf(1, 3), 100, kPlenty);
  EXPECT_TRUE(table.Find(KeyOf(1, 1), 99, kHour).known);
}

TEST(BlobTableTest, BytesReturnToNothing) {
  BlobTable table;
  for (uint64_t entity = 0; entity < 100; ++entity) {
    table.Put(KeyOf(entity, 1), BlobOf(entity, 10), 0, kPlenty);
  }
  const size_t full = table.bytes();
  for (uint64_t entity = 0; entity < 100; ++entity) {
    EXPECT_FALSE(table.Find(KeyOf(entity, 1), 2 * kHour, kHour).known);
  }
  EXPECT_EQ(table.size(), 0u);
  EXPECT_LT(table.bytes(), full / 3) << "slots alone";
  table.Clear();
  EXPECT_EQ(table.bytes(), 0u);
}

}  // namespace
}  // namespace verdict::aggregate
