// Named places where a test may make the process die or a call fail. Unset, each costs one relaxed
// load.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace verdict::base {

// What the environment asks for is in force before main():
//   VERDICT_FAILPOINTS="checkpoint.before_write=kill:0.01:7,log.append=error:0.5:3"
//   name=action:probability:seed VERDICT_FAILPOINT_LOG=path   each kill appends the name of its
//   place, one a line, before the process dies
// `kill` raises SIGKILL; `error` makes Failpoint() return Unavailable. One seed gives one sequence
// of draws a place. A specification that cannot be read ends the process with status 2.

namespace failpoint_internal {
extern std::atomic<bool> armed;
absl::Status Hit(std::string_view name);
}  // namespace failpoint_internal

// OK, unless this place is armed with `error` and the draw says so.
inline absl::Status Failpoint(std::string_view name) {
  if (__builtin_expect(!failpoint_internal::armed.load(std::memory_order_relaxed), 1)) {
    return absl::OkStatus();
  }
  return failpoint_internal::Hit(name);
}

// For tests in this process; replaces what was in force. An empty text disarms all. Errors:
// InvalidArgument.
absl::Status ArmFailpoints(const std::string& specification, const std::string& log_path);

}  // namespace verdict::base

// A place that can be killed but has no error to return.
#define FAILPOINT(name) static_cast<void>(::verdict::base::Failpoint(name).ok())
