// Sliding windows in live state: counted once, late or not, let go of no sooner than said.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "counters/live_world.h"

namespace verdict::counters {
namespace {

using eventlog::EventClass;
using feature::Tile;
using namespace verdict::testing;  // NOLINT: the test's own words

std::shared_ptr<const feature::FeatureSet> SlidingSet() {
  return CompileFeatures({Declare("volume_1h", "merchant", "sum", "txn.amount_base_minor", "1h",
                                  "txn.status == 'approved'"),
                          Declare("max_5m", "merchant", "max", "txn.amount_base_minor", "5m",
                                  "txn.status == 'approved'"),
                          Declare("count_24h", "card", "count", "", "24h")});
}

struct SlidingWorld : LiveWorld {
  explicit SlidingWorld(LiveOptions options = {}) : LiveWorld(2, options, SlidingSet()) {}

  // What a payment of `merchant` and `card` at `time_ms` finds, itself left out.
  feature::Tile Window(const std::string& name, int64_t time_ms, const std::string& merchant = "m1",
                       const std::string& card = "c1", uint16_t* reasons = nullptr) {
    const auto scored = Score(Payment("ask", time_ms, 0, merchant, card));
    LiveState::View view(live, scored->touched);
    return Window(view, *scored, name, reasons);
  }
  feature::Tile Window(const LiveState::View& view, const Scored& scored, const std::string& name,
                       uint16_t* reasons = nullptr) {
    const feature::Feature& feature = FeatureNamed(name);
    const uint64_t hash = features->sliding_measures()[feature.measure].hash;
    const model::EntityKey& key = *scored.keys[feature.entity];
    const int64_t until_ms = scored.txn.event_time_ms;
    const feature::SlidingWindow window{until_ms - feature.window_ms, until_ms};
    feature::Tile total;
    uint16_t found = view.ReadSliding(hash, key, window, &total);
    std::vector<feature::TimedTile> overlay;
    view.CollectSlidingOverlay(hash, key, window, /*without_current=*/false, &overlay);
    total = feature::MergeSliding(window, total, overlay, &found, nullptr);
    if (reasons != nullptr) *reasons = found;
    return total;
  }
  uint16_t Reasons(const std::string& name, int64_t time_ms) {
    uint16_t reasons = 0;
    Window(name, time_ms, "m1", "c1", &reasons);
    return reasons;
  }
  void Put(const Scored& scored) {
    LiveState::View view(live, scored.touched);
    EXPECT_TRUE(view.PutProvisional(*features, scored.contributions, scored.sliding));
  }
};

TEST(SlidingLive, CountsEventsOnceInAnyOrderOfTheirTimes) {
  SlidingWorld world;
  for (const int64_t ago_ms :
       {0L, 30 * kMinuteMs, 59 * kMinuteMs, 60 * kMinuteMs, 10 * kMinuteMs}) {
    model::Event event = EventOf(Payment("t" + std::to_string(ago_ms), kNoon - ago_ms, 100));
    const eventlog::LogRecord record = world.Record(event, kNoon);
    EXPECT_EQ(world.live.Apply(record), EventClass::kCounted);
    EXPECT_EQ(world.live.Apply(world.Record(event, kNoon)), EventClass::kDuplicate);
  }
  EXPECT_EQ(world.Window("volume_1h", kNoon).sum, 400) << "the one of an hour ago is out";
  EXPECT_EQ(world.Window("volume_1h", kNoon - 1).sum, 400) << "that of now is out, that one is in";
  EXPECT_EQ(world.Window("count_24h", kNoon).count, 5);
  EXPECT_EQ(world.Window("max_5m", kNoon).max, 100);
  EXPECT_FALSE(world.Window("max_5m", kNoon - 1).has_extremes());
}

TEST(SlidingLive, AnEventOfSlidingMeasuresAloneIsCounted) {
  SlidingWorld world;
  EXPECT_EQ(world.Apply(EventOf(Payment("t", kNoon, 5))), EventClass::kCounted);
  EXPECT_EQ(world.Apply(EventOf(Payment("l", kNoon, 5), model::EventKind::kLabel)),
            EventClass::kFiltered);
}

TEST(SlidingLive, AProvisionalCountsAtItsMomentAndItsEventTakesItsPlace) {
  SlidingWorld world;
  const auto scored = world.Score(Payment("t", kNoon, 70));
  world.Put(*scored);
  EXPECT_EQ(world.Window("volume_1h", kNoon).sum, 70);
  EXPECT_EQ(world.Window("volume_1h", kNoon - 1).count, 0) << "it is yet to come";
  EXPECT_EQ(world.Window("volume_1h", kNoon + kHourMs).count, 0) << "it has left the window";
  EXPECT_EQ(world.Window("volume_1h", kNoon + kHourMs - 1).count, 1);
  EXPECT_EQ(world.Window("count_24h", kNoon).count, 1);
  {
    LiveState::View view(world.live, scored->touched);
    std::vector<feature::TimedTile> others;
    view.CollectSlidingOverlay(world.features->sliding_measures()[0].hash,
                               *scored->keys[world.features->sliding_measures()[0].entity],
                               {kNoon - kHourMs, kNoon}, /*without_current=*/true, &others);
    EXPECT_TRUE(others.empty());
  }
  model::Event event = EventOf(Payment("t", kNoon + 5, 80));
  EXPECT_EQ(world.Apply(event), EventClass::kCounted);
  EXPECT_EQ(world.Window("volume_1h", kNoon + 5).sum, 80) << "with the event's fields";
  EXPECT_EQ(world.live.sizes().provisionals, 0u);
}

TEST(SlidingLive, OfManyProvisionalsOnlyThoseInTheWindowCount) {
  SlidingWorld world;
  constexpr int kPayments = 61;  // one a minute: more than an hour of them in one block
  for (int i = 0; i < kPayments; ++i) {
    world.Put(*world.Score(Payment("t" + std::to_string(i), kNoon + i * kMinuteMs, 1)));
  }
  for (int i = 0; i < kPayments; ++i) {
    EXPECT_EQ(world.Window("volume_1h", kNoon + i * kMinuteMs).count, std::min(i + 1, 60)) << i;
    EXPECT_EQ(world.Window("max_5m", kNoon + i * kMinuteMs).count, std::min(i + 1, 5)) << i;
  }
}

TEST(SlidingLive, ARealOutcomeTakesThePlaceOfTheAssumedOne) {
  SlidingWorld world;
  const auto assumed = world.Score(Payment("t", kNoon, 70));
  world.Put(*assumed);
  const auto declined = world.Score(Payment("t", kNoon, 70, "m1", "c1", "declined"));
  {
    LiveState::View view(world.live, declined->touched);
    view.ReplaceProvisional(*world.features, declined->contributions, declined->sliding);
  }
  EXPECT_EQ(world.Window("volume_1h", kNoon).count, 0);
  EXPECT_EQ(world.Window("count_24h", kNoon).count, 1);
}

TEST(SlidingLive, LetsGoOfNothingThatALateTransactionMayAskFor) {
  SlidingWorld world;
  world.Apply(EventOf(Payment("t", kNoon, 70)));
  const int64_t last_ms = kNoon + kHourMs + kSlidingLateMs;  // the window and the late allowance
  world.clock.Set(last_ms - 1);
  world.ExpireAll();
  EXPECT_EQ(world.Window("volume_1h", kNoon).sum, 70);
  EXPECT_EQ(world.Reasons("volume_1h", kNoon + kHourMs - 1), 0);
  world.clock.Set(last_ms);
  world.ExpireAll();
  EXPECT_EQ(world.Reasons("volume_1h", kNoon + kHourMs), 0) << "begins where nothing was let go";
  EXPECT_EQ(world.Window("volume_1h", kNoon + kHourMs).count, 0);
  EXPECT_EQ(world.Reasons("volume_1h", kNoon + kHourMs - 1), model::kPartialTooOld);
  EXPECT_EQ(world.Reasons("max_5m", kNoon + kHourMs - 1), 0) << "a shorter window reaches less far";
  EXPECT_EQ(world.Reasons("count_24h", kNoon + kHourMs), 0);
  EXPECT_EQ(world.Window("count_24h", kNoon + kHourMs).count, 1);
  world.clock.Set(kNoon);
  world.ExpireAll();
  EXPECT_EQ(world.Reasons("volume_1h", kNoon), model::kPartialTooOld) << "a clock set back";
  world.clock.Set(last_ms + 10 * kMinuteMs);
  world.ExpireAll();
  EXPECT_EQ(world.live.sizes().sliding_series, 1u) << "of the card";
  world.clock.Set(last_ms + 3 * kDayMs);
  world.ExpireAll();
  EXPECT_EQ(world.live.sizes().sliding_series, 0u);
  EXPECT_EQ(world.live.sizes().sliding_bytes, 0u);
}

TEST(SlidingLive, WhatComesTooLateIsNotKept) {
  SlidingWorld world;
  world.clock.Set(kNoon);
  world.ExpireAll();
  EXPECT_EQ(world.live.Apply(world.Record(EventOf(Payment("t", kNoon - 3 * kHourMs, 5)), kNoon)),
            EventClass::kCounted);
  EXPECT_EQ(world.Window("count_24h", kNoon).count, 1);
  EXPECT_EQ(world.live.sizes().sliding_series, 1u) << "no merchant's window of an hour holds it";
}

TEST(SlidingLive, SaysWhatItIsToldOfWindowsThatReachBackTooFar) {
  SlidingWorld world;
  world.live.SetSlidingFrom(kNoon - 30 * kMinuteMs, model::kPartialRebuilding);
  EXPECT_EQ(world.Reasons("volume_1h", kNoon), model::kPartialRebuilding);
  EXPECT_EQ(world.Reasons("max_5m", kNoon), 0);
  EXPECT_EQ(world.Reasons("volume_1h", kNoon + 30 * kMinuteMs), 0);
  world.live.SetSlidingFrom(INT64_MIN, 0);
  EXPECT_EQ(world.Reasons("volume_1h", kNoon), 0);
}

TEST(SlidingLive, OfAMeasureThatIsNotCountedSaysRebuilding) {
  SlidingWorld world;
  const auto scored = world.Score(Payment("t", kNoon, 1));
  LiveState::View view(world.live, scored->touched);
  Tile total;
  EXPECT_EQ(view.ReadSliding(1, *scored->keys[0], {0, kNoon}, &total), model::kPartialRebuilding);
}

TEST(SlidingLive, AKeyWithTooManyEventsKeepsSubTotalsOfItsOldestMinutes) {
  SlidingWorld world({.sliding_events_per_key_max = 100});
  for (int i = 0; i < 300; ++i) {  // ten a minute
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon + i * 6'000, 1)));
  }
  const int64_t now_ms = kNoon + 300 * 6'000;
  EXPECT_EQ(world.Window("volume_1h", now_ms).sum, 300) << "sub-totals within the window are exact";
  EXPECT_EQ(world.Reasons("volume_1h", now_ms), 0);
  uint16_t reasons = 0;
  const int64_t edge_ms = kNoon + kHourMs + 30'000;
  EXPECT_EQ(world.Window("volume_1h", edge_ms, "m1", "c1", &reasons).sum, 300);
  EXPECT_EQ(reasons, model::kPartialLimit) << "half a minute too much, and said so";
  EXPECT_EQ(world.Reasons("max_5m", now_ms), 0);
  // The minute of the 200th entry from the end is folded on both measures' keys.
  EXPECT_EQ(world.live.sizes().sliding_minutes_folded, 2u * 20u);
}

TEST(SlidingLive, BeyondItsMemoryLongSeriesFoldAndNewOnesAreLeftOutAndSaidSo) {
  SlidingWorld world({.sliding_bytes_max = 100'000});
  for (int i = 0; i < 20'000; ++i) {
    world.Apply(EventOf(Payment("t" + std::to_string(i), kNoon + i * 10, 1)));
    if (i % 100 == 0) world.ExpireAll();
  }
  LiveSizes sizes = world.live.sizes();
  EXPECT_LE(sizes.sliding_bytes, 110'000u);
  EXPECT_GT(sizes.sliding_minutes_folded, 0u);
  EXPECT_EQ(sizes.sliding_refused, 0u) << "one key's flood is its own affair";
  const int64_t now_ms = kNoon + 200'000;
  EXPECT_EQ(world.Window("volume_1h", now_ms).sum, 20'000);
  EXPECT_EQ(world.Window("count_24h", now_ms).count, 20'000);

  SlidingWorld many({.sliding_bytes_max = 100'000});
  for (int i = 0; i < 3'000; ++i) {
    const std::string n = std::to_string(i);
    many.Apply(EventOf(Payment("t" + n, kNoon, 1, "m" + n, "c" + n)));
  }
  sizes = many.live.sizes();
  EXPECT_LE(sizes.sliding_bytes, 101'000u);
  EXPECT_GT(sizes.sliding_refused, 0u);
  int missing = 0;
  for (int i = 0; i < 3'000; ++i) {
    const std::string n = std::to_string(i);
    uint16_t reasons = 0;
    const Tile total = many.Window("count_24h", kNoon, "m" + n, "c" + n, &reasons);
    if (total.count == 1) continue;
    ++missing;
    ASSERT_EQ(reasons, model::kPartialLimit) << n;
  }
  EXPECT_GT(missing, 0);
  uint16_t reasons = 0;
  for (int i = 0; i < 3'000; ++i) {
    uint16_t later = 0;
    many.Window("count_24h", kNoon + kDayMs, "m1", "c" + std::to_string(i), &later);
    reasons |= later;
  }
  EXPECT_EQ(reasons, 0) << "what was left out has left the window";
}

TEST(SlidingLive, HoldsToItsMemoryWhatIsAddedAndLetGo) {
  SlidingWorld world;
  std::mt19937_64 random(7);
  for (int i = 0; i < 30'000; ++i) {
    const int64_t now_ms = kNoon + i * 2'000;
    world.clock.Set(now_ms);
    const std::string entity = std::to_string(random() % (random() % 300 + 1));
    world.Apply(EventOf(Payment("t" + std::to_string(i), now_ms, 1, "m" + entity, "c" + entity)));
    if (i % 16 == 0) world.live.Expire();
  }
  EXPECT_GT(world.live.sizes().sliding_bytes, 100'000u);
  world.clock.Set(kNoon + 10 * kDayMs);
  for (int i = 0; i < 20; ++i) world.ExpireAll();
  EXPECT_EQ(world.live.sizes().sliding_series, 0u);
  EXPECT_EQ(world.live.sizes().sliding_bytes, 0u) << "every byte added was taken away again";
}

TEST(SlidingLive, ARuleSetMayNotAskForWhatIsNotCounted) {
  SlidingWorld world;
  EXPECT_TRUE(world.live.Rebind(*SlidingSet()).ok());
  const auto other = CompileFeatures({Declare("count_1h", "merchant", "count", "", "1h")});
  EXPECT_FALSE(world.live.Rebind(*other).ok());
  const auto shorter = CompileFeatures({Declare("count_5m", "card", "count", "", "5m")});
  EXPECT_TRUE(world.live.Rebind(*shorter).ok());
}

}  // namespace
}  // namespace verdict::counters
