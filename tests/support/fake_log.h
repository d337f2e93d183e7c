// A log in memory that does as it is told: partitions, record times, holes, retention, lost tails,
// faults. Deterministic.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/mutex.h"
#include "eventlog/event_source.h"

namespace verdict::testing {

// Thread-safe. The log itself: any number of FakeLogReader and FakeAppender share one.
class FakeLog {
 public:
  explicit FakeLog(int partitions, std::string log_id = "fake-log")
      : log_id_(std::move(log_id)), partitions_(partitions) {}

  int partitions() const { return static_cast<int>(partitions_.size()); }

  // The offset the record got. A record time that goes back is raised to the partition's newest, as
  // real logs do.
  eventlog::Offset Append(eventlog::Partition partition, int64_t record_time_ms, model::Event event,
                          std::optional<model::Decision> decision = std::nullopt) {
    eventlog::LogRecord record;
    record.event = std::move(event);
    record.decision = std::move(decision);
    return Push(partition, record_time_ms, std::move(record), /*visible=*/true);
  }
  // A record whose bytes cannot be read.
  eventlog::Offset AppendUnreadable(eventlog::Partition partition, int64_t record_time_ms,
                                    std::string why) {
    eventlog::LogRecord record;
    record.unreadable = std::move(why);
    return Push(partition, record_time_ms, std::move(record), /*visible=*/true);
  }
  // An offset that no reader sees: an aborted transaction, or a control record.
  eventlog::Offset AppendAborted(eventlog::Partition partition, int64_t record_time_ms) {
    return Push(partition, record_time_ms, {}, /*visible=*/false);
  }

  // Retention: records below `low` are gone.
  void Retain(eventlog::Partition partition, eventlog::Offset low) {
    base::MutexLock lock(mutex_);
    One& one = At(partition);
    while (!one.records.empty() && one.low < low) {
      one.records.pop_front();
      ++one.low;
    }
  }
  // A lost tail: records from `end` on were never written.
  void Truncate(eventlog::Partition partition, eventlog::Offset end) {
    base::MutexLock lock(mutex_);
    One& one = At(partition);
    while (!one.records.empty() && End(one) > end) one.records.pop_back();
    one.newest_time_ms = one.records.empty() ? INT64_MIN : one.records.back().record.record_time_ms;
  }
  // More partitions, empty.
  void Grow(int partitions) {
    base::MutexLock lock(mutex_);
    CHECK(static_cast<size_t>(partitions) >= partitions_.size());
    partitions_.resize(static_cast<size_t>(partitions));
  }
  // Another log in the same place.
  void ChangeLogId(std::string log_id) {
    base::MutexLock lock(mutex_);
    log_id_ = std::move(log_id);
  }

  eventlog::Offset Low(eventlog::Partition partition) const {
    base::MutexLock lock(mutex_);
    return At(partition).low;
  }
  eventlog::Offset End(eventlog::Partition partition) const {
    base::MutexLock lock(mutex_);
    return End(At(partition));
  }
  // The record at an offset, as readers see it; nothing where it is gone, invisible or not yet
  // written.
  std::optional<eventlog::LogRecord> At(eventlog::Partition partition,
                                        eventlog::Offset offset) const {
    base::MutexLock lock(mutex_);
    const One& one = At(partition);
    if (offset < one.low || offset >= End(one)) return std::nullopt;
    const Entry& entry = one.records[static_cast<size_t>(offset - one.low)];
    if (!entry.visible) return std::nullopt;
    return entry.record;
  }
  std::optional<eventlog::Offset> FirstAtOrAfter(eventlog::Partition partition,
                                                 int64_t record_time_ms) const {
    base::MutexLock lock(mutex_);
    const One& one = At(partition);
    for (const Entry& entry : one.records) {
      if (entry.visible && entry.record.record_time_ms >= record_time_ms)
        return entry.record.offset;
    }
    return std::nullopt;
  }
  std::string log_id() const {
    base::MutexLock lock(mutex_);
    return log_id_;
  }

 private:
  struct Entry {
    eventlog::LogRecord record;
    bool visible = true;
  };
  struct One {
    eventlog::Offset low = 0;
    int64_t newest_time_ms = INT64_MIN;
    std::deque<Entry> records;
  };

  static eventlog::Offset End(const One& one) {
    return one.low + static_cast<eventlog::Offset>(one.records.size());
  }
  One& At(eventlog::Partition partition) {
    CHECK(partition >= 0 && static_cast<size_t>(partition) < partitions_.size());
    return partitions_[static_cast<size_t>(partition)];
  }
  const One& At(eventlog::Partition partition) const {
    return const_cast<FakeLog*>(this)->At(partition);
  }
  eventlog::Offset Push(eventlog::Partition partition, int64_t record_time_ms,
                        eventlog::LogRecord record, bool visible) {
    base::MutexLock lock(mutex_);
    One& one = At(partition);
    one.newest_time_ms = std::max(one.newest_time_ms, record_time_ms);
    record.partition = partition;
    record.offset = End(one);
    record.record_time_ms = one.newest_time_ms;
    const eventlog::Offset offset = record.offset;
    one.records.push_back({std::move(record), visible});
    return offset;
  }

  mutable base::Mutex mutex_;
  std::string log_id_;
  std::vector<One> partitions_;
};

// Thread-compatible. One reader of a FakeLog. Never waits: what is there is there.
class FakeLogReader : public eventlog::EventSource {
 public:
  explicit FakeLogReader(const FakeLog& log) : log_(&log) {}

  // The next `count` polls fail with `status`.
  void FailPolls(int count, absl::Status status) {
    failing_polls_ = count;
    failure_ = std::move(status);
  }
  uint64_t polled() const { return polled_; }

