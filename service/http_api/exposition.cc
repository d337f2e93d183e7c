#include "http_api/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <sstream>
#include <utility>

namespace verdict::http_api {
namespace {

using Kind = base::MetricFamily::Kind;

prometheus::MetricType TypeOf(Kind kind) {
  switch (kind) {
    case Kind::kCounter:
      return prometheus::MetricType::Counter;
    case Kind::kGauge:
      return prometheus::MetricType::Gauge;
    case Kind::kHistogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

prometheus::ClientMetric::Histogram ToHistogram(const base::MetricFamily& family,
                                                const base::MetricSample& sample) {
  prometheus::ClientMetric::Histogram histogram;
  histogram.sample_count = sample.cumulative.back();
  histogram.sample_sum = sample.sum;
  for (size_t i = 0; i < sample.cumulative.size(); ++i) {
    prometheus::ClientMetric::Bucket bucket;
    bucket.cumulative_count = sample.cumulative[i];
    bucket.upper_bound =
        i < family.bounds.size() ? family.bounds[i] : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back(bucket);
  }
  return histogram;
}

prometheus::ClientMetric ToMetric(const base::MetricFamily& family,
                                  const base::MetricSample& sample) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  switch (family.kind) {
    case Kind::kCounter:
      metric.counter.value = sample.value;
      break;
    case Kind::kGauge:
      metric.gauge.value = sample.value;
      break;
    case Kind::kHistogram:
      metric.histogram = ToHistogram(family, sample);
      break;
  }
  return metric;
}

}  // namespace

std::string MetricsPage(const std::vector<base::MetricFamily>& families) {
  std::vector<prometheus::MetricFamily> converted;
  converted.reserve(families.size());
  for (const base::MetricFamily& family : families) {
    prometheus::MetricFamily next;
    next.name = family.name;
    next.help = family.help;
    next.type = TypeOf(family.kind);
    for (const base::MetricSample& sample : family.samples) {
      next.metric.push_back(ToMetric(family, sample));
    }
    converted.push_back(std::move(next));
  }
  std::ostringstream page;
  prometheus::TextSerializer().Serialize(page, converted);
  return page.str();
}

}  // namespace verdict::http_api
