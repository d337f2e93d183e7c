// Misses: each key is asked for once at a time, what comes late is there for the next.
#include "aggregate/blob_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "support/fake_aggregate_store.h"
#include "support/some_blob.h"

namespace verdict::aggregate {
namespace {

using State = BlobCache::State;
using Entries = std::vector<BlobCache::Entry>;
using testing::FakeAggregateStore;
using testing::SomeBlob;
using testing::SomeKey;

void Put(FakeAggregateStore* store, uint8_t entity, int64_t sum, feature::CutId cut = 100) {
  const BlobWrite write{SomeKey(1, entity), SomeBlob(1, cut, 0, sum)};
  ASSERT_TRUE(store->PutIfNewer({&write, 1}).ok());
}

int64_t SumOf(const BlobCache::Entry& entry) {
  return entry.blob == nullptr ? 0 : static_cast<int64_t>(entry.blob->tiles[0].tile.sum);
}

class BlobCacheTest : public ::testing::Test {
 protected:
  BlobCacheTest() {
    Put(&store_, 1, 11);
    Put(&store_, 2, 22);
    store_.SetReads(FakeAggregateStore::Reads::kHold);
  }
  // What it is answered goes to `out`.
  void Fetch(const std::vector<BlobKey>& keys, std::vector<Entries>* out) {
    cache_.Fetch(keys, [out](Entries entries) { out->push_back(std::move(entries)); });
  }
  BlobCache::Entry Lookup(uint8_t entity) {
    return cache_.Lookup(SomeKey(1, entity), std::chrono::steady_clock::now());
  }

  FakeAggregateStore store_;
  BlobCache cache_{&store_, {}};
};

TEST_F(BlobCacheTest, ManyMissesOfOneKeyAskOnce) {
  std::vector<Entries> answers;
  for (int i = 0; i < 10; ++i) Fetch({SomeKey(1, 1)}, &answers);
  EXPECT_EQ(store_.held_reads(), 1u);
  store_.ReleaseReads();
  ASSERT_EQ(answers.size(), 10u);
  for (const Entries& entries : answers) EXPECT_EQ(SumOf(entries[0]), 11);
  EXPECT_EQ(SumOf(Lookup(1)), 11);
}

TEST_F(BlobCacheTest, AsksForWhatNobodyAsksForAndAnswersInOrder) {
  std::vector<Entries> first, second;
  Fetch({SomeKey(1, 2)}, &first);
  Fetch({SomeKey(1, 1), SomeKey(1, 2), SomeKey(1, 3)}, &second);
  EXPECT_EQ(store_.held_reads(), 2u);
  store_.ReleaseReads();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(SumOf(second[0][0]), 11);
  EXPECT_EQ(SumOf(second[0][1]), 22);
  EXPECT_EQ(second[0][2].state, State::kAbsent);
  EXPECT_EQ(Lookup(3).state, State::kAbsent);
}

TEST_F(BlobCacheTest, WhatHasComeMeanwhileIsNotAskedForAgain) {
  std::vector<Entries> answers;
  Fetch({SomeKey(1, 1)}, &answers);
  store_.ReleaseReads();
  Fetch({SomeKey(1, 1)}, &answers);
  EXPECT_EQ(store_.held_reads(), 0u);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(SumOf(answers[1][0]), 11);
}

TEST_F(BlobCacheTest, AFailureIsToldToAllAndNotKept) {
  std::vector<Entries> answers;
  Fetch({SomeKey(1, 1)}, &answers);
  Fetch({SomeKey(1, 1)}, &answers);
  store_.FailHeldReads();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0][0].state, State::kFailed);
  EXPECT_EQ(answers[1][0].state, State::kFailed);
  EXPECT_EQ(Lookup(1).state, State::kMiss);
  Fetch({SomeKey(1, 1)}, &answers);
  EXPECT_EQ(store_.held_reads(), 1u);
}

// Who asks after everything was forgotten must not be told what was read before.
TEST_F(BlobCacheTest, NobodyJoinsWhatWasAskedForBeforeAClear) {
  std::vector<Entries> before, after;
  Fetch({SomeKey(1, 3)}, &before);
  cache_.Clear();
  Fetch({SomeKey(1, 3)}, &after);
  Fetch({SomeKey(1, 3)}, &after);
  EXPECT_EQ(store_.held_reads(), 2u);
  Put(&store_, 3, 33);
  store_.ReleaseReads();
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(SumOf(after[1][0]), 33);
  EXPECT_EQ(SumOf(Lookup(3)), 33);
}

TEST_F(BlobCacheTest, WhatWasAskedForBeforeAClearIsNotKept) {
  std::vector<Entries> answers;
  Fetch({SomeKey(1, 1)}, &answers);
  cache_.Clear();
  store_.ReleaseReads();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(SumOf(answers[0][0]), 11);
  EXPECT_EQ(Lookup(1).state, State::kMiss);
}

TEST_F(BlobCacheTest, ManyThreadsAreEachAnsweredOnce) {
  constexpr int kThreads = 4, kFetches = 3'000;
  std::atomic<int> answered{0}, wrong{0}, running{kThreads};
  const auto ask = [&](uint64_t seed) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < kFetches; ++i) {
      if (random() % 100 == 0) cache_.Clear();
      const auto a = static_cast<uint8_t>(1 + random() % 3), b = static_cast<uint8_t>(1 + a % 3);
      cache_.Fetch({SomeKey(1, a), SomeKey(1, b)}, [&, a, b](const Entries& entries) {
        const bool right = SumOf(entries[0]) == (a == 3 ? 0 : a * 11) &&
                           SumOf(entries[1]) == (b == 3 ? 0 : b * 11);
        wrong += right ? 0 : 1;
        ++answered;
      });
    }
    --running;
  };
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) threads.emplace_back(ask, t);
  while (running > 0) store_.ReleaseReads();
  for (std::thread& thread : threads) thread.join();
  store_.ReleaseReads();
  EXPECT_EQ(answered, kThreads * kFetches);
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace verdict::aggregate
