// What /metrics of verdictd says, read over HTTP.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace verdict::seam {

// A series, as the page writes it (`name{label="value",...}`), and its value.
using MetricsPage = std::map<std::string, double>;

// Parses text format 0.0.4. Series whose value is no number are left out.
MetricsPage ParseMetrics(const std::string& text);
// Nothing where nobody answers on that port of this machine within two seconds.
std::optional<MetricsPage> FetchMetrics(int port);

}  // namespace verdict::seam
