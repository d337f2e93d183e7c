// The estimate against what the structures do cost, and how it is printed.
#include "cli/size.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "aggregate/blob_table.h"
#include "counters/footprint.h"
#include "counters/live_world.h"
#include "eventlog/dedup_window.h"
#include "support/fake_checkpoint_store.h"
#include "support/status_matchers.h"

namespace verdict::cli {
namespace {

using ::testing::AllOf;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace verdict::testing;  // NOLINT: the test's own words

// Within a factor: |estimated / real - 1| <= by.
void ExpectWithin(double by, double estimated, double real) {
  EXPECT_THAT(estimated / real, DoubleNear(1, by)) << estimated << " estimated, " << real;
}

const SizeLine& LineOf(const SizeEstimate& estimate, const std::string& what) {
  for (const SizeLine& one : estimate.lines) {
    if (one.what == what) return one;
  }
  CHECK(false);
  __builtin_unreachable();
}

// A day of payments on merchants and cards drawn evenly, applied to live state.
struct FilledWorld : LiveWorld {
  explicit FilledWorld(const Traffic& traffic) : checkpoint(&live) {
    std::mt19937_64 random(1);
    const auto payments = static_cast<int64_t>(traffic.payments_per_day);
    const auto key = [&](const std::string& entity) {
      return entity.substr(0, 1) +
             std::to_string(random() % static_cast<uint64_t>(traffic.active.at(entity)));
    };
    const int64_t begin_ms = schedule.CutTimeMs(schedule.EpochOf(kNoon));
    for (int64_t i = 0; i < payments; ++i) {
      const int64_t time_ms = begin_ms + i * kDayMs / payments;
      Apply(
          EventOf(Payment("t" + std::to_string(i), time_ms, 12'345, key("merchant"), key("card"))));
    }
  }
  counters::Checkpoint checkpoint;
};

Traffic SmallTraffic() {
  Traffic traffic;
  traffic.active = {{"merchant", 3'000}, {"card", 40'000}};
  traffic.payments_per_day = 50'000;
  traffic.live_epochs = 1;
  traffic.partitions = 1;
  return traffic;
}

TEST(Size, LiveCellsCostWhatLiveStateSays) {
  const Traffic traffic = SmallTraffic();
  const FilledWorld world(traffic);
  const SizeEstimate estimate = EstimateSize(*world.features, traffic, {});
  const counters::LiveSizes sizes = world.live.sizes();
  double cells = 0, bytes = 0;
  for (const MeasureSize& one : estimate.measures) {
    cells += one.cells;
    bytes += one.cells * one.bytes_per_cell;
  }
  ExpectWithin(0.02, cells, static_cast<double>(sizes.cells));
  ExpectWithin(0.03, bytes, static_cast<double>(sizes.cell_bytes + sizes.index_bytes));
}

TEST(Size, CellsCostWhatTheTablesSayForAnyNumberOfKeys) {
  for (const int keys : {1, 100, 1'000, 5'000, 30'000, 87'000}) {
    LiveWorld world;
    for (int i = 0; i < keys; ++i) {
      world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon, 1, "", "c" + std::to_string(i))));
    }
    const counters::LiveSizes sizes = world.live.sizes();
    ASSERT_EQ(sizes.cells, static_cast<size_t>(keys));
    ExpectWithin(keys < 1000 ? 0.15 : 0.03, counters::CellBytes(keys, 1),
                 static_cast<double>(sizes.cell_bytes + sizes.index_bytes));
  }
}

TEST(Size, SlidingWindowsCostWhatLiveStateSays) {
  const auto features =
      CompileFeatures({Declare("volume_1h", "merchant", "sum", "txn.amount_base_minor", "1h"),
                       Declare("count_5m", "card", "count", "", "5m")});
  Traffic traffic;
  traffic.active = {{"merchant", 300}, {"card", 40'000}};
  traffic.peak_per_s = 5;
  const SizeEstimate estimate = EstimateSize(*features, traffic, {});
  LiveWorld world(1, {}, features);
  std::mt19937_64 random(1);
  // As long as the longest window and what may come late, at the peak.
  const int64_t span_ms = kHourMs + counters::kSlidingLateMs;
  const auto payments = static_cast<int64_t>(traffic.peak()) * span_ms / 1000;
  for (int64_t i = 0; i < payments; ++i) {
    world.clock.Set(kNoon + i * span_ms / payments);
    world.Apply(EventOf(Payment("t" + std::to_string(i), world.clock.NowMs(), 1,
                                "m" + std::to_string(random() % 300),
                                "c" + std::to_string(random() % 40'000))));
    world.live.Expire();
  }
  ExpectWithin(0.15, LineOf(estimate, "sliding windows").bytes,
               static_cast<double>(world.live.sizes().sliding_bytes));
}

TEST(Size, EventIdsCostWhatTheirWindowSays) {
  for (const int ids : {50'000, 200'000, 777'777}) {
    eventlog::DedupWindow window(8'000'000);
    const model::KeyHasher hasher({1, 2});
    for (int i = 0; i < ids; ++i) {
      window.SeenOrInsert(hasher.EventId("t" + std::to_string(i), 1, 0), kNoon);
    }
    ExpectWithin(0.05, eventlog::DedupWindow::BytesFor(ids), static_cast<double>(window.bytes()));
  }
}

// Each key with one waiting payment, as most have; and all payments of one merchant and one card.
TEST(Size, DecisionsAndProvisionalsCostWhatLiveStateSays) {
  for (const bool shared : {false, true}) {
    LiveWorld world;
    model::Decision decision;
    constexpr int kPayments = 2'000;
    for (int i = 0; i < kPayments; ++i) {
      const std::string of = shared ? "1" : std::to_string(i);
      const auto scored = world.Score(
          Payment("payment-" + std::to_string(10'000 + i), kNoon, 1, "m" + of, "c" + of));
      counters::LiveState::View view(world.live, scored->touched);
      decision = DecisionFor(scored->txn);
      ASSERT_EQ(view.FindOrOpen(decision.request_digest, &decision), counters::SlotState::kOpened);
      ASSERT_TRUE(view.PutProvisional(*world.features, scored->contributions));
      std::vector<counters::Waiter> waiters;
      view.Answer(DecisionFor(scored->txn), &waiters);
    }
    const counters::LiveSizes sizes = world.live.sizes();
    EXPECT_EQ(counters::DecisionBytes(decision) * kPayments,
              static_cast<double>(sizes.decision_bytes));
    const double estimated =
        counters::ProvisionalBytes(static_cast<double>(world.features->measures().size())) *
        kPayments;
    const auto real = static_cast<double>(sizes.overlay_bytes);
    if (shared) {
      ExpectWithin(0.05, estimated, real);
    } else {
      EXPECT_EQ(estimated, real);
    }
  }
}

TEST(Size, ACheckpointHoldsWhatWasEstimated) {
  const Traffic traffic = SmallTraffic();
  FilledWorld world(traffic);
  FakeCheckpointStore store;
  const counters::CheckpointBatch batch = world.checkpoint.Collect({eventlog::LogIdentity()});
  ASSERT_THAT(store.Write([&](counters::CheckpointStore::Put put) {
    counters::Checkpoint::Encode(batch, put);
  }),
              IsOk());
  double bytes = 0;
  for (const auto& family : store.contents()) {
    for (const auto& [key, value] : family) bytes += static_cast<double>(key.size() + value.size());
  }
  double estimated = static_cast<double>(world.live.sizes().dedup_ids) * counters::SavedIdBytes();
  for (const counters::ControlTotal& total : world.live.ControlTotals()) {
    feature::Tile tile;
    for (const feature::Measure& measure : world.features->measures()) {
      if (measure.hash == total.measure_hash && measure.state == feature::MeasureState::kExtremes)
        tile.min = tile.max = 1;
    }
    estimated += static_cast<double>(total.cells) * counters::SavedCellBytes(tile);
  }
  ExpectWithin(0.02, estimated, bytes);
}

TEST(Size, CachedBlobsCostWhatTheirTableSays) {
  for (const int keys : {3'000, 5'000, 9'000}) {
    aggregate::BlobTable table;
    const model::KeyHasher hasher({1, 2});
    feature::Blob blob;
    blob.tiles.resize(12);
    for (int i = 0; i < keys; ++i) {
      table.Put({1, hasher.Entity("card", std::to_string(i))},
                std::make_shared<const feature::Blob>(blob), 1, SIZE_MAX);
    }
    ExpectWithin(0.1, aggregate::BlobTable::BytesFor(12) * keys,
                 static_cast<double>(table.bytes()));
  }
}

TEST(Size, FewerPaymentsThanKeysTouchFewerKeysADay) {
  Traffic traffic = SmallTraffic();
  traffic.active["card"] = 1e9;
  const auto features = CompileFeatures(SmallDeclarations());
  const SizeEstimate estimate = EstimateSize(*features, traffic, {});
  for (const MeasureSize& one : estimate.measures) {
    EXPECT_LE(one.daily_keys, one.entity == "card" ? 50'000 : 3'000);
    EXPECT_GE(one.daily_keys, one.entity == "card" ? 49'990 : 2'999);
    if (one.entity == "merchant") {
      EXPECT_THAT(one.busy_days, DoubleNear(features->kept_days(), 0.01));
    }
  }
}

TEST(Size, AnEntityWithoutAFigureIsOneAPayment) {
  Traffic traffic = SmallTraffic();
  traffic.active.erase("card");
  const auto features = CompileFeatures(SmallDeclarations());
  for (const MeasureSize& one : EstimateSize(*features, traffic, {}).measures) {
    if (one.entity != "card") continue;
    EXPECT_GT(one.daily_keys, 0.98 * traffic.payments_per_day);
  }
}

TEST(Size, WhatDoesNotFitIsNamedWithWhatHappensThen) {
  const auto features = CompileFeatures(SmallDeclarations());
  Traffic traffic = SmallTraffic();
  EXPECT_THAT(EstimateSize(*features, traffic, {}).exceeded, IsEmpty());
  settings::Settings settings;
  settings.memory = {.cells_bytes_max = 1 << 20,
                     .blob_cache_bytes_max = 1 << 20,
                     .decisions_bytes_max = 1 << 20,
                     .overlay_bytes_max = 1 << 20,
                     .dedup_ids_per_partition = 1000};
  traffic.event_lag_s = 600;
  traffic.peak_per_s = 100;
  const SizeEstimate estimate = EstimateSize(*features, traffic, settings);
  const auto is = [](const char* setting, const char* then) {
    return AllOf(Field(&Exceeded::setting, setting), Field(&Exceeded::then, HasSubstr(then)));
  };
  EXPECT_THAT(estimate.exceeded, ElementsAre(is("memory.cells_bytes_max", "PARTIAL(limit)"),
                                             is("memory.dedup_ids_per_partition", "counts twice"),
                                             is("memory.decisions_bytes_max", "decided anew"),
                                             is("memory.overlay_bytes_max", "PARTIAL(limit)"),
                                             is("memory.blob_cache_bytes_max", "ask the store")));
  // What is capped is reckoned as capped.
  EXPECT_EQ(LineOf(estimate, "decisions for retries").bytes, 1 << 20);
  EXPECT_EQ(LineOf(estimate, "event ids").count, 1000);
}

TEST(Size, TheTotalsAreThoseOfTheLines) {
  const SizeEstimate estimate =
      EstimateSize(*CompileFeatures(SmallDeclarations()), SmallTraffic(), {});
  double memory = 0, disk = 0, redis = 0;
  for (const SizeLine& one : estimate.lines) {
    EXPECT_GT(one.bytes, 0) << one.what;
    (one.where == SizeLine::Where::kMemory ? memory
     : one.where == SizeLine::Where::kDisk ? disk
                                           : redis) += one.bytes;
  }
  EXPECT_DOUBLE_EQ(memory, estimate.memory_bytes);
  EXPECT_DOUBLE_EQ(disk, estimate.disk_bytes);
  EXPECT_DOUBLE_EQ(redis, estimate.redis_bytes);
}

SizeEstimate MadeUp() {
  SizeEstimate estimate;
  estimate.measures = {{.features = "merchant.volume_30d, merchant.avg_30d",
                        .entity = "merchant",
                        .daily_keys = 40'000,
                        .cells = 120'000.4,
                        .bytes_per_cell = 56.25,
                        .cell_bytes = 7'340'032,
                        .keys = 90'000,
                        .busy_days = 14.3,
                        .blob_bytes = 120,
                        .guard_bytes = 700'000},
                       {.features = "card.count_1d",
                        .entity = "card",
                        .daily_keys = 900,
                        .cells = 2'700,
                        .bytes_per_cell = 60,
                        .cell_bytes = 512,
                        .keys = 8'000,
                        .busy_days = 1,
                        .blob_bytes = 41,
                        .guard_bytes = 12}};
  estimate.lines = {{"live cells", SizeLine::Where::kMemory, 122'700, 7'340'544, "3 days"},
                    {"checkpoint", SizeLine::Where::kDisk, 0, 5e9, "cells and ids"},
                    {"blobs in Redis", SizeLine::Where::kRedis, 98'000, 2e13, "there"}};
  estimate.memory_bytes = 7'340'544;
  estimate.disk_bytes = 5e9;
  estimate.redis_bytes = 2e13;
  estimate.exceeded = {{"memory.cells_bytes_max", 1'048'576, 7'340'544, "answers say so"},
                       {"memory.dedup_ids_per_partition", 1'000, 2'000, "ids are forgotten"}};
  return estimate;
}

TEST(Size, PrintsTables) {
  EXPECT_EQ(
      SizeText(MadeUp()),
      R"(measure of                             keys a day  live cells  B a cell  live      blobs  days each  B a blob
merchant.volume_30d, merchant.avg_30d      40,000     120,000      56.2  7.0 MiB  90,000       14.3       120
card.count_1d                                 900       2,700      60.0  512 B     8,000        1.0        41

what            where    number  size      note
live cells      memory  122,700  7.0 MiB   3 days
checkpoint      disk             4.7 GiB   cells and ids
blobs in Redis  redis    98,000  18.2 TiB  there

total: 7.0 MiB of memory, 4.7 GiB of disk; in Redis, if the blobs lie there, 18.2 TiB instead of their disk
memory.cells_bytes_max is 1.0 MiB, 7.0 MiB are needed: answers say so
memory.dedup_ids_per_partition is 1,000, 2,000 are needed: ids are forgotten
)");
  SizeEstimate fits = MadeUp();
  fits.exceeded.clear();
  EXPECT_THAT(SizeText(fits), HasSubstr("every memory.* setting is large enough\n"));
}

TEST(Size, PrintsJson) {
  EXPECT_EQ(nlohmann::json::parse(SizeJson(MadeUp())), nlohmann::json::parse(R"({
    "measures": [
      {"features": "merchant.volume_30d, merchant.avg_30d", "entity": "merchant", "daily_keys": 40000,
       "live_cells": 120000, "bytes_per_cell": 56.25, "live_bytes": 7340032, "blobs": 90000,
       "days_per_blob": 14.3, "bytes_per_blob": 120, "guard_bytes": 700000},
      {"features": "card.count_1d", "entity": "card", "daily_keys": 900, "live_cells": 2700,
       "bytes_per_cell": 60.0, "live_bytes": 512, "blobs": 8000, "days_per_blob": 1.0,
       "bytes_per_blob": 41, "guard_bytes": 12}],
    "sliding": [],
    "lines": [
      {"what": "live cells", "where": "memory", "number": 122700, "bytes": 7340544, "note": "3 days"},
      {"what": "checkpoint", "where": "disk", "number": 0, "bytes": 5000000000, "note": "cells and ids"},
      {"what": "blobs in Redis", "where": "redis", "number": 98000, "bytes": 20000000000000,
       "note": "there"}],
    "memory_bytes": 7340544, "disk_bytes": 5000000000, "redis_bytes": 20000000000000,
    "exceeded": [
      {"setting": "memory.cells_bytes_max", "limit": 1048576, "needed": 7340544, "then": "answers say so"},
      {"setting": "memory.dedup_ids_per_partition", "limit": 1000, "needed": 2000,
       "then": "ids are forgotten"}]})"));
}

}  // namespace
}  // namespace verdict::cli
