#include "ingest/checkpoint_thread.h"

#include <utility>

#include "base/check.h"
#include "base/failpoint.h"
#include "base/status.h"
#include "base/thread_role.h"

namespace verdict::ingest {
namespace {

using std::chrono::steady_clock;

// Between two tries of a write that failed.
constexpr std::chrono::milliseconds kRetryPause{500};

int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

CheckpointThread::CheckpointThread(Parts parts, const Options& options)
    : parts_(std::move(parts)), options_(options), last_written_ns_(NowNs()) {
  CHECK(parts_.checkpoint != nullptr && parts_.store != nullptr && parts_.source != nullptr &&
        parts_.live != nullptr);
  base::MetricRegistry& metrics = base::Metrics();
  seconds_ = metrics.AddHistogram("verdict_agg_checkpoint_seconds", "Time to write one checkpoint.",
                                  {0.001, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30});
  dirty_cells_ = metrics.AddCounter("verdict_agg_checkpoint_dirty_cells_total",
                                    "Cells that checkpoints wrote.");
  skipped_total_ =
      metrics.AddCounter("verdict_agg_checkpoint_skipped_total",
                         "Rounds skipped because the one before was still being written.");
  failed_total_ = metrics.AddCounter("verdict_agg_checkpoint_failed_total",
                                     "Writes that failed; each is tried again.");
  metrics.AddGauge(
      "verdict_agg_checkpoint_age_seconds", "Time since the last checkpoint was written.", {},
      [this] {
        return static_cast<double>(NowNs() - last_written_ns_.load(std::memory_order_relaxed)) /
               1e9;
      });
}

CheckpointThread::~CheckpointThread() {
  Stop();
  base::Metrics().RemoveGauge("verdict_agg_checkpoint_age_seconds", {});
}

void CheckpointThread::Start() {
  {
    base::MutexLock lock(mutex_);
    CHECK(!running_);
    running_ = true;
  }
  thread_ = std::thread([this] { Run(); });
}

void CheckpointThread::Stop() {
  {
    base::MutexLock lock(mutex_);
    running_ = false;
  }
  changed_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

absl::Status CheckpointThread::Offer() {
  const SteadyTime now = steady_clock::now();
  if (held_ || now < next_round_) return absl::OkStatus();
  next_round_ = now + options_.period;
  {
    base::MutexLock lock(mutex_);
    if (!running_) return absl::OkStatus();
    if (pending_) {
      skipped_.fetch_add(1, std::memory_order_relaxed);
      skipped_total_.Add();
      return absl::OkStatus();
    }
  }
  RETURN_IF_ERROR(ReadIdentities());
  counters::CheckpointBatch batch = parts_.checkpoint->Collect(identities_);
  base::MutexLock lock(mutex_);
  pending_ = std::move(batch);
  changed_.NotifyOne();
  return absl::OkStatus();
}

absl::Status CheckpointThread::WriteNow() {
  CHECK(!thread_.joinable());
  if (held_) {
    return absl::FailedPreconditionError(
        "the event ids before the cut are not all read yet: no checkpoint of half a state");
  }
  std::optional<counters::CheckpointBatch> earlier;
  {
    base::MutexLock lock(mutex_);
    earlier = pending_;
  }
  if (earlier) RETURN_IF_ERROR(Write(*earlier));
  RETURN_IF_ERROR(ReadIdentities());
  counters::CheckpointBatch batch = parts_.checkpoint->Collect(identities_);
  {
    base::MutexLock lock(mutex_);
    pending_ = batch;
  }
  return Write(batch);
}

// One record a partition that moved is read again.
absl::Status CheckpointThread::ReadIdentities() {
  const std::vector<eventlog::Offset> next = parts_.live->NextOffsets();
  identities_.resize(next.size());
  for (size_t p = 0; p < next.size(); ++p) {
    const auto partition = static_cast<eventlog::Partition>(p);
    if (!identities_[p].log_id.empty() && identities_[p].last == next[p] - 1) continue;
    absl::StatusOr<eventlog::LogIdentity> identity =
        parts_.source->Identity(partition, next[p] - 1);
    // Nothing was applied yet behind a cold start's cut, or retention is quicker than we are.
    if (absl::IsNotFound(identity.status())) identity = parts_.source->Identity(partition, -1);
    if (!identity.ok()) return identity.status();
    identities_[p] = *std::move(identity);
  }
  return absl::OkStatus();
}

absl::Status CheckpointThread::Write(const counters::CheckpointBatch& batch) {
  const SteadyTime begun = steady_clock::now();
  const auto write = [&]() -> absl::Status {
    if (parts_.sync_log) RETURN_IF_ERROR(parts_.sync_log());
    RETURN_IF_ERROR(base::Failpoint("checkpoint.before_write"));
    RETURN_IF_ERROR(parts_.store->Write(
        [&](counters::CheckpointStore::Put put) { counters::Checkpoint::Encode(batch, put); }));
    return base::Failpoint("checkpoint.after_write");  // an error here: written, and written again
  };
  const absl::Status status = write();
  base::MutexLock lock(mutex_);
  last_error_ = status;
  if (!status.ok()) {
    failed_total_.Add();
    return status;
  }
  dirty_cells_.Add(batch.cell_count());
  saved_next_.emplace();
  for (const counters::PartitionPosition& one : batch.positions) saved_next_->push_back(one.next);
  pending_.reset();  // it may be `batch`
  written_.fetch_add(1, std::memory_order_relaxed);
  last_written_ns_.store(NowNs(), std::memory_order_relaxed);
  seconds_.Observe(std::chrono::duration<double>(steady_clock::now() - begun).count());
  return status;
}

void CheckpointThread::Run() {
  base::BeginThread("verdict-save", base::ThreadRole::kBackground);
  for (bool failed = false;;) {
    const counters::CheckpointBatch* batch = nullptr;
    {
      base::MutexLock lock(mutex_);
      if (failed && running_) changed_.WaitFor(mutex_, kRetryPause);
      while (running_ && !pending_) changed_.Wait(mutex_);
      if (!running_) return;
      batch = &*pending_;  // this thread alone ends it
    }
    const absl::Status before = last_error();
    const absl::Status status = Write(*batch);
    failed = !status.ok();
    if (status != before && options_.report) options_.report(status);
  }
}

std::optional<std::vector<eventlog::Offset>> CheckpointThread::saved_next() const {
  base::MutexLock lock(mutex_);
  return saved_next_;
}

absl::Status CheckpointThread::last_error() const {
  base::MutexLock lock(mutex_);
  return last_error_;
}

}  // namespace verdict::ingest
