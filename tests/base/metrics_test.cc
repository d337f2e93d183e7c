// Counters, histograms and gauges as a scrape sees them.
#include "base/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <thread>

namespace verdict::base {
namespace {

using ::testing::ElementsAre;

// The family of `name` as a scrape sees it now; an empty one where it has no series.
MetricFamily Scraped(const std::string& name) {
  for (MetricFamily& family : Metrics().Collect()) {
    if (family.name == name) return std::move(family);
  }
  return {};
}

TEST(Counter, AddsUpWhatAllThreadsCountedAlsoThoseThatEnded) {
  const Counter counter = Metrics().AddCounter("threads_total", "help");
  for (int round = 0; round < 3; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([counter] {
        for (int n = 0; n < 1'000; ++n) counter.Add();
        counter.Add(500);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(Metrics().CounterValue("threads_total", {}), 3u * 4u * 1'500u);
}

TEST(Counter, GoesOnInTheCellsOfEndedThreads) {
  const Counter counter = Metrics().AddCounter("reused_total", "help");
  counter.Add();
  const size_t before = MetricThreadsAtOnce();
  for (int i = 0; i < 50; ++i) std::thread([counter] { counter.Add(); }).join();
  EXPECT_LE(MetricThreadsAtOnce(), before + 1);
  EXPECT_EQ(Metrics().CounterValue("reused_total", {}), 51u);
}

TEST(Counter, NeverGoesBackWhileOthersCount) {
  const Counter counter = Metrics().AddCounter("monotonic_total", "help");
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    while (!stop.load()) counter.Add();
  });
  uint64_t seen = 0;
  while (seen < 10'000) {
    const uint64_t now = Metrics().CounterValue("monotonic_total", {});
    EXPECT_GE(now, seen);
    seen = now;
  }
  stop = true;
  writer.join();
}

TEST(Counter, DefaultHandleCountsNowhere) {
  Counter().Add(7);
  Histogram().Observe(1);
  EXPECT_EQ(Metrics().CounterValue("no_such_total", {}), 0u);
}

TEST(Counter, OfTheSameNameAndLabelsIsTheSameSeriesWhateverTheirOrder) {
  Metrics().AddCounter("same_total", "first help", {{"a", "1"}, {"b", "2"}}).Add(1);
  Metrics().AddCounter("same_total", "other help", {{"b", "2"}, {"a", "1"}}).Add(2);
  Metrics().AddCounter("same_total", "help", {{"a", "1"}, {"b", "3"}}).Add(4);
  const MetricFamily family = Scraped("same_total");
  EXPECT_EQ(family.help, "first help");
  ASSERT_EQ(family.samples.size(), 2u);
  EXPECT_EQ(family.samples[0].value, 3);
  EXPECT_THAT(family.samples[0].labels, ElementsAre(std::pair("a", "1"), std::pair("b", "2")));
  EXPECT_EQ(family.samples[1].value, 4);
}

TEST(Histogram, PutsAnObservationOnABoundBelowIt) {
  const Histogram histogram = Metrics().AddHistogram("edges_seconds", "help", {0.001, 0.01, 0.1});
  for (const double seconds : {0.0005, 0.001, 0.0011, 0.1, 0.2}) histogram.Observe(seconds);
  const MetricFamily family = Scraped("edges_seconds");
  EXPECT_THAT(family.bounds, ElementsAre(0.001, 0.01, 0.1));
  ASSERT_EQ(family.samples.size(), 1u);
  EXPECT_THAT(family.samples[0].cumulative, ElementsAre(2, 3, 4, 5));
  EXPECT_NEAR(family.samples[0].sum, 0.3026, 1e-9);
}

TEST(Histogram, KeepsTheSumInNanoseconds) {
  const Histogram histogram = Metrics().AddHistogram("nanoseconds_seconds", "help", {1.0});
  for (int i = 0; i < 1'000; ++i) histogram.Observe(1e-9);
  EXPECT_DOUBLE_EQ(Scraped("nanoseconds_seconds").samples.at(0).sum, 1e-6);
}

TEST(Histogram, CountsWhatIsBelowZeroOrNoNumberAsZeroAndInfinityAsVeryLong) {
  const Histogram histogram = Metrics().AddHistogram("odd_seconds", "help", {1.0});
  histogram.Observe(-1);
  histogram.Observe(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(Scraped("odd_seconds").samples.at(0).sum, 0);
  histogram.Observe(std::numeric_limits<double>::infinity());
  EXPECT_THAT(Scraped("odd_seconds").samples.at(0).cumulative, ElementsAre(2, 3));
  EXPECT_EQ(Scraped("odd_seconds").samples.at(0).sum, 1e9);
}

TEST(Histogram, KeepsTheBoundsOfItsFirstRegistration) {
  Metrics().AddHistogram("first_bounds_seconds", "help", {1.0, 2.0}, {{"op", "get"}}).Observe(1.5);
  Metrics().AddHistogram("first_bounds_seconds", "help", {5.0}, {{"op", "put"}}).Observe(1.5);
  const MetricFamily family = Scraped("first_bounds_seconds");
  ASSERT_EQ(family.samples.size(), 2u);
  EXPECT_THAT(family.samples[1].cumulative, ElementsAre(0, 1, 1));
}

TEST(Gauge, IsReadAtEachScrapeUntilRemoved) {
  double value = 1;
  Metrics().AddGauge("level", "help", {{"kind", "x"}}, [&value] { return value; });
  EXPECT_EQ(Scraped("level").samples.at(0).value, 1);
  value = 2.5;
  EXPECT_EQ(Scraped("level").samples.at(0).value, 2.5);
  Metrics().AddGauge("level", "help", {{"kind", "x"}}, [] { return 9.0; });
  EXPECT_EQ(Scraped("level").samples.at(0).value, 9.0);
  Metrics().RemoveGauge("level", {{"kind", "x"}});
  EXPECT_TRUE(Scraped("level").samples.empty());
}

TEST(MetricRegistry, ShowsFamiliesSortedByName) {
  Metrics().AddCounter("sorted_b_total", "help");
  Metrics().AddCounter("sorted_a_total", "help");
  std::vector<std::string> names;
  for (const MetricFamily& family : Metrics().Collect()) names.push_back(family.name);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
}

TEST(MetricRegistryDeathTest, RefusesOneNameForTwoKinds) {
  Metrics().AddCounter("two_kinds_total", "help");
  EXPECT_DEATH(Metrics().AddHistogram("two_kinds_total", "help", {1.0}), "CHECK failed");
}

// In a process of its own, since it uses up all the cells.
TEST(MetricRegistryDeathTest, CountsNowhereBeyondItsCellsAndSaysSo) {
  const auto overfill = [] {
    const uint64_t too_many = MetricRegistry::kMaxCells + 10;
    uint64_t counted = 0;
    for (uint64_t i = 0; i < too_many; ++i) {
      Metrics().AddCounter("many_total", "help", {{"i", std::to_string(i)}}).Add();
      counted += Metrics().CounterValue("many_total", {{"i", std::to_string(i)}});
    }
    const uint64_t dropped = Metrics().dropped_series();
    std::exit(dropped >= 10 && counted + dropped == too_many ? 0 : 1);
  };
  EXPECT_EXIT(overfill(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace verdict::base