  int partitions() const override { return log_->partitions(); }
  using EventSource::Assign;
  absl::Status Assign(eventlog::Partition partition, eventlog::Offset from,
                      int64_t floor_ms) override {
    if (partition < 0 || partition >= partitions()) {
      return absl::InvalidArgumentError(absl::StrFormat("there is no partition %d", partition));
    }
    next_[partition] = from;
    floor_ms_[partition] = floor_ms;
    return absl::OkStatus();
  }
  absl::StatusOr<size_t> Poll(std::vector<eventlog::LogRecord>* out, size_t max,
                              std::chrono::milliseconds) override {
    out->clear();
    if (failing_polls_ > 0) {
      --failing_polls_;
      return failure_;
    }
    // All partitions in turn, one record at a time: as interleaved as a log can be.
    for (bool any = true; any && out->size() < max;) {
      any = false;
      for (auto& [partition, next] : next_) {
        if (next != eventlog::kParked && out->size() < max && TakeOne(partition, &next, out))
          any = true;
      }
    }
    polled_ += out->size();
    return out->size();
  }
  absl::StatusOr<eventlog::Offset> Low(eventlog::Partition partition) override {
    return log_->Low(partition);
  }
  absl::StatusOr<eventlog::Offset> End(eventlog::Partition partition) override {
    return log_->End(partition);
  }
  absl::StatusOr<std::optional<eventlog::Offset>> FirstAtOrAfter(eventlog::Partition partition,
                                                                 int64_t record_time_ms) override {
    return log_->FirstAtOrAfter(partition, record_time_ms);
  }
  absl::StatusOr<eventlog::LogIdentity> Identity(eventlog::Partition partition,
                                                 eventlog::Offset last) override {
    eventlog::LogIdentity identity;
    identity.log_id = log_->log_id();
    identity.partition = partition;
    identity.last = last;
    if (last < 0) return identity;
    const std::optional<eventlog::LogRecord> record = log_->At(partition, last);
    if (!record)
      return absl::NotFoundError(absl::StrFormat("no record %d in partition %d", last, partition));
    identity.record_time_ms = record->record_time_ms;
    const model::Event& event = record->event;
    identity.crc = base::Crc32c(
        absl::StrFormat("%d|%d|%s|%d|%d|%s|%s", static_cast<int>(event.kind), event.sequence,
                        event.txn.id, event.txn.event_time_ms, event.txn.amount_minor,
                        event.txn.merchant_id, record->unreadable));
    return identity;
  }

 private:
  // The next visible record of a partition. Skips holes; a position below the retention edge moves
  // up to it.
  bool TakeOne(eventlog::Partition partition, eventlog::Offset* next,
               std::vector<eventlog::LogRecord>* out) {
    *next = std::max(*next, log_->Low(partition));
    for (const eventlog::Offset end = log_->End(partition); *next < end;) {
      std::optional<eventlog::LogRecord> record = log_->At(partition, (*next)++);
      if (!record) continue;
      record->record_time_ms = std::max(record->record_time_ms, floor_ms_[partition]);
      out->push_back(*std::move(record));
      return true;
    }
    return false;
  }

  const FakeLog* log_;
  std::map<eventlog::Partition, eventlog::Offset> next_;
  std::map<eventlog::Partition, int64_t> floor_ms_;
  int failing_polls_ = 0;
  absl::Status failure_;
  uint64_t polled_ = 0;
};

// Thread-safe. Appends to a FakeLog at once, or holds what it is given until Release(), or refuses
// it.
class FakeAppender : public eventlog::EventAppender {
 public:
  using RecordTime = std::function<int64_t(const model::Event&)>;
  enum class Mode { kAtOnce, kHold, kRefuse };

  FakeAppender(FakeLog* log, RecordTime record_time)
      : log_(log), record_time_(std::move(record_time)) {}

  void SetMode(Mode mode) {
    base::MutexLock lock(mutex_);
    mode_ = mode;
  }
  void Append(const model::Event& event, const model::Decision* decision,
              eventlog::OnAppended done) override {
    eventlog::AppendRequest request{event, std::nullopt, std::move(done)};
    if (decision != nullptr) request.decision = *decision;
    Mode mode;
    {
      base::MutexLock lock(mutex_);
      mode = mode_;
      if (mode == Mode::kHold) {
        held_.push_back(std::move(request));
        return;
      }
    }
    if (mode == Mode::kRefuse)
      return Done(request, absl::ResourceExhaustedError("the append queue is full"));
    Put(std::move(request));
  }
  // Appends what is held, in order. Returns how many.
  size_t Release() {
    std::deque<eventlog::AppendRequest> held;
    {
      base::MutexLock lock(mutex_);
      held.swap(held_);
    }
    for (eventlog::AppendRequest& request : held) Put(std::move(request));
    return held.size();
  }
  // A crash: what is held is lost, its `done` is never called.
  size_t Drop() {
    base::MutexLock lock(mutex_);
    const size_t dropped = held_.size();
    held_.clear();
    return dropped;
  }
  size_t held() const {
    base::MutexLock lock(mutex_);
    return held_.size();
  }

 private:
  static void Done(eventlog::AppendRequest& request, const absl::Status& status) {
    if (request.done) request.done(status);
  }
  void Put(eventlog::AppendRequest request) {
    const int64_t time = record_time_(request.event);
    const eventlog::Partition partition =
        eventlog::PartitionOf(request.event.txn.merchant_id, log_->partitions());
    log_->Append(partition, time, std::move(request.event), std::move(request.decision));
    Done(request, absl::OkStatus());
  }

  FakeLog* log_;
  RecordTime record_time_;
  mutable base::Mutex mutex_;
  Mode mode_ = Mode::kAtOnce;
  std::deque<eventlog::AppendRequest> held_;
};

}  // namespace verdict::testing
