// Records are encoded on the caller's thread; the appender only stamps, writes and acknowledges.
#include "rocks_store/rocks_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_role.h"
#include "rocks_store/rocks_source.h"
#include "wire/log_value.h"

namespace verdict::rocks_store {
namespace {

constexpr size_t kRecordBytesMax = size_t{1} << 20;
constexpr size_t kBatchRecords = 4096;  // AppendBatch: one commit
constexpr size_t kGroupRecords =
    1024;  // the appender: one commit, so that the first need not wait for the last
constexpr char kMetric[] = "verdict_log_appends_total";
constexpr char kHelp[] = "Appends to the event log by result.";

}  // namespace

absl::StatusOr<std::unique_ptr<RocksLog>> RocksLog::Open(const std::string& path,
                                                         base::Clock* clock,
                                                         const Options& options) {
  ASSIGN_OR_RETURN(std::unique_ptr<LogDb> db, LogDb::Open(path, clock, options.db));
  return std::unique_ptr<RocksLog>(new RocksLog(std::move(db), clock, options));
}

RocksLog::RocksLog(std::unique_ptr<LogDb> db, base::Clock* clock, const Options& options)
    : db_(std::move(db)), clock_(clock), options_(options) {
  appended_ = base::Metrics().AddCounter(kMetric, kHelp, {{"result", "ok"}});
  failed_ = base::Metrics().AddCounter(kMetric, kHelp, {{"result", "failed"}});
  appender_ = std::thread([this] { Run(); });
}

RocksLog::~RocksLog() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  appender_.join();
}

absl::Status RocksLog::Encode(const model::Event& event, const model::Decision* decision,
                              EncodedRecord* record) const {
  const model::Transaction& txn = event.txn;
  if (clock_->is_event_clock() && txn.event_time_ms > wall_.NowMs() + options_.future_skew_ms) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "event_time_ms: %d is past the real time, and would move the event clock there",
        txn.event_time_ms));
  }
  record->partition = eventlog::PartitionOf(txn.merchant_id, db_->partitions());
  record->event_time_ms = txn.event_time_ms;
  wire::EncodeLogValue(0, event, decision, &record->value);
  if (record->value.size() > kRecordBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrFormat("event %s: %d bytes; at most %d go into the log", txn.id,
                        record->value.size(), kRecordBytesMax));
  }
  return absl::OkStatus();
}

void RocksLog::Append(const model::Event& event, const model::Decision* decision,
                      eventlog::OnAppended done) {
  EncodedRecord record;
  absl::Status status = Encode(event, decision, &record);
  if (status.ok() && Enqueue(std::move(record), &done)) return;
  if (status.ok()) {
    status = absl::ResourceExhaustedError(
        absl::StrFormat("embedded log: %d appends wait already", options_.queue_requests_max));
  }
  failed_.Add();
  if (done) done(status);
}

bool RocksLog::Enqueue(EncodedRecord record, eventlog::OnAppended* done) {
  bool was_idle = false;
  {
    base::MutexLock lock(mutex_);
    if (queue_.records.size() >= options_.queue_requests_max ||
        queue_.bytes + record.value.size() > options_.queue_bytes_max) {
      return false;
    }
    queue_.bytes += record.value.size();
    queue_.records.push_back(std::move(record));
    queue_.done.push_back(std::move(*done));
    was_idle = std::exchange(idle_, false);
  }
  // Unlocked: the appender may run at once, on this very core, and would only wait for the lock.
  if (was_idle) wake_.NotifyOne();
  return true;
}

absl::Status RocksLog::AppendBatch(std::span<eventlog::AppendRequest> requests) {
  std::vector<EncodedRecord> records;
  while (!requests.empty()) {
    const auto part = requests.first(std::min(requests.size(), kBatchRecords));
    records.resize(part.size());
    absl::Status status;
    for (size_t i = 0; i < part.size() && status.ok(); ++i) {
      status = Encode(part[i].event, part[i].decision ? &*part[i].decision : nullptr, &records[i]);
    }
    if (status.ok()) status = db_->Commit(records);
    (status.ok() ? appended_ : failed_).Add(part.size());
    for (eventlog::AppendRequest& request : status.ok() ? part : requests) {
      if (request.done) request.done(status);
    }
    RETURN_IF_ERROR(status);
    requests = requests.subspan(part.size());
  }
  return absl::OkStatus();
}

void RocksLog::Run() {
  base::BeginThread("verdict-log", base::ThreadRole::kServing);
  Group group;
  while (NextGroup(&group)) {
    if (group.records.empty()) Probe();
    for (size_t begin = 0; begin < group.records.size(); begin += kGroupRecords) {
      const size_t size = std::min(kGroupRecords, group.records.size() - begin);
      const absl::Status status = CommitWithRetries(std::span(group.records).subspan(begin, size));
      (status.ok() ? appended_ : failed_).Add(size);
      for (const eventlog::OnAppended& done : std::span(group.done).subspan(begin, size)) {
        if (done) done(status);
      }
    }
    group.records.clear();
    group.done.clear();
    group.bytes = 0;
  }
}

// An empty group: nothing has come for a while, and the log was in trouble when it last did.
bool RocksLog::NextGroup(Group* group) {
  base::MutexLock lock(mutex_);
  while (queue_.records.empty()) {
    if (stopping_) return false;
    idle_ = true;
    if (healthy()) {
      wake_.Wait(mutex_);
      continue;
    }
    wake_.WaitFor(mutex_, options_.retry_every);
    if (queue_.records.empty() && !stopping_) break;
  }
  idle_ = false;
  std::swap(*group, queue_);
  return true;
}

absl::Status RocksLog::CommitWithRetries(std::span<EncodedRecord> records) {
  absl::Status status = healthy() ? absl::OkStatus() : db_->Recover();
  if (status.ok()) status = db_->Commit(records);
  while (!status.ok() && KeepTrying() && PauseBeforeRetry()) {
    status = db_->Recover();
    if (status.ok()) status = db_->Commit(records);
  }
  if (status.ok()) healthy_.store(true, std::memory_order_relaxed);
  return status;
}

// Who is told that the log takes nothing sends nothing: the log finds out by itself that it does
// again.
void RocksLog::Probe() {
  absl::Status status = db_->Recover();
  if (status.ok()) status = db_->Sync();
  if (status.ok()) healthy_.store(true, std::memory_order_relaxed);
}

// Once the trouble has lasted, each group has one try: callers are told at once, and a disk that is
// back is noticed.
bool RocksLog::KeepTrying() {
  const auto now = std::chrono::steady_clock::now();
  if (healthy_.exchange(false, std::memory_order_relaxed)) failing_since_ = now;
  return now - failing_since_ < options_.give_up_after;
}

bool RocksLog::PauseBeforeRetry() {
  const auto until = std::chrono::steady_clock::now() + options_.retry_every;
  base::MutexLock lock(mutex_);
  while (!stopping_) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) return true;
    wake_.WaitFor(mutex_, left);
  }
  return false;
}

std::unique_ptr<eventlog::EventSource> RocksLog::MakeSource(bool with_decisions) {
  return std::make_unique<RocksSource>(db_.get(), with_decisions);
}

}  // namespace verdict::rocks_store
