// The dedup rule (R19) at its edges, and against a plain model of it.
#include "eventlog/dedup_window.h"

#include <map>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace verdict::eventlog {
namespace {

model::EntityKey Id(uint64_t n) {
  return model::KeyHasher({1, 2}).EventId("t" + std::to_string(n), 1, 0);
}

constexpr int64_t kStart = 1'700'000'100'000 / kDedupBucketMs * kDedupBucketMs;  // edge of a bucket

TEST(DedupWindow, KnowsAnIdAgainWithinTheWindow) {
  DedupWindow window(100);
  EXPECT_FALSE(window.Contains(Id(1)));
  EXPECT_FALSE(window.SeenOrInsert(Id(1), kStart));
  EXPECT_TRUE(window.Contains(Id(1)));
  EXPECT_TRUE(window.SeenOrInsert(Id(1), kStart + 1));
  EXPECT_FALSE(window.SeenOrInsert(Id(2), kStart + 1));
}

TEST(DedupWindow, TheEighthBucketBackIsStillKnownAndTheNinthIsNot) {
  for (const int64_t within : {int64_t{0}, kDedupBucketMs - 1}) {
    DedupWindow window(100);
    window.SeenOrInsert(Id(1), kStart + within);
    EXPECT_FALSE(window.SeenOrInsert(Id(2), kStart + 9 * kDedupBucketMs - 1));
    EXPECT_TRUE(window.Contains(Id(1)));
    EXPECT_FALSE(window.SeenOrInsert(Id(3), kStart + 9 * kDedupBucketMs));
    EXPECT_FALSE(window.Contains(Id(1)));
    EXPECT_FALSE(window.SeenOrInsert(Id(1), kStart + 9 * kDedupBucketMs));
  }
}

TEST(DedupWindow, ARepeatIsAnOccurrenceThatLaterRepeatsAreToldBy) {
  DedupWindow window(100);
  window.SeenOrInsert(Id(1), kStart);
  EXPECT_TRUE(window.SeenOrInsert(Id(1), kStart + 6 * kDedupBucketMs));
  EXPECT_TRUE(window.SeenOrInsert(Id(1), kStart + 12 * kDedupBucketMs));
  EXPECT_FALSE(window.SeenOrInsert(Id(1), kStart + 21 * kDedupBucketMs));
}

TEST(DedupWindow, WhatIsKnownDependsOnTheLastTwoHoursAndAQuarterAlone) {
  // The warm-up of a cold start: two windows, one of which has read far less, give the same
  // verdicts ever after.
  std::mt19937_64 random(7);
  for (const size_t cap : {size_t{1'000'000}, size_t{40}}) {
    DedupWindow full(cap), warm(cap);
    const int64_t cut = kStart + 40 * kDedupBucketMs + 600'000;
    for (int64_t time = kStart; time < cut + 40 * kDedupBucketMs; time += random() % 120'000) {
      const model::EntityKey id = Id(random() % 400);
      const bool seen = full.SeenOrInsert(id, time);
      if (time < cut - kDedupWarmUpMs) continue;
      const bool warm_seen = warm.SeenOrInsert(id, time);
      if (time >= cut) {
        ASSERT_EQ(seen, warm_seen) << time;
      }
    }
  }
}

TEST(DedupWindow, ForgetsTheOldestBeyondItsCapAndTalliesThem) {
  DedupWindow window(3);
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(window.SeenOrInsert(Id(i), kStart + i));
  EXPECT_EQ(window.size(), 3u);
  EXPECT_EQ(window.evicted(), 2u);
  EXPECT_FALSE(window.Contains(Id(0)));
  EXPECT_FALSE(window.Contains(Id(1)));
  EXPECT_TRUE(window.Contains(Id(2)));
  EXPECT_EQ(window.horizon_ms(), kStart + kDedupBucketMs) << "of this bucket some are forgotten";
}

TEST(DedupWindow, ABucketThatLeavesIsUnknownAtOnceAndForgottenLittleByLittle) {
  constexpr int kIds = 50'000;
  DedupWindow window(1'000'000);
  for (int i = 0; i < kIds; ++i) ASSERT_FALSE(window.SeenOrInsert(Id(i), 0));
  const size_t held = window.bytes();
  const int64_t later = (kDedupBucketsBack + 1) * kDedupBucketMs;
  EXPECT_FALSE(window.SeenOrInsert(Id(kIds), later));
  EXPECT_EQ(window.size(), 1u);
  EXPECT_EQ(window.begin_sequence(), static_cast<uint64_t>(kIds));
  EXPECT_EQ(window.Entries().size(), 1u);
  EXPECT_EQ(window.horizon_ms(), kDedupBucketMs);
  EXPECT_GT(window.bytes(), held / 2) << "not all in one record's time";
  for (int i = 0; i < kIds; i += 100) {
    EXPECT_FALSE(window.Contains(Id(i))) << i;
    EXPECT_FALSE(window.SeenOrInsert(Id(i), later)) << i;
    EXPECT_TRUE(window.SeenOrInsert(Id(i), later)) << i;
  }
  for (int i = 0; i < kIds; ++i) window.SeenOrInsert(Id(kIds), later);
  EXPECT_LT(window.bytes(), held / 2);
  EXPECT_EQ(window.size(), 1u + kIds / 100);
  EXPECT_EQ(window.evicted(), 0u);
}

TEST(DedupWindow, TheHorizonFollowsWhatWasForgotten) {
  DedupWindow window(100);
  EXPECT_EQ(window.horizon_ms(), INT64_MIN);
  window.SeenOrInsert(Id(1), kStart);
  window.SeenOrInsert(Id(2), kStart + 8 * kDedupBucketMs);
  EXPECT_EQ(window.horizon_ms(), INT64_MIN);
  window.SeenOrInsert(Id(3), kStart + 9 * kDedupBucketMs);
  EXPECT_EQ(window.horizon_ms(), kStart + kDedupBucketMs);
  window.KnowsOnlyFrom(kStart + 3 * kDedupBucketMs);
  EXPECT_EQ(window.horizon_ms(), kStart + 3 * kDedupBucketMs);
}

TEST(DedupWindow, RestoredFromItsEntriesItAnswersAsBefore) {
  std::mt19937_64 random(11);
  DedupWindow window(5000);
  int64_t time = kStart;
  for (int i = 0; i < 20'000; ++i) window.SeenOrInsert(Id(random() % 9000), time += random() % 900);
  DedupWindow restored(5000);
  restored.Restore(window.Entries());
  EXPECT_EQ(restored.Entries(), window.Entries());
  EXPECT_GE(restored.horizon_ms(), window.horizon_ms());
  for (int i = 0; i < 20'000; ++i) {
    const model::EntityKey id = Id(random() % 9000);
    time += random() % 900;
    ASSERT_EQ(restored.SeenOrInsert(id, time), window.SeenOrInsert(id, time));
  }
}

TEST(DedupWindow, GivesEntriesFromASequenceOnForIncrementalSaving) {
  DedupWindow window(100);
  for (int i = 0; i < 10; ++i) window.SeenOrInsert(Id(i), kStart);
  const uint64_t saved = window.end_sequence();
  window.SeenOrInsert(Id(10), kStart + 1);
  const std::vector<DedupEntry> fresh = window.Entries(saved);
  ASSERT_EQ(fresh.size(), 1u);
  EXPECT_EQ(fresh[0].id, Id(10));
}

// The rule as written: an id is a duplicate iff it stands earlier, in its own or one of the 8
// buckets before.
TEST(DedupWindow, AgreesWithTheRuleAsWritten) {
  for (int seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    DedupWindow window(1'000'000);
    std::map<uint64_t, int64_t> newest;  // id -> bucket of its newest occurrence
    int64_t time = kStart;
    for (int i = 0; i < 20'000; ++i) {
      time += random() % (seed % 2 == 0 ? 3'000 : 300'000);
      const uint64_t id = random() % 3'000;
      const int64_t bucket = time / kDedupBucketMs;
      const auto it = newest.find(id);
      const bool duplicate = it != newest.end() && it->second >= bucket - kDedupBucketsBack;
      ASSERT_EQ(window.SeenOrInsert(Id(id), time), duplicate) << "seed " << seed << " step " << i;
      newest[id] = bucket;
    }
  }
}

TEST(DedupWindow, CostsAtMost48BytesAnId) {
  DedupWindow window(10'000'000);
  model::EntityKey id;
  std::mt19937_64 random(3);
  size_t worst = 0;
  for (size_t i = 1; i <= 1'000'000; ++i) {
    for (uint8_t& byte : id.bytes) byte = static_cast<uint8_t>(random());
    window.SeenOrInsert(id, kStart);
    if (i >= 500'000 && i % 10'000 == 0) worst = std::max(worst, window.bytes() / i);
  }
  EXPECT_LE(worst, 48u);
}

}  // namespace
}  // namespace verdict::eventlog
