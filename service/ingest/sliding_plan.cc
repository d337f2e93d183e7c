#include "ingest/sliding_plan.h"

#include <algorithm>
#include <optional>

#include "base/status.h"
#include "eventlog/dedup_window.h"
#include "model/decision.h"

namespace verdict::ingest {
namespace {

using eventlog::Offset;
using eventlog::Partition;

// **Thread-compatible.** Record times never go back within a partition: what lies behind a record
// has its time or a later one.
class Planner {
 public:
  Planner(eventlog::EventSource* source, const counters::LiveState& live, const base::Clock& clock,
          bool ids_restored)
      : source_(source), now_ms_(clock.NowMs()), ids_restored_(ids_restored) {
    skew_ms_ = live.features().options().future_skew_ms;
    wanted_ms_ = now_ms_ - SlidingReachMs(live.features());
  }

  absl::Status Add(Partition partition, Offset until, SlidingPlan* plan) {
    SlidingPlan::Range range{until, until, until};
    if (until > 0) {
      ASSIGN_OR_RETURN(const int64_t whole_ms, WholeFrom(partition));
      ASSIGN_OR_RETURN(int64_t applied_ms, AppliedFrom(partition, until));
      if (!ids_restored_) applied_ms = std::max(applied_ms, whole_ms);
      const int64_t from_ms = std::max(wanted_ms_, whole_ms);
      RETURN_IF_ERROR(Locate(partition, from_ms, &range));
      Need(applied_ms, &plan->from_ms_before);
      Need(std::min(applied_ms, from_ms), &plan->from_ms_after);
      if (std::min(applied_ms, from_ms) > wanted_ms_) plan->reasons_after = model::kPartialLogGone;
    }
    plan->ranges.push_back(range);
    return absl::OkStatus();
  }

 private:
  // Every event later than what is returned was recorded after `record_ms`.
  void Need(int64_t record_ms, int64_t* from_ms) const {
    *from_ms = std::max(*from_ms, record_ms + skew_ms_);
  }

  // The apply thread counts every record later than this.
  absl::StatusOr<int64_t> AppliedFrom(Partition partition, Offset until) {
    ASSIGN_OR_RETURN(const auto before, eventlog::NewestTimeBefore(source_, partition, until));
    if (before) return *before;
    const auto record = source_->Identity(partition, until);
    if (!record.ok() && !absl::IsNotFound(record.status())) return record.status();
    return record.ok() && record->believed ? record->record_time_ms : now_ms_;
  }

  // Of records from this time on the log still holds the ids that they may repeat.
  absl::StatusOr<int64_t> WholeFrom(Partition partition) {
    ASSIGN_OR_RETURN(const Offset low, source_->Low(partition));
    if (low == 0) return INT64_MIN;
    ASSIGN_OR_RETURN(const std::optional<Offset> first, source_->FirstAtOrAfter(partition, 0));
    if (!first) return now_ms_;
    const auto oldest = source_->Identity(partition, *first);
    if (absl::IsNotFound(oldest.status())) return now_ms_;  // it went just now
    RETURN_IF_ERROR(oldest.status());
    return oldest->record_time_ms + eventlog::kDedupWarmUpMs;
  }

  absl::Status Locate(Partition partition, int64_t from_ms, SlidingPlan::Range* range) {
    ASSIGN_OR_RETURN(const std::optional<Offset> count,
                     source_->FirstAtOrAfter(partition, std::max<int64_t>(0, from_ms)));
    const int64_t ids_from_ms = std::max<int64_t>(0, from_ms - eventlog::kDedupWarmUpMs);
    ASSIGN_OR_RETURN(const std::optional<Offset> read,
                     source_->FirstAtOrAfter(partition, ids_from_ms));
    range->count_from = std::min(count.value_or(range->until), range->until);
    range->read_from = std::min(read.value_or(range->until), range->count_from);
    return absl::OkStatus();
  }

  eventlog::EventSource* source_;
  int64_t now_ms_;
  bool ids_restored_;  // the apply thread knows what was recorded before it begins
  int64_t skew_ms_ = 0;
  int64_t wanted_ms_ = 0;  // records from this time on are wanted
};

}  // namespace

int64_t SlidingReachMs(const feature::FeatureSet& features) {
  int64_t longest_ms = 0;
  for (const feature::SlidingMeasure& measure : features.sliding_measures()) {
    longest_ms = std::max(longest_ms, measure.window_ms_max);
  }
  if (longest_ms == 0) return 0;
  return longest_ms + counters::kSlidingLateMs + features.options().future_skew_ms;
}

bool SlidingPlan::nothing() const {
  return std::all_of(ranges.begin(), ranges.end(),
                     [](const Range& range) { return range.nothing(); });
}

absl::StatusOr<SlidingPlan> PlanSliding(eventlog::EventSource* source,
                                        const counters::LiveState& live, const base::Clock& clock,
                                        const StartUpReport& start) {
  SlidingPlan plan{.ranges = {}, .from_ms_before = INT64_MIN, .from_ms_after = INT64_MIN};
  if (live.features().sliding_measures().empty()) return plan;
  Planner planner(source, live, clock, start.from == StartUpReport::From::kCheckpoint);
  const std::vector<Offset> next = live.NextOffsets();
  for (size_t p = 0; p < next.size(); ++p) {
    RETURN_IF_ERROR(planner.Add(static_cast<Partition>(p), next[p], &plan));
  }
  return plan;
}

}  // namespace verdict::ingest
