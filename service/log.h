// Structured log of verdictd: one JSON object a line on stderr, written by a thread of its own; a
// full queue drops the oldest lines and counts them, no caller ever waits.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "settings/settings.h"

namespace verdict {

using LogField = std::pair<std::string_view, std::string>;
using LogFields = std::initializer_list<LogField>;

// Before anything is logged; the other functions do nothing until then.
void StartLog(settings::LogLevel level);
// Writes out what is queued.
void StopLog();

// `event` names what happened in few words: "serving", "rules refused".
void LogInfo(std::string_view event, LogFields fields = {});
void LogWarning(std::string_view event, LogFields fields = {});
void LogError(std::string_view event, LogFields fields = {});
void LogDebug(std::string_view event, LogFields fields = {});

}  // namespace verdict
