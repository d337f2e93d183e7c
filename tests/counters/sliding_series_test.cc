// One key's events in a sliding window: against a plain list, in any order, folded or not.
#include "counters/sliding_series.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "support/small_features.h"

namespace verdict::counters {
namespace {

using feature::AmountState;
using feature::SlidingEntry;
using feature::SlidingWindow;
using feature::Tile;
using model::EventKind;
using namespace verdict::testing;  // NOLINT: the test's own words

SlidingEntry At(int64_t time_ms, int64_t amount = 1) {
  return {time_ms, EventKind::kPayment, AmountState::kKnown, amount};
}

Tile Read(const SlidingSeries& series, int64_t after_ms, int64_t until_ms) {
  bool exact = true;
  const Tile total = series.Read({after_ms, until_ms}, &exact);
  EXPECT_TRUE(exact);
  return total;
}

TEST(SlidingSeries, TakesWhatLiesAfterOneEdgeAndUpToTheOther) {
  SlidingSeries series;
  EXPECT_TRUE(series.empty());
  EXPECT_EQ(Read(series, 0, kNoon), Tile{});
  for (const int64_t at : {kNoon, kNoon - 1, kNoon - kHourMs, kNoon - kHourMs + 1, kNoon + 1}) {
    series.Add(At(at));
  }
  EXPECT_EQ(Read(series, kNoon - kHourMs, kNoon).count, 3) << "(tau - W, tau]";
  EXPECT_EQ(Read(series, kNoon - kHourMs - 1, kNoon + 1).count, 5);
}

TEST(SlidingSeries, CountsKindsAsDaysDo) {
  SlidingSeries series;
  series.Add({kNoon, EventKind::kPayment, AmountState::kKnown, 70});
  series.Add({kNoon, EventKind::kPayment, AmountState::kKnown, 50});
  series.Add({kNoon, EventKind::kRefund, AmountState::kKnown, 90});
  series.Add({kNoon, EventKind::kReversal, AmountState::kKnown, 20});
  EXPECT_EQ(Read(series, 0, kNoon), (Tile{.sum = 10, .count = 1, .min = 50, .max = 70}));
  series.Add({kNoon, EventKind::kPayment, AmountState::kUnknown, 0});
  EXPECT_EQ(Read(series, 0, kNoon),
            (Tile{.sum = 10, .count = 1, .min = 50, .max = 70, .marks = feature::kMarkFx}));
  SlidingSeries counts;
  counts.Add({kNoon, EventKind::kPayment, AmountState::kNone, 0});
  counts.Add({kNoon, EventKind::kReversal, AmountState::kNone, 0});
  EXPECT_EQ(Read(counts, 0, kNoon), Tile{}) << "paid and undone";
  SlidingSeries widest;
  widest.Add({kNoon, EventKind::kRefund, AmountState::kKnown, INT64_MIN});
  widest.Add({kNoon, EventKind::kRefund, AmountState::kKnown, INT64_MIN});
  EXPECT_EQ(Read(widest, 0, kNoon).sum, -2 * feature::Int128{INT64_MIN});
}

TEST(SlidingSeries, HoldsTimesBefore1970) {
  SlidingSeries series;
  series.Add(At(-5));
  series.Add(At(-3 * kMinuteMs));
  series.Add(At(5));
  EXPECT_EQ(Read(series, -6, 4).count, 1);
  series.Fold(2);
  EXPECT_EQ(Read(series, -3 * kMinuteMs - 1, 5).count, 3) << "the folded minute lies within";
}

TEST(SlidingSeries, CountsAFoldedMinuteWholeAndSaysSo) {
  SlidingSeries series;
  for (int minute = 0; minute < 4; ++minute) {
    for (int second = 0; second < 60; ++second) {
      series.Add(At(kNoon + minute * kMinuteMs + second * 1000, minute + 1));
    }
  }
  EXPECT_EQ(series.Fold(120), 2u);
  EXPECT_EQ(series.entries(), 120u);
  EXPECT_EQ(Read(series, kNoon - 1, kNoon + kHourMs).count, 240) << "no edge within a folded one";
  EXPECT_EQ(Read(series, kNoon + kMinuteMs - 1, kNoon + kHourMs).count, 180);
  EXPECT_EQ(Read(series, kNoon + 2 * kMinuteMs, kNoon + kHourMs).count, 119);
  bool exact = true;
  const Tile edge = series.Read({kNoon + kMinuteMs + 30'000, kNoon + kHourMs}, &exact);
  EXPECT_FALSE(exact);
  EXPECT_EQ(edge.count, 180) << "half a minute too much";
  EXPECT_EQ(edge.min, 2);
  series.Add(At(kNoon + 500, 100));
  EXPECT_EQ(series.entries(), 120u) << "late into a folded minute: its sub-total takes it";
  EXPECT_EQ(Read(series, kNoon - 1, kNoon + kHourMs).max, 100);
}

// The plain list: every event, and which minutes were folded.
struct PlainSeries {
  std::vector<SlidingEntry> events;
  std::map<int64_t, bool> folded;

  static int64_t MinuteOf(int64_t time_ms) { return time_ms / kMinuteMs; }
  size_t kept() const {
    size_t count = 0;
    for (const SlidingEntry& one : events)
      count += folded.contains(MinuteOf(one.time_ms())) ? 0 : 1;
    return count;
  }
  void Fold(size_t entries_max) {
    while (kept() > entries_max) {
      int64_t oldest = INT64_MAX;
      for (const SlidingEntry& one : events) {
        const int64_t minute = MinuteOf(one.time_ms());
        if (!folded.contains(minute)) oldest = std::min(oldest, minute);
      }
      folded[oldest] = true;
    }
  }
  Tile Read(const SlidingWindow& window, bool* exact) const {
    Tile total;
    for (const SlidingEntry& one : events) {
      const int64_t first_ms = MinuteOf(one.time_ms()) * kMinuteMs;
      const int64_t last_ms = first_ms + kMinuteMs - 1;
      if (!folded.contains(MinuteOf(one.time_ms()))) {
        if (window.Holds(one.time_ms())) total.Merge(one.tile());
        continue;
      }
      if (last_ms <= window.after_ms || first_ms > window.until_ms) continue;
      total.Merge(one.tile());
      *exact = *exact && window.after_ms < first_ms && last_ms <= window.until_ms;
    }
    return total;
  }
};

TEST(SlidingSeries, EqualsAPlainListInAnyOrderFoldedOrNot) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
    // Some worlds lie within a minute, some spread over hours; some come in order.
    const int64_t span_ms = seed % 3 == 0   ? kMinuteMs
                            : seed % 3 == 1 ? 20 * kMinuteMs
                                            : 4 * kHourMs;
    const bool in_order = seed % 2 == 0;
    const bool folds = seed % 4 < 2;
    SlidingSeries series;
    PlainSeries plain;
    int64_t dropped_ms = INT64_MIN;
    for (int i = 0; i < 1500; ++i) {
      const int64_t late_ms =
          in_order && below(10) != 0 ? 0 : below(static_cast<uint64_t>(span_ms));
      const int64_t time_ms = kNoon + i * span_ms / 1500 - late_ms;
      if (time_ms <= dropped_ms) continue;
      const auto kind = below(8) == 0 ? EventKind::kReversal : EventKind::kPayment;
      const SlidingEntry entry(time_ms, kind, AmountState::kKnown, below(1000));
      series.Add(entry);
      plain.events.push_back(entry);
      if (folds && below(40) == 0) {
        const auto entries_max = static_cast<size_t>(below(400));
        series.Fold(entries_max);
        plain.Fold(entries_max);
        ASSERT_EQ(series.entries(), plain.kept());
      }
      if (!folds && below(100) == 0) {
        dropped_ms = std::max(dropped_ms, time_ms - span_ms / 2);
        series.DropUntil(dropped_ms);
      }
      if (below(4) != 0) continue;
      SlidingWindow window;
      window.after_ms = std::max(dropped_ms, time_ms - below(static_cast<uint64_t>(span_ms)));
      window.until_ms = window.after_ms + below(static_cast<uint64_t>(span_ms));
      bool exact = true, plainly_exact = true;
      const Tile total = series.Read(window, &exact);
      const Tile expected = plain.Read(window, &plainly_exact);
      ASSERT_EQ(exact, plainly_exact) << "seed " << seed << " step " << i;
      ASSERT_TRUE(total == expected) << "seed " << seed << " step " << i << ": count "
                                     << total.count << ", expected " << expected.count;
    }
  }
}

TEST(SlidingSeries, GivesItsMemoryBack) {
  SlidingSeries series;
  for (int i = 0; i < 10'000; ++i) series.Add(At(kNoon + i));
  EXPECT_GE(series.bytes(), 160'000u);
  EXPECT_LE(series.bytes(), 200'000u) << "16 bytes an entry, and sub-totals";
  series.DropUntil(kNoon + 9'990);
  EXPECT_FALSE(series.in_blocks());
  EXPECT_EQ(Read(series, kNoon + 9'990, kNoon + kHourMs).count, 9);
  EXPECT_LE(series.bytes(), 2048u);
  series.DropUntil(kNoon + kHourMs);
  EXPECT_TRUE(series.empty());
  EXPECT_EQ(series.bytes(), 0u);
  series.Add(At(kNoon));
  EXPECT_EQ(series.bytes(), 32u) << "few entries cost 16 bytes each, up to the next power of two";
}

}  // namespace
}  // namespace verdict::counters
