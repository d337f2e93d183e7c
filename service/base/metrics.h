// Metric cells: each thread writes cells of its own, a scrape adds them up. Nothing on the hot path is shared.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace verdict::base {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Handle of one counter series. Copyable, trivially cheap. A default-constructed handle counts nowhere.
// Thread-safe: Add() is one relaxed load and store on a cell of the calling thread.
class Counter {
 public:
  Counter() = default;
  void Add(uint64_t n = 1) const;

 private:
  friend class MetricRegistry;
  explicit Counter(uint32_t cell) : cell_(cell) {}
  uint32_t cell_ = UINT32_MAX;
};

// Handle of one histogram series with fixed upper bounds (seconds).
// Thread-safe: Observe() touches two cells of the calling thread; the sum is kept in nanoseconds.
class Histogram {
 public:
  Histogram() = default;
  void Observe(double seconds) const;

 private:
  friend class MetricRegistry;
  uint32_t first_cell_ = UINT32_MAX;  // bounds.size() + 1 buckets, then the sum
  const std::vector<double>* bounds_ = nullptr;
};

// One family as a scrape sees it.
struct MetricSample {
  MetricLabels labels;
  double value = 0;                       // counters and gauges
  std::vector<uint64_t> cumulative;       // histograms: one a bound, then +Inf
  double sum = 0;                         // histograms
};
struct MetricFamily {
  enum class Kind { kCounter, kGauge, kHistogram };
  std::string name;
  std::string help;
  Kind kind = Kind::kCounter;
  std::vector<double> bounds;             // histograms
  std::vector<MetricSample> samples;
};

// Thread-safe. One a process (`Metrics()`); cells live as long as the process. At most kMaxCells cells; what is
// registered beyond that counts into one cell that no scrape shows, and `dropped_series()` says how many.
class MetricRegistry {
 public:
  static constexpr uint32_t kMaxCells = 16384;

  // The same name and labels return the same series. Help of the first registration stands.
  Counter AddCounter(const std::string& name, const std::string& help, MetricLabels labels = {});
  // Bounds are upper edges in seconds, ascending; those of the first registration of `name` stand.
  Histogram AddHistogram(const std::string& name, const std::string& help,
                         const std::vector<double>& bounds, MetricLabels labels = {});
  // `read` is called at each scrape, from the scraping thread. A second registration of the same series replaces it.
  void AddGauge(const std::string& name, const std::string& help, MetricLabels labels,
                std::function<double()> read);
  void RemoveGauge(const std::string& name, const MetricLabels& labels);

  // All families, sorted by name.
  std::vector<MetricFamily> Collect() const;
  uint64_t CounterValue(const std::string& name, const MetricLabels& labels) const;  // 0 where unknown
  uint64_t dropped_series() const;

 private:
  uint32_t AllocateCells(uint32_t count);
};

MetricRegistry& Metrics();

}  // namespace verdict::base
