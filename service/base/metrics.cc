// Registration and scrape; the counting itself lies in metric_cells.cc.
#include "base/metrics.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace verdict::base {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;
constexpr double kSecondsMax =
    1e9;  // one observation beyond 30 years counts as that; keeps the sum an integer

MetricLabels Sorted(MetricLabels labels) {
  std::sort(labels.begin(), labels.end());
  return labels;
}

MetricSample HistogramSample(uint32_t first_cell, size_t bounds) {
  MetricSample sample;
  uint64_t cumulative = 0;
  for (size_t i = 0; i <= bounds; ++i) {
    cumulative += SumOfMetricCell(first_cell + static_cast<uint32_t>(i));
    sample.cumulative.push_back(cumulative);
  }
  const uint64_t nanoseconds = SumOfMetricCell(first_cell + static_cast<uint32_t>(bounds) + 1);
  sample.sum = static_cast<double>(nanoseconds) / kNanosecondsPerSecond;
  return sample;
}

}  // namespace

void Counter::Add(uint64_t n) const {
  if (cell_ != kNoCell) AddToMetricCell(cell_, n);
}

void Histogram::Observe(double seconds) const {
  if (first_cell_ == kNoCell) return;
  if (!(seconds > 0)) seconds = 0;
  if (seconds > kSecondsMax) seconds = kSecondsMax;
  // Counting all the bounds below is faster than searching: no branch depends on the value.
  uint32_t bucket = 0;
  for (const double bound : *bounds_) bucket += bound < seconds ? 1 : 0;
  AddToMetricCell(first_cell_ + bucket, 1);
  const auto sum_cell = first_cell_ + static_cast<uint32_t>(bounds_->size()) + 1;
  AddToMetricCell(sum_cell, static_cast<uint64_t>(seconds * kNanosecondsPerSecond + 0.5));
}

Counter MetricRegistry::AddCounter(const std::string& name, const std::string& help,
                                   MetricLabels labels) {
  MutexLock lock(mutex_);
  Family& family = FamilyOf(name, help, MetricFamily::Kind::kCounter);
  return Counter(CellsOf(family, Sorted(std::move(labels)), 1));
}

Histogram MetricRegistry::AddHistogram(const std::string& name, const std::string& help,
                                       const std::vector<double>& bounds, MetricLabels labels) {
  CHECK(bounds.size() <= kMaxBounds);
  CHECK(std::is_sorted(bounds.begin(), bounds.end(), std::less_equal<>()));
  MutexLock lock(mutex_);
  Family& family = FamilyOf(name, help, MetricFamily::Kind::kHistogram);
  if (family.series.empty()) family.bounds = bounds;
  const auto cells = static_cast<uint32_t>(family.bounds.size()) + 2;
  return Histogram(CellsOf(family, Sorted(std::move(labels)), cells), &family.bounds);
}

void MetricRegistry::AddGauge(const std::string& name, const std::string& help, MetricLabels labels,
                              std::function<double()> read) {
  {
    MutexLock lock(mutex_);
    FamilyOf(name, help, MetricFamily::Kind::kGauge);
  }
  MutexLock lock(gauge_mutex_);
  gauges_[name][Sorted(std::move(labels))] = std::move(read);
}

void MetricRegistry::RemoveGauge(const std::string& name, MetricLabels labels) {
  MutexLock lock(gauge_mutex_);
  const auto found = gauges_.find(name);
  if (found != gauges_.end()) found->second.erase(Sorted(std::move(labels)));
}

std::vector<MetricFamily> MetricRegistry::Collect() const {
  std::map<std::string, MetricFamily> collected;
  {
    MutexLock lock(mutex_);
    for (const auto& [name, family] : families_) {
      MetricFamily& out = collected[name];
      out = {name, family.help, family.kind, family.bounds, {}};
      for (const auto& [labels, cell] : family.series) {
        MetricSample sample;
        if (family.kind == MetricFamily::Kind::kHistogram) {
          sample = HistogramSample(cell, family.bounds.size());
        } else {
          sample.value = static_cast<double>(SumOfMetricCell(cell));
        }
        sample.labels = labels;
        out.samples.push_back(std::move(sample));
      }
    }
  }
  {
    MutexLock lock(gauge_mutex_);
    for (const auto& [name, gauges] : gauges_) {
      const auto family = collected.find(name);
      if (family == collected.end()) continue;  // added since; the next scrape has it
      for (const auto& [labels, read] : gauges) {
        family->second.samples.push_back({labels, read(), {}, 0});
      }
    }
  }
  std::vector<MetricFamily> families;
  for (auto& [name, family] : collected) {
    if (!family.samples.empty()) families.push_back(std::move(family));
  }
  return families;
}

uint64_t MetricRegistry::CounterValue(const std::string& name, MetricLabels labels) const {
  MutexLock lock(mutex_);
  const auto family = families_.find(name);
  if (family == families_.end() || family->second.kind != MetricFamily::Kind::kCounter) return 0;
  const auto series = family->second.series.find(Sorted(std::move(labels)));
  return series == family->second.series.end() ? 0 : SumOfMetricCell(series->second);
}

uint64_t MetricRegistry::dropped_series() const {
  MutexLock lock(mutex_);
  return dropped_series_;
}

MetricRegistry::Family& MetricRegistry::FamilyOf(const std::string& name, const std::string& help,
                                                 MetricFamily::Kind kind) {
  const auto [found, added] = families_.try_emplace(name);
  if (added) {
    found->second.help = help;
    found->second.kind = kind;
  }
  CHECK(found->second.kind == kind);
  return found->second;
}

uint32_t MetricRegistry::CellsOf(Family& family, MetricLabels labels, uint32_t count) {
  const auto found = family.series.find(labels);
  if (found != family.series.end()) return found->second;
  if (count > kMaxCells - next_cell_) {
    ++dropped_series_;
    return kNoCell;
  }
  const uint32_t cell = next_cell_;
  next_cell_ += count;
  family.series.emplace(std::move(labels), cell);
  return cell;
}

MetricRegistry& Metrics() {
  static MetricRegistry* const registry = new MetricRegistry;
  return *registry;
}

}  // namespace verdict::base
