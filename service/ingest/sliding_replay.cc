#include "ingest/sliding_replay.h"

#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "base/thread_role.h"
#include "model/decision.h"

namespace verdict::ingest {

using eventlog::Offset;
using eventlog::Partition;

SlidingReplay::SlidingReplay(const Parts& parts, SlidingPlan plan, Options options)
    : parts_(parts), plan_(std::move(plan)), options_(std::move(options)) {
  CHECK(parts_.source != nullptr && parts_.live != nullptr && options_.records_per_step > 0);
  parts_.live->SetSlidingFrom(plan_.from_ms_before, model::kPartialRebuilding);
}

SlidingReplay::~SlidingReplay() { Stop(); }

absl::StatusOr<bool> SlidingReplay::Step() {
  {
    base::MutexLock lock(mutex_);
    if (done_) return false;
  }
  if (rebuild_ == nullptr) RETURN_IF_ERROR(Begin());
  size_t polled = 0;
  if (!AllRead()) {
    ASSIGN_OR_RETURN(polled,
                     parts_.source->Poll(&batch_, options_.records_per_step, options_.poll_wait));
  }
  for (size_t i = 0; i < polled; ++i) {
    const eventlog::LogRecord& record = batch_[i];
    const auto partition = static_cast<size_t>(record.partition);
    const SlidingPlan::Range& range = plan_.ranges[partition];
    if (record.offset >= range.until) continue;
    next_[partition] = record.offset + 1;
    if (record.offset < range.count_from) {
      rebuild_->RememberId(record);
    } else {
      rebuild_->Count(record);
    }
  }
  records_.fetch_add(polled, std::memory_order_relaxed);
  // What a poll did not find no reader sees: aborted, or control records.
  if (polled == 0) {
    RETURN_IF_ERROR(Finish());
    return false;
  }
  RETURN_IF_ERROR(ParkFinished());
  return true;
}

absl::Status SlidingReplay::Begin() {
  for (size_t p = 0; p < plan_.ranges.size(); ++p) {
    const SlidingPlan::Range& range = plan_.ranges[p];
    RETURN_IF_ERROR(parts_.source->Assign(static_cast<Partition>(p),
                                          range.nothing() ? eventlog::kParked : range.read_from));
  }
  next_.clear();
  for (const SlidingPlan::Range& range : plan_.ranges) next_.push_back(range.read_from);
  rebuild_ = std::make_unique<counters::SlidingRebuild>(parts_.live);
  return absl::OkStatus();
}

bool SlidingReplay::AllRead() const {
  for (size_t p = 0; p < next_.size(); ++p) {
    if (!plan_.ranges[p].nothing() && next_[p] < plan_.ranges[p].until) return false;
  }
  return true;
}

absl::Status SlidingReplay::ParkFinished() {
  for (size_t p = 0; p < next_.size(); ++p) {
    if (next_[p] < plan_.ranges[p].until) continue;
    RETURN_IF_ERROR(parts_.source->Assign(static_cast<Partition>(p), eventlog::kParked));
  }
  return absl::OkStatus();
}

// Retention that has passed where we read from may have removed what was still to come.
absl::Status SlidingReplay::Finish() {
  int64_t from_ms = plan_.from_ms_after;
  uint16_t reasons = plan_.reasons_after;
  for (size_t p = 0; p < plan_.ranges.size(); ++p) {
    if (plan_.ranges[p].nothing()) continue;
    ASSIGN_OR_RETURN(const Offset low, parts_.source->Low(static_cast<Partition>(p)));
    if (low <= plan_.ranges[p].read_from) continue;
    from_ms = plan_.from_ms_before;
    reasons = model::kPartialLogGone;
  }
  parts_.live->SetSlidingFrom(from_ms, reasons);
  rebuild_.reset();
  base::MutexLock lock(mutex_);
  done_ = true;
  changed_.NotifyAll();
  return absl::OkStatus();
}

void SlidingReplay::Start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { Run(); });
}

void SlidingReplay::Cancel() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyAll();
}

void SlidingReplay::Stop() {
  Cancel();
  if (thread_.joinable()) thread_.join();
}

bool SlidingReplay::WaitFor(std::chrono::milliseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  base::MutexLock lock(mutex_);
  while (!done_ && !stopping_) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    changed_.WaitFor(mutex_, left);
  }
  return done_;
}

void SlidingReplay::Run() {
  base::BeginThread("verdict-slide", base::ThreadRole::kCounting);
  absl::Status last;
  while (true) {
    const absl::StatusOr<bool> more = Step();
    if (more.status() != last && options_.report) options_.report(more.status());
    last = more.status();
    base::MutexLock lock(mutex_);
    if (stopping_ || (more.ok() && !*more)) return;
    if (!more.ok()) changed_.WaitFor(mutex_, options_.error_pause);
  }
}

}  // namespace verdict::ingest
