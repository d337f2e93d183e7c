// Parts in blocks with totals, against a list of them all.
#include "counters/overlay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "model/entity_key.h"

namespace verdict::counters {
namespace {

constexpr int64_t kTtlMs = 1'000;
const model::KeyHasher kHasher{base::SipKey{1, 2}};

model::EntityKey KeyOf(const std::string& name) { return kHasher.Entity("merchant", name); }

feature::Tile TileOf(int64_t amount) {
  feature::Tile tile;
  tile.sum = amount;
  tile.count = 1;
  tile.min = tile.max = amount;
  return tile;
}

feature::Tile TotalOf(Overlay* overlay, const model::EntityKey& key, int64_t now_ms,
                      int64_t from_at, int64_t to_at, const Provisional* skipped = nullptr,
                      int* visits = nullptr) {
  feature::Tile total;
  const auto holds = [&](int64_t at) { return at >= from_at && at <= to_at; };
  overlay->VisitParts(
      1, key, now_ms, skipped,
      [&](int64_t first, int64_t last) { return holds(first) && holds(last); },
      [&](int64_t at, const feature::Tile& tile) {
        if (visits != nullptr) ++*visits;
        if (holds(at)) total.Merge(tile);
      });
  return total;
}

TEST(Overlay, ManyPartsAreReadAsFew) {
  Overlay overlay;
  constexpr int kParts = 10'000;
  for (int i = 0; i < kParts; ++i) {
    Provisional* one = overlay.Begin(KeyOf("p" + std::to_string(i)), kTtlMs);
    overlay.AddPart(one, 1, KeyOf("m"), 7, TileOf(i), 0);
  }
  int visits = 0;
  const feature::Tile total = TotalOf(&overlay, KeyOf("m"), 0, 7, 7, nullptr, &visits);
  EXPECT_EQ(total.count, kParts);
  EXPECT_TRUE(total.sum == static_cast<int64_t>(kParts) * (kParts - 1) / 2);
  EXPECT_LE(visits, kParts / static_cast<int>(OverlayBlock::kPartsMax) + 10);
}

// Puts, ends, expiries, sweeps and reads in any order; each read is recomputed from a list.
TEST(Overlay, EqualsAListOfItsParts) {
  struct Listed {
    model::EntityKey payment;
    model::EntityKey key;
    int64_t at, amount, expires_ms;
  };
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    std::mt19937_64 random(seed);
    Overlay overlay;
    std::map<std::string, std::vector<Listed>> standing;  // by payment
    int64_t now_ms = 0;
    for (int step = 0; step < 3'000; ++step) {
      now_ms += static_cast<int64_t>(random() % 3);
      const std::string id = "p" + std::to_string(random() % 900);
      const model::EntityKey payment = KeyOf(id);
      const uint64_t what = random() % 100;
      if (what < 60) {
        overlay.End(payment);
        Provisional* one = overlay.Begin(payment, now_ms + kTtlMs);
        std::vector<Listed>& parts = standing[id];
        parts.clear();
        for (int i = 0; i < 2; ++i) {
          const Listed part{payment, KeyOf("m" + std::to_string(random() % 3)),
                            static_cast<int64_t>(random() % 3),
                            static_cast<int64_t>(random() % 1'000), now_ms + kTtlMs};
          overlay.AddPart(one, 1, part.key, part.at, TileOf(part.amount), now_ms);
          parts.push_back(part);
        }
      } else if (what < 75) {
        overlay.End(payment);
        standing.erase(id);
      } else if (what < 78) {
        overlay.Sweep(now_ms, random() % 2 == 0);
      } else {
        const model::EntityKey key = KeyOf("m" + std::to_string(random() % 3));
        const auto from = static_cast<int64_t>(random() % 3);
        const bool without = random() % 2 == 0;
        const Provisional* skipped = without ? overlay.Find(payment) : nullptr;
        feature::Tile expected;
        for (const auto& [other, parts] : standing) {
          for (const Listed& part : parts) {
            if (part.key != key || part.at < from || now_ms >= part.expires_ms) continue;
            if (skipped == nullptr || other != id) expected.Merge(TileOf(part.amount));
          }
        }
        ASSERT_EQ(TotalOf(&overlay, key, now_ms, from, 2, skipped), expected)
            << "seed " << seed << ", step " << step;
      }
    }
    now_ms += kTtlMs;
    overlay.Sweep(now_ms, false);
    EXPECT_EQ(overlay.parts(), 0u);
    EXPECT_EQ(overlay.provisionals(), 0u);
    EXPECT_EQ(overlay.bytes(), 0u);
  }
}

TEST(Overlay, AFewThatWaitForLongDoNotKeepTheRoomOfMany) {
  Overlay overlay;
  for (int i = 0; i < 1'000; ++i) {
    Provisional* one = overlay.Begin(KeyOf("p" + std::to_string(i)), kTtlMs);
    overlay.AddPart(one, 1, KeyOf("m"), 7, TileOf(1), 0);
  }
  for (int i = 0; i < 1'000; ++i) {
    if (i % 100 != 0) overlay.End(KeyOf("p" + std::to_string(i)));
  }
  EXPECT_EQ(TotalOf(&overlay, KeyOf("m"), 0, 7, 7).count, 10);
  // Each may keep the block that its payment tells of its end.
  constexpr size_t kMost = sizeof(Provisional) + sizeof(OverlayBlock) + sizeof(OverlayBlock::Part) +
                           sizeof(OverlayBlock*);
  EXPECT_LE(overlay.bytes(), 10 * kMost);
}

TEST(Overlay, OneThatWaitsInEachBlockIsReadAsFew) {
  Overlay overlay;
  constexpr int kParts = 100'000, kEvery = 100;
  for (int i = 0; i < kParts; ++i) {
    Provisional* one = overlay.Begin(KeyOf("p" + std::to_string(i)), kTtlMs);
    overlay.AddPart(one, 1, KeyOf("m"), 7, TileOf(i), 0);
  }
  for (int i = 0; i < kParts; ++i) {
    if (i % kEvery != 0) overlay.End(KeyOf("p" + std::to_string(i)));
  }
  int visits = 0;
  EXPECT_EQ(TotalOf(&overlay, KeyOf("m"), 0, 7, 7, nullptr, &visits).count, kParts / kEvery);
  EXPECT_LE(visits, 4 * kParts / kEvery / static_cast<int>(OverlayBlock::kPartsMax) + 10);
  // Their ends are still told to the block where they lie now, and one is left out where asked.
  const Provisional* skipped = overlay.Find(KeyOf("p" + std::to_string(kEvery)));
  EXPECT_EQ(TotalOf(&overlay, KeyOf("m"), 0, 7, 7, skipped).count, kParts / kEvery - 1);
  for (int i = 0; i < kParts; i += kEvery) {
    overlay.End(KeyOf("p" + std::to_string(i)));
    const int left = kParts / kEvery - i / kEvery - 1;
    ASSERT_EQ(TotalOf(&overlay, KeyOf("m"), 0, 7, 7).count, left);
  }
  EXPECT_EQ(overlay.bytes(), 0u);
}

TEST(Overlay, ALonePaymentTakesNoBlock) {
  Overlay overlay;
  Provisional* one = overlay.Begin(KeyOf("p"), kTtlMs);
  overlay.AddPart(one, 1, KeyOf("m"), 7, TileOf(1), 0);
  EXPECT_EQ(overlay.bytes(), sizeof(Provisional) + Overlay::kBytesOfLonePart);
  EXPECT_TRUE(one->blocks.empty());
  EXPECT_EQ(TotalOf(&overlay, KeyOf("m"), 0, 7, 7).count, 1);
  EXPECT_EQ(TotalOf(&overlay, KeyOf("m"), 0, 7, 7, one).count, 0);
  overlay.End(KeyOf("p"));
  one = overlay.Begin(KeyOf("q"), kTtlMs);
  overlay.AddPart(one, 1, KeyOf("m"), 7, TileOf(1), 0);  // in the place of the dead one
  EXPECT_EQ(overlay.parts(), 1u);
  EXPECT_TRUE(one->blocks.empty());
}

// Payments lie in one stripe and their parts in another: ends come without the parts' lock. Some
// never end, so that blocks are joined meanwhile.
TEST(Overlay, WhatEndsWithoutThePartsLockIsSeenOnceItEnded) {
  Overlay payments, entities;
  base::Mutex payments_mutex, entities_mutex;
  constexpr int kPayments = 20'000, kStays = 50;
  const auto payment_of = [](int i) { return KeyOf("p" + std::to_string(i)); };
  const auto stay_among = [](int payments) { return (payments + kStays - 1) / kStays; };
  std::atomic<int> put{0}, ended{0};  // ended: of the first so many, all but those that stay
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const int ended_before = ended.load();
      int64_t count = 0;
      int put_then = 0;
      {
        base::MutexLock lock(entities_mutex);
        count = TotalOf(&entities, KeyOf("m"), 0, 7, 7).count;
        put_then = put.load();
      }
      const int ended_after = ended.load() + 1;  // one may be about to be told
      ASSERT_LE(count, put_then - ended_before + stay_among(ended_before));
      ASSERT_GE(count, put_then - ended_after + stay_among(ended_after));
    }
  });
  std::thread ender([&] {
    for (int i = 0; i < kPayments; ++i) {
      while (put.load() <= i) std::this_thread::yield();
      if (i % kStays != 0) {
        base::MutexLock lock(payments_mutex);
        ASSERT_TRUE(payments.End(payment_of(i)));
      }
      ended.store(i + 1);
    }
  });
  for (int i = 0; i < kPayments; ++i) {
    base::MutexLock of_payments(payments_mutex);
    base::MutexLock of_entities(entities_mutex);
    Provisional* one = payments.Begin(payment_of(i), kTtlMs);
    entities.AddPart(one, 1, KeyOf("m"), 7, TileOf(1), 0);
    put.store(i + 1);
  }
  ender.join();
  done = true;
  reader.join();
  EXPECT_EQ(TotalOf(&entities, KeyOf("m"), 0, 7, 7).count, kPayments / kStays);
  for (int i = 0; i < kPayments; i += kStays) payments.End(payment_of(i));
  EXPECT_EQ(TotalOf(&entities, KeyOf("m"), 0, 7, 7).count, 0);
  EXPECT_EQ(entities.bytes(), 0u);
}

}  // namespace
}  // namespace verdict::counters
