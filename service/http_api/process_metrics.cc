#include "http_api/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

#include "base/metrics.h"

namespace verdict::http_api {
namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double pages_total = 0;
  double pages_resident = 0;
  statm >> pages_total >> pages_resident;
  return pages_resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double EntriesOf(const char* folder) {
  std::error_code error;
  const std::filesystem::directory_iterator entries(folder, error);
  return error ? 0 : static_cast<double>(std::distance(begin(entries), end(entries)));
}

}  // namespace

void RegisterProcessMetrics(const std::string& version) {
  base::MetricRegistry& metrics = base::Metrics();
  metrics.AddGauge("process_cpu_seconds_total", "User and system CPU time, in seconds.", {},
                   CpuSeconds);
  metrics.AddGauge("process_resident_memory_bytes", "Resident memory, in bytes.", {},
                   ResidentBytes);
  metrics.AddGauge("process_open_fds", "Open file descriptors.", {},
                   [] { return EntriesOf("/proc/self/fd"); });
  metrics.AddGauge("process_threads", "Threads.", {}, [] { return EntriesOf("/proc/self/task"); });
  const double started =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  metrics.AddGauge("process_start_time_seconds", "Start of the process, Unix time in seconds.", {},
                   [started] { return started; });
  metrics.AddGauge("verdict_build_info", "Always 1; the labels say what was built.",
                   {{"version", version}, {"compiler", __VERSION__}}, [] { return 1.0; });
}

}  // namespace verdict::http_api
