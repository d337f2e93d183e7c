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
  EXPECT_LT(overlay.bytes(), 10 * (Overlay::kBytesOfLonePart + sizeof(Provisional) + 64));
}

// Payments lie in one stripe and their parts in another: ends come without the parts' lock.
TEST(Overlay, WhatEndsWithoutThePartsLockIsSeenOnceItEnded) {
  Overlay payments, entities;
  base::Mutex payments_mutex, entities_mutex;
  constexpr int kPayments = 5'000;
  const auto payment_of = [](int i) { return KeyOf("p" + std::to_string(i)); };
  std::atomic<int> put{0}, ended{0};
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) {
      const int ended_before = ended.load();
      int64_t count = 0;
      int put_after = 0;
      {
        base::MutexLock lock(entities_mutex);
        count = TotalOf(&entities, KeyOf("m"), 0, 7, 7).count;
        put_after = put.load();
      }
      EXPECT_LE(count, put_after - ended_before);
    }
  });
  std::thread ender([&] {
    for (int i = 0; i < kPayments; ++i) {
      while (put.load() <= i) std::this_thread::yield();
      {
        base::MutexLock lock(payments_mutex);
        EXPECT_TRUE(payments.End(payment_of(i)));
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
  EXPECT_EQ(TotalOf(&entities, KeyOf("m"), 0, 7, 7).count, 0);
}

}  // namespace
}  // namespace verdict::counters
