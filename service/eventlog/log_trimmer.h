// A log whose head can be removed.
#pragma once

#include "absl/status/status.h"
#include "eventlog/event_source.h"

namespace verdict::eventlog {

// Thread-safe.
class LogTrimmer {
 public:
  virtual ~LogTrimmer() = default;
  // Removes the records of a partition below `offset`; its newest record stays, whatever is asked.
  // Low() says where the log begins from then on. REQUIRES: nobody reads below `offset` any more.
  virtual absl::Status TrimBefore(Partition partition, Offset offset) = 0;
};

}  // namespace verdict::eventlog
