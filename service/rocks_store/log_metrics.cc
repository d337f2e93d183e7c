#include "rocks_store/log_metrics.h"

#include <filesystem>
#include <string>
#include <system_error>

#include "base/metrics.h"

namespace verdict::rocks_store {
namespace {

constexpr char kBytes[] = "verdict_log_bytes";
constexpr char kFree[] = "verdict_log_disk_free_bytes";
constexpr char kSize[] = "verdict_log_disk_size_bytes";

}  // namespace

LogMetrics::LogMetrics(const LogDb* log) {
  base::MetricRegistry& metrics = base::Metrics();
  metrics.AddGauge(kBytes, "Files of the embedded log.", {},
                   [log] { return static_cast<double>(log->disk_bytes()); });
  // 0 where the disk cannot be asked.
  const auto space = [path = log->path()] {
    std::error_code error;
    const std::filesystem::space_info info = std::filesystem::space(path, error);
    return error ? std::filesystem::space_info{} : info;
  };
  metrics.AddGauge(kFree, "Bytes left on the disk of the embedded log.", {},
                   [space] { return static_cast<double>(space().available); });
  metrics.AddGauge(kSize, "Bytes of the disk of the embedded log.", {},
                   [space] { return static_cast<double>(space().capacity); });
}

LogMetrics::~LogMetrics() {
  for (const char* name : {kBytes, kFree, kSize}) base::Metrics().RemoveGauge(name, {});
}

}  // namespace verdict::rocks_store
