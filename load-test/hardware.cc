// Read from /proc/cpuinfo, sysconf and uname.
#include "hardware.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

namespace verdict::load {

Hardware DescribeHardware() {
  Hardware hardware;
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; hardware.cpu.empty() && std::getline(cpuinfo, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos)
      hardware.cpu = line.substr(colon + 2);
  }
  if (hardware.cpu.empty()) hardware.cpu = "unknown";
  hardware.cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  hardware.memory_gib = static_cast<double>(sysconf(_SC_PHYS_PAGES)) *
                        static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 30);
  utsname name{};
  if (uname(&name) == 0) hardware.kernel = std::string(name.sysname) + " " + name.release;
  return hardware;
}

double ProcessCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace verdict::load
