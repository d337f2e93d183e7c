// Sliding windows counted again from the log after a start: they are in no checkpoint (R10).
#pragma once

#include <optional>
#include <vector>

#include "counters/live_state.h"
#include "eventlog/dedup_window.h"
#include "eventlog/event_source.h"
#include "feature/feature_set.h"

namespace verdict::counters {

// Thread-compatible, and may be used beside the apply thread: it touches sliding windows alone,
// each under its stripe. Its records are those that the apply thread does not count in this life.
class SlidingRebuild {
 public:
  explicit SlidingRebuild(LiveState* live);  // must outlive it

  // The id is seen from now on, nothing is counted.
  void RememberId(const eventlog::LogRecord& record);
  // Counts the record as Apply would have. REQUIRES: the records of its partition come in order,
  // and the ids of the 2 h 15 min before the first one were remembered.
  void Count(const eventlog::LogRecord& record);

 private:
  bool SeenOrInsert(const eventlog::LogRecord& record);

  LiveState* live_;
  std::vector<eventlog::DedupWindow> windows_;  // by partition
  rule::Record record_;
  rule::EvaluationArenaPtr arena_ = rule::MakeEvaluationArena();
  std::vector<std::optional<model::EntityKey>> keys_;
  std::vector<feature::SlidingContribution> contributions_;
};

}  // namespace verdict::counters
