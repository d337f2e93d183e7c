// spdlog's asynchronous logger; it throws only while it is being set up.
#include "log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/metrics.h"

namespace verdict {
namespace {

constexpr size_t kQueueLines = 8192;

std::shared_ptr<spdlog::async_logger> logger;
std::shared_ptr<spdlog::details::thread_pool> writer;

spdlog::level::level_enum ToSpdlog(settings::LogLevel level) {
  switch (level) {
    case settings::LogLevel::kDebug:
      return spdlog::level::debug;
    case settings::LogLevel::kInfo:
      return spdlog::level::info;
    case settings::LogLevel::kWarn:
      return spdlog::level::warn;
    case settings::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// A JSON string, quotes included.
void AppendQuoted(std::string_view text, std::string* out) {
  out->push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (c == '\n') {
      out->append("\\n");
    } else if (static_cast<unsigned char>(c) < 0x20) {
      absl::StrAppendFormat(out, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

void Write(spdlog::level::level_enum level, std::string_view event, LogFields fields) {
  if (logger == nullptr || !logger->should_log(level)) return;
  std::string line = "\"event\":";
  AppendQuoted(event, &line);
  for (const auto& [name, value] : fields) {
    line.push_back(',');
    AppendQuoted(name, &line);
    line.push_back(':');
    AppendQuoted(value, &line);
  }
  logger->log(level, spdlog::string_view_t(line));
}

}  // namespace

void StartLog(settings::LogLevel level) {
  writer = std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  logger = std::make_shared<spdlog::async_logger>(
      "verdictd", std::make_shared<spdlog::sinks::stderr_sink_mt>(), writer,
      spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern("{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",\"level\":\"%l\",%v}",
                      spdlog::pattern_time_type::utc);
  logger->set_level(ToSpdlog(level));
  logger->flush_on(spdlog::level::info);
  base::Metrics().AddGauge(
      "verdict_log_lines_dropped", "Log lines dropped because the queue was full.", {},
      [pool = std::weak_ptr(writer)] {
        const auto alive = pool.lock();
        return alive == nullptr ? 0.0 : static_cast<double>(alive->overrun_counter());
      });
}

void StopLog() {
  logger.reset();
  writer.reset();  // its thread writes what is queued, then ends
}

void LogInfo(std::string_view event, LogFields fields) {
  Write(spdlog::level::info, event, fields);
}
void LogWarning(std::string_view event, LogFields fields) {
  Write(spdlog::level::warn, event, fields);
}
void LogError(std::string_view event, LogFields fields) {
  Write(spdlog::level::err, event, fields);
}
void LogDebug(std::string_view event, LogFields fields) {
  Write(spdlog::level::debug, event, fields);
}

}  // namespace verdict
