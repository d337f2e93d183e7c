// Measures that are new to a state that goes on: counted from where they begin, beside the main
// stream, until both stand at the same place (R15).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "counters/live_state.h"
#include "eventlog/dedup_window.h"
#include "eventlog/event_source.h"

namespace verdict::ingest {

// Where the new measures begin, by partition.
struct SidePlan {
  std::vector<uint64_t> measures;           // by hash; empty: there is nothing to do
  std::vector<eventlog::Offset> read_from;  // ids alone up to count_from
  std::vector<eventlog::Offset> count_from;
};

// Thread-compatible: of the apply thread.
class SideReplay {
 public:
  // `source` is its own. `ids_max`: as LiveOptions::dedup_ids_per_partition. Leaves the measures
  // out of the main stream from now on. Errors: the source's.
  static absl::StatusOr<std::unique_ptr<SideReplay>> Begin(
      const SidePlan& plan, std::unique_ptr<eventlog::EventSource> source,
      counters::LiveState* live, size_t ids_max);

  // Reads up to `max` records and counts those that the main stream is past already. True once both
  // stand at the same place: the measures are whole from where they begin, and count with the
  // others. REQUIRES: not true before. Errors: the source's; nothing is lost by them.
  absl::StatusOr<bool> Step(size_t max);
  uint64_t records() const { return records_; }

 private:
  SideReplay(const SidePlan& plan, std::unique_ptr<eventlog::EventSource> source,
             counters::LiveState* live, size_t ids_max);
  absl::Status FollowNewPartitions(size_t count);
  void TakeAhead(const std::vector<eventlog::Offset>& main_next);
  void Take(const eventlog::LogRecord& record);
  bool Reached(const std::vector<eventlog::Offset>& main_next) const;

  SidePlan plan_;
  std::unique_ptr<eventlog::EventSource> source_;
  counters::LiveState* live_;
  size_t ids_max_;
  std::vector<eventlog::DedupWindow> windows_;
  std::vector<eventlog::Offset> next_;                  // behind the last record taken
  std::vector<std::deque<eventlog::LogRecord>> ahead_;  // read, but not yet in the main stream
  size_t ahead_count_ = 0;
  bool drained_ = false;  // nothing visible was left behind what was read
  std::vector<eventlog::LogRecord> batch_;
  uint64_t records_ = 0;
};

}  // namespace verdict::ingest
