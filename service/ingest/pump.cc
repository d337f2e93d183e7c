#include "ingest/pump.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "base/thread_role.h"

namespace verdict::ingest {
namespace {

// How long after its time a cut can still be taken before the log's clock and ours agree that it
// is: by the wall clock a log written elsewhere may be a little ahead of us or behind. Batches
// begin minutes after the cut.
constexpr int64_t kClockSkewMs = 60'000;
// New measures are counted faster than the log grows.
constexpr size_t kBesideFactor = 4;

int64_t RealNowMs() { return base::WallClock().NowMs(); }

}  // namespace

Pump::Pump(Parts parts, Options options)
    : parts_(std::move(parts)),
      options_(std::move(options)),
      seen_next_(options_.warm_until.size(), 0),
      warming_(std::any_of(options_.warm_until.begin(), options_.warm_until.end(),
                           [](eventlog::Offset until) { return until > 0; })) {
  CHECK(parts_.source != nullptr && parts_.live != nullptr && parts_.clock != nullptr &&
        parts_.schedule != nullptr && options_.records_per_step > 0);
  // A state whose ids are not all there yet must not be taken for a whole one.
  if (warming_ && parts_.checkpoints != nullptr) parts_.checkpoints->Hold();
  base::MetricRegistry& metrics = base::Metrics();
  records_total_ = metrics.AddCounter("verdict_ingest_records_total", "Records read from the log.");
  errors_total_ =
      metrics.AddCounter("verdict_ingest_errors_total", "Reads of the log that failed.");
  metrics.AddGauge("verdict_ingest_lag_seconds",
                   "Age of the newest moment up to which everything in the log is counted here.",
                   {}, [this] { return static_cast<double>(parts_.live->as_of().lag_ms) / 1000; });
}

Pump::~Pump() {
  Stop();
  base::Metrics().RemoveGauge("verdict_ingest_lag_seconds", {});
}

// Partitions that were added while running begin at their first record (C = 0).
absl::Status Pump::FollowNewPartitions() {
  for (int p = parts_.live->partitions(); p < parts_.source->partitions(); ++p) {
    RETURN_IF_ERROR(parts_.source->Assign(p, 0));
    parts_.live->Grow(p + 1);
    probe_.reset();  // it knows nothing of this one
  }
  return absl::OkStatus();
}

absl::StatusOr<size_t> Pump::Step() {
  RETURN_IF_ERROR(FollowNewPartitions());
  if (!probe_) {
    ASSIGN_OR_RETURN(probe_, BeginProbe());
  }
  const absl::StatusOr<size_t> polled = parts_.source->Poll(
      &batch_, options_.records_per_step,
      parts_.side == nullptr ? options_.poll_wait : std::chrono::milliseconds(0));
  if (!polled.ok()) return polled.status();
  for (size_t i = 0; i < *polled; ++i) Take(batch_[i]);
  records_.fetch_add(*polled, std::memory_order_relaxed);
  records_total_.Add(*polled);
  // Nothing was left at a moment after the probe's.
  if (*polled == 0 || Reached(*probe_)) Complete(*std::exchange(probe_, std::nullopt));
  if (warming_ && (*polled == 0 || AllWarm())) EndWarmUp();
  if (parts_.side != nullptr) RETURN_IF_ERROR(StepBeside());
  parts_.live->Expire();
  if (parts_.checkpoints != nullptr) RETURN_IF_ERROR(parts_.checkpoints->Offer());
  return *polled;
}

// The main stream goes first: what is counted beside it is PARTIAL until it has caught up.
absl::Status Pump::StepBeside() {
  ASSIGN_OR_RETURN(const bool joined, parts_.side->Step(kBesideFactor * options_.records_per_step));
  if (!joined) return absl::OkStatus();
  const uint64_t records = parts_.side->records();
  parts_.side.reset();
  if (options_.joined) options_.joined(records);
  return absl::OkStatus();
}

void Pump::Take(const eventlog::LogRecord& record) {
  Observe(record);
  if (warming_) {
    const auto partition = static_cast<size_t>(record.partition);
    if (partition >= seen_next_.size()) return static_cast<void>(parts_.live->Apply(record));
    seen_next_[partition] = record.offset + 1;
    if (record.offset < options_.warm_until[partition]) return parts_.live->RememberId(record);
  }
  parts_.live->Apply(record);
}

// The clock follows events, but never into the real future (R38), nor past the moment at which the
// event was recorded: what is dated ahead of that is set aside.
void Pump::Observe(const eventlog::LogRecord& record) {
  if (!parts_.clock->is_event_clock() || !record.unreadable.empty() || record.left_out) return;
  const int64_t latest_ms = std::min(RealNowMs(), record.record_time_ms) +
                            parts_.live->features().options().future_skew_ms;
  if (record.event.txn.event_time_ms > latest_ms) return;
  parts_.clock->Observe(record.event.txn.event_time_ms);
}

absl::StatusOr<Pump::Probe> Pump::BeginProbe() {
  Probe probe;
  probe.moment_ms = parts_.live->LagNowMs();
  const int64_t skew_ms = parts_.clock->is_event_clock() ? 0 : kClockSkewMs;
  probe.epoch = parts_.schedule->EpochOf(parts_.clock->NowMs() - skew_ms);
  ASSIGN_OR_RETURN(probe.ends, parts_.source->Ends());
  return probe;
}

bool Pump::Reached(const Probe& probe) const {
  const std::vector<eventlog::Offset> next = parts_.live->NextOffsets();
  for (size_t p = 0; p < next.size() && p < probe.ends.size(); ++p) {
    if (next[p] < probe.ends[p]) return false;
  }
  return true;
}

void Pump::Complete(const Probe& probe) { parts_.live->NoteComplete(probe.moment_ms, probe.epoch); }

bool Pump::AllWarm() const {
  for (size_t p = 0; p < seen_next_.size(); ++p) {
    if (seen_next_[p] < options_.warm_until[p]) return false;
  }
  return true;
}

void Pump::EndWarmUp() {
  warming_ = false;
  if (parts_.checkpoints != nullptr) parts_.checkpoints->Release();
}

absl::Status Pump::CatchUp() {
  ASSIGN_OR_RETURN(const Probe target, BeginProbe());
  while (!stopping_.load(std::memory_order_relaxed)) {
    ASSIGN_OR_RETURN(const size_t polled, Step());
    if (polled == 0 || (!warming_ && Reached(target))) {
      Complete(target);
      return absl::OkStatus();
    }
  }
  return absl::CancelledError("stopped before the log was caught up with");
}

void Pump::Start() {
  CHECK(!thread_.joinable());
  stopping_ = false;
  if (parts_.checkpoints != nullptr) parts_.checkpoints->Start();
  parts_.source->LeaveOutDecisions();
  thread_ = std::thread([this] { Run(); });
}

void Pump::Cancel() {
  stopping_ = true;
  wake_.NotifyAll();
}

void Pump::Stop() {
  Cancel();
  if (!thread_.joinable()) return;
  thread_.join();
  if (parts_.checkpoints != nullptr) parts_.checkpoints->Stop();
}

void Pump::Run() {
  base::BeginThread("verdict-pump", base::ThreadRole::kCounting);
  while (!stopping_.load(std::memory_order_relaxed)) {
    const absl::StatusOr<size_t> polled = Step();
    const bool changed = polled.status() != last_error();
    if (changed && options_.report) options_.report(polled.status());
    base::MutexLock lock(mutex_);
    last_error_ = polled.status();
    std::chrono::milliseconds pause{0};
    if (!polled.ok()) {
      errors_total_.Add();
      pause = options_.error_pause;
    } else if (parts_.side == nullptr && *polled > 0 && *polled < options_.records_per_step / 4) {
      pause = options_.linger;
    }
    if (pause.count() > 0 && !stopping_.load(std::memory_order_relaxed)) {
      wake_.WaitFor(mutex_, pause);
    }
  }
}

absl::Status Pump::last_error() const {
  base::MutexLock lock(mutex_);
  return last_error_;
}

}  // namespace verdict::ingest
