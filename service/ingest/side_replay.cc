#include "ingest/side_replay.h"

#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace verdict::ingest {
namespace {

// Records that wait for the main stream; beyond, none are read until it has moved on.
constexpr size_t kAheadMax = 65'536;

}  // namespace

absl::StatusOr<std::unique_ptr<SideReplay>> SideReplay::Begin(
    const SidePlan& plan, std::unique_ptr<eventlog::EventSource> source, counters::LiveState* live,
    size_t ids_max) {
  std::unique_ptr<SideReplay> side(new SideReplay(plan, std::move(source), live, ids_max));
  for (size_t p = 0; p < plan.read_from.size(); ++p) {
    RETURN_IF_ERROR(side->source_->Assign(static_cast<eventlog::Partition>(p), plan.read_from[p]));
  }
  live->CountApart(plan.measures);
  return side;
}

SideReplay::SideReplay(const SidePlan& plan, std::unique_ptr<eventlog::EventSource> source,
                       counters::LiveState* live, size_t ids_max)
    : plan_(plan),
      source_(std::move(source)),
      live_(live),
      ids_max_(ids_max),
      next_(plan.count_from) {
  CHECK(plan_.read_from.size() == plan_.count_from.size());
  CHECK(plan_.count_from.size() == static_cast<size_t>(live_->partitions()));
  source_->LeaveOutDecisions();
  ahead_.resize(next_.size());
  for (size_t p = 0; p < next_.size(); ++p) windows_.emplace_back(ids_max);
}

absl::StatusOr<bool> SideReplay::Step(size_t max) {
  const std::vector<eventlog::Offset> main_next = live_->NextOffsets();
  RETURN_IF_ERROR(FollowNewPartitions(main_next.size()));
  TakeAhead(main_next);
  if (ahead_count_ < kAheadMax && !Reached(main_next)) {
    ASSIGN_OR_RETURN(const size_t polled,
                     source_->Poll(&batch_, max, std::chrono::milliseconds(0)));
    drained_ = polled == 0;
    for (size_t i = 0; i < polled; ++i) {
      const auto p = static_cast<size_t>(batch_[i].partition);
      if (batch_[i].offset < main_next[p]) {
        Take(batch_[i]);
      } else {
        ahead_[p].push_back(std::move(batch_[i]));
        ++ahead_count_;
      }
    }
  }
  if (!Reached(main_next)) return false;
  live_->Join();
  return true;
}

absl::Status SideReplay::FollowNewPartitions(size_t count) {
  for (size_t p = next_.size(); p < count; ++p) {
    // Poll lets the source find them.
    if (static_cast<int>(p) < source_->partitions()) {
      RETURN_IF_ERROR(source_->Assign(static_cast<eventlog::Partition>(p), 0));
    } else {
      return absl::OkStatus();
    }
    next_.push_back(0);
    plan_.count_from.push_back(0);
    ahead_.emplace_back();
    windows_.emplace_back(ids_max_);
    drained_ = false;
  }
  return absl::OkStatus();
}

void SideReplay::TakeAhead(const std::vector<eventlog::Offset>& main_next) {
  for (size_t p = 0; p < ahead_.size(); ++p) {
    while (!ahead_[p].empty() && ahead_[p].front().offset < main_next[p]) {
      Take(ahead_[p].front());
      ahead_[p].pop_front();
      --ahead_count_;
    }
  }
}

void SideReplay::Take(const eventlog::LogRecord& record) {
  const auto p = static_cast<size_t>(record.partition);
  ++records_;
  if (record.offset < plan_.count_from[p]) {
    live_->RememberIdApart(record, &windows_[p]);
    return;
  }
  live_->ApplyApart(record, &windows_[p]);
  next_[p] = record.offset + 1;
}

// The main stream stands behind a record it has applied; so where this one has taken that record
// too, or has one in hand that lies ahead, nothing between is missing.
bool SideReplay::Reached(const std::vector<eventlog::Offset>& main_next) const {
  if (next_.size() < main_next.size()) return false;  // a partition that is not followed yet
  for (size_t p = 0; p < main_next.size(); ++p) {
    const bool in_hand = !ahead_[p].empty() && ahead_[p].front().offset >= main_next[p];
    if (next_[p] < main_next[p] && !in_hand && !drained_) return false;
  }
  return true;
}

}  // namespace verdict::ingest
