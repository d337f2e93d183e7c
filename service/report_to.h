// How the threads of verdictd say that something fails, once, and that it goes well again.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "log.h"

namespace verdict {

// Says once that `what` fails, and once that it goes well again.
inline std::function<void(const absl::Status&)> ReportTo(const char* what) {
  return [what](const absl::Status& status) {
    if (status.ok()) {
      LogInfo("goes well again", {{"what", what}});
    } else {
      LogError("fails, and is tried again",
               {{"what", what}, {"error", std::string(status.message())}});
    }
  };
}

}  // namespace verdict
