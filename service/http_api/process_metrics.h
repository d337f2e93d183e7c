// What the process itself takes: CPU, memory, descriptors, threads; and what was built.
#pragma once

#include <string>

namespace verdict::http_api {

// Registers process_cpu_seconds_total (a gauge by kind: it is read, not counted here),
// process_resident_memory_bytes, process_open_fds, process_threads, process_start_time_seconds and
// verdict_build_info{version,compiler}. Once a process.
void RegisterProcessMetrics(const std::string& version);

}  // namespace verdict::http_api
