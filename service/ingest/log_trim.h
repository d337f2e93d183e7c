// Removes the head of the log that nobody needs any more.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "base/clock.h"
#include "eventlog/event_source.h"
#include "eventlog/log_trimmer.h"
#include "eventlog/rules_of_the_log.h"
#include "feature/feature_set.h"

namespace verdict::ingest {

// **Thread-compatible.** What it is given must outlive it.
class LogTrim {
 public:
  struct Parts {
    eventlog::EventSource* source = nullptr;  // of its own; nothing is assigned
    eventlog::LogTrimmer* log = nullptr;
    aggregate::AggregateStore* store = nullptr;
    const feature::FeatureSet* features = nullptr;
    const eventlog::CutSchedule* schedule = nullptr;
    const base::Clock* clock = nullptr;
    // Where a restart from the last written checkpoint reads on, by partition; nothing before one
    // was written.
    std::function<std::optional<std::vector<eventlog::Offset>>()> saved;
  };
  struct Options {
    int64_t retention_ms = int64_t{40} * 24 * 3600'000;  // record time; 0: nothing is removed
    std::chrono::milliseconds every{3'600'000};
    std::function<int64_t()> steady_ms = {};  // for tests; empty: the steady clock
    // Told what was removed: the partition, and where it begins now. May be empty.
    std::function<void(eventlog::Partition, eventlog::Offset)> report = {};
  };
  LogTrim(Parts parts, Options options);

  // Looks once a period, first as soon as there is a checkpoint, and then removes all there is to
  // remove. Errors: those of the store and the log; the next look is a period later.
  absl::Status Step();
  // The first offset of each partition that somebody needs: the next fold, or a start from the
  // published cut, with the ids before it (R19); a start from the checkpoint; sliding windows,
  // which are read again after every start; a feature that is still to come, and who looks into the
  // past, for `retention_ms`; and one record before. Nothing where all of the log is needed.
  absl::StatusOr<std::optional<std::vector<eventlog::Offset>>> Needed();

 private:
  absl::StatusOr<eventlog::Offset> RecordBefore(eventlog::Partition partition,
                                                eventlog::Offset offset);
  int64_t SteadyMs() const;
  Parts parts_;
  Options options_;
  std::optional<int64_t> looked_ms_;
};

}  // namespace verdict::ingest
