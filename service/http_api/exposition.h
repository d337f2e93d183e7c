// The metric cells as Prometheus reads them.
#pragma once

#include <string>
#include <vector>

#include "base/metrics.h"

namespace verdict::http_api {

// Text format 0.0.4.
std::string MetricsPage(const std::vector<base::MetricFamily>& families);

}  // namespace verdict::http_api
