// Every key that was added is found; few others are.
#include "counters/key_filter.h"

#include <random>
#include <set>

#include "gtest/gtest.h"

namespace verdict::counters {
namespace {

model::EntityKey RandomKey(std::mt19937_64* random) {
  model::EntityKey key;
  for (uint8_t& byte : key.bytes) byte = static_cast<uint8_t>((*random)());
  return key;
}

TEST(KeyFilter, FindsEveryKeyThatWasAdded) {
  for (const size_t keys : {size_t{0}, size_t{1}, size_t{7}, size_t{1000}, size_t{100'000}}) {
    std::mt19937_64 random(keys);
    KeyFilter filter(keys);
    std::vector<model::EntityKey> added;
    for (size_t i = 0; i < keys; ++i) added.push_back(RandomKey(&random));
    for (const model::EntityKey& key : added) filter.Add(key);
    for (const model::EntityKey& key : added) EXPECT_TRUE(filter.MayHold(key));
    const KeyFilter again(filter.words());
    for (const model::EntityKey& key : added) EXPECT_TRUE(again.MayHold(key));
    EXPECT_LE(filter.bytes(), keys * 20 / 8 + 8);
  }
}

TEST(KeyFilter, ErrsInFewerThanOneOfTenThousandKeys) {
  std::mt19937_64 random(1);
  KeyFilter filter(200'000);
  for (int i = 0; i < 200'000; ++i) filter.Add(RandomKey(&random));
  int hits = 0;
  constexpr int kAsked = 2'000'000;
  for (int i = 0; i < kAsked; ++i) hits += filter.MayHold(RandomKey(&random)) ? 1 : 0;
  EXPECT_LT(hits, kAsked / 10'000);
}

// Keys of one stripe share their first bits.
TEST(KeyFilter, ErrsNoMoreWhereKeysBeginAlike) {
  std::mt19937_64 random(2);
  const auto alike = [&] {
    model::EntityKey key = RandomKey(&random);
    for (size_t i = 0; i < 6; ++i) key.bytes[i] = 7;
    return key;
  };
  KeyFilter filter(50'000);
  for (int i = 0; i < 50'000; ++i) filter.Add(alike());
  int hits = 0;
  constexpr int kAsked = 500'000;
  for (int i = 0; i < kAsked; ++i) hits += filter.MayHold(alike()) ? 1 : 0;
  EXPECT_LT(hits, kAsked / 10'000);
}

TEST(KeyFilter, AnEmptyOneHoldsNothing) {
  std::mt19937_64 random(3);
  const KeyFilter filter(0);
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(filter.MayHold(RandomKey(&random)));
}

}  // namespace
}  // namespace verdict::counters
