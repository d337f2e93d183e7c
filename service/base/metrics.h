// Metric cells: each thread writes cells of its own, a scrape adds them up. Nothing on the hot path
// is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/metric_cells.h"
#include "base/mutex.h"

namespace verdict::base {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;
inline constexpr uint32_t kNoCell = UINT32_MAX;

// **Thread-safe.** Handle of one counter series, copied at will. A default-made handle counts
// nowhere. Add() is one relaxed load and store on a cell of the calling thread.
class Counter {
 public:
  Counter() = default;
  void Add(uint64_t n = 1) const;

 private:
  friend class MetricRegistry;
  explicit Counter(uint32_t cell) : cell_(cell) {}
  uint32_t cell_ = kNoCell;
};

// **Thread-safe.** Handle of one histogram series with fixed upper bounds (seconds). Observe()
// touches two cells of the calling thread; the sum is kept in nanoseconds. What is below zero (a
// clock was set back) or no number counts as zero.
class Histogram {
 public:
  Histogram() = default;
  void Observe(double seconds) const;

 private:
  friend class MetricRegistry;
  Histogram(uint32_t first_cell, const std::vector<double>* bounds)
      : first_cell_(first_cell), bounds_(bounds) {}
  uint32_t first_cell_ = kNoCell;  // bounds.size() + 1 buckets, then the sum
  const std::vector<double>* bounds_ = nullptr;
};

// One family as a scrape sees it.
struct MetricSample {
  MetricLabels labels;
  double value = 0;                  // counters and gauges
  std::vector<uint64_t> cumulative;  // histograms: one a bound, then +Inf
  double sum = 0;                    // histograms
};
struct MetricFamily {
  enum class Kind { kCounter, kGauge, kHistogram };
  std::string name;
  std::string help;
  Kind kind = Kind::kCounter;
  std::vector<double> bounds;  // histograms
  std::vector<MetricSample> samples;
};

// **Thread-safe.** One a process (`Metrics()`); cells live as long as the process. At most
// kMaxCells cells: what is registered beyond that counts nowhere, and `dropped_series()` says how
// many series that are.
class MetricRegistry {
 public:
  static constexpr uint32_t kMaxCells = kMetricCellsMax;
  static constexpr size_t kMaxBounds = 64;

  // The same name and labels return the same series. Help of the first registration stands.
  // REQUIRES: a name belongs to one kind.
  Counter AddCounter(const std::string& name, const std::string& help, MetricLabels labels = {})
      EXCLUDES_LOCK(mutex_);
  // Bounds are upper edges in seconds, ascending, at most kMaxBounds; those of the first
  // registration of `name` stand.
  Histogram AddHistogram(const std::string& name, const std::string& help,
                         const std::vector<double>& bounds, MetricLabels labels = {})
      EXCLUDES_LOCK(mutex_);
  // `read` is called at each scrape, from the scraping thread. A second registration of the same
  // series replaces it. `read` must not add or remove gauges, nor collect.
  void AddGauge(const std::string& name, const std::string& help, MetricLabels labels,
                std::function<double()> read) EXCLUDES_LOCK(mutex_, gauge_mutex_);
  // Waits for a scrape under way: afterwards `read` is called no more.
  void RemoveGauge(const std::string& name, MetricLabels labels) EXCLUDES_LOCK(gauge_mutex_);

  // All families that have a series, sorted by name; labels sorted by their names.
  std::vector<MetricFamily> Collect() const EXCLUDES_LOCK(mutex_, gauge_mutex_);
  // 0 where unknown.
  uint64_t CounterValue(const std::string& name, MetricLabels labels) const EXCLUDES_LOCK(mutex_);
  uint64_t dropped_series() const EXCLUDES_LOCK(mutex_);

 private:
  struct Family {
    std::string help;
    MetricFamily::Kind kind = MetricFamily::Kind::kCounter;
    std::vector<double> bounds;               // never changed: handles point here
    std::map<MetricLabels, uint32_t> series;  // first cell; none for gauges
  };
  using Gauges = std::map<MetricLabels, std::function<double()>>;

  friend MetricRegistry& Metrics();
  MetricRegistry() = default;
  Family& FamilyOf(const std::string& name, const std::string& help, MetricFamily::Kind kind)
      REQUIRES_LOCK(mutex_);
  // kNoCell where too few are left.
  uint32_t CellsOf(Family& family, MetricLabels labels, uint32_t count) REQUIRES_LOCK(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Family> families_ GUARDED_BY(mutex_);
  uint32_t next_cell_ GUARDED_BY(mutex_) = 0;
  uint64_t dropped_series_ GUARDED_BY(mutex_) = 0;

  mutable Mutex gauge_mutex_;  // held while gauges are read; never together with mutex_
  std::map<std::string, Gauges> gauges_ GUARDED_BY(gauge_mutex_);
};

MetricRegistry& Metrics();

}  // namespace verdict::base
