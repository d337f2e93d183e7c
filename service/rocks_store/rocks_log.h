// The embedded log, for those who append: a bounded queue and one thread that commits groups.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "eventlog/event_source.h"
#include "eventlog/log_trimmer.h"
#include "rocks_store/log_db.h"

namespace verdict::rocks_store {

// Thread-safe. An append is acknowledged once its group is in the write-ahead log: kill -9 loses
// nothing acknowledged. While the disk refuses, groups are tried again; healthy() is false
// meanwhile.
class RocksLog : public eventlog::EventAppender, public eventlog::LogTrimmer {
 public:
  struct Options {
    LogDb::Options db;
    size_t queue_requests_max = 65'536;
    size_t queue_bytes_max = size_t{64} << 20;
    std::chrono::milliseconds retry_every{100};
    std::chrono::milliseconds give_up_after{2'000};  // of trouble; then `done` gets the error
    int64_t future_skew_ms =
        5 * 60 * 1000;  // event clock: no event may be dated further past the real time
  };
  // `clock` must outlive it. Errors: as LogDb::Open.
  static absl::StatusOr<std::unique_ptr<RocksLog>> Open(const std::string& path, base::Clock* clock,
                                                        const Options& options);
  // Commits what is queued, then closes; what cannot be committed is told to its `done`.
  ~RocksLog() override;

  // `done` runs on the appender's thread; on the caller's for what is refused at once: a full queue
  // (ResourceExhausted), an event over 1 MiB, or one that would move an event clock past the real
  // time (InvalidArgument).
  void Append(const model::Event& event, const model::Decision* decision,
              eventlog::OnAppended done) override EXCLUDES_LOCK(mutex_);
  // For imports: appends all of `requests` in order, past the queue, on the caller's thread. After
  // an error some of them, from the front, may have been appended. Each `done` that is set is
  // called.
  absl::Status AppendBatch(std::span<eventlog::AppendRequest> requests);

  bool healthy() const { return healthy_.load(std::memory_order_relaxed); }
  // What is committed from here on has record times >= `time_ms`; all before is on the disk. So a
  // cut may be taken.
  absl::Status AdvanceTime(int64_t time_ms) { return db_->AdvanceTime(time_ms); }
  absl::Status TrimBefore(eventlog::Partition partition, eventlog::Offset offset) override {
    return db_->TrimBefore(partition, offset);
  }
  // Everything acknowledged is on the disk when it returns (R32).
  absl::Status Sync() { return db_->Sync(); }
  std::unique_ptr<eventlog::EventSource> MakeSource(bool with_decisions = true);
  LogDb& db() { return *db_; }

 private:
  // What waits to be committed; the two vectors run in step.
  struct Group {
    std::vector<EncodedRecord> records;
    std::vector<eventlog::OnAppended> done;
    size_t bytes = 0;
  };
  RocksLog(std::unique_ptr<LogDb> db, base::Clock* clock, const Options& options);
  absl::Status Encode(const model::Event& event, const model::Decision* decision,
                      EncodedRecord* record) const;
  bool Enqueue(EncodedRecord record, eventlog::OnAppended* done) EXCLUDES_LOCK(mutex_);
  void Run() EXCLUDES_LOCK(mutex_);
  bool NextGroup(Group* group) EXCLUDES_LOCK(mutex_);
  absl::Status CommitWithRetries(std::span<EncodedRecord> records) EXCLUDES_LOCK(mutex_);
  void Probe();
  bool KeepTrying();
  bool PauseBeforeRetry() EXCLUDES_LOCK(mutex_);  // false: the log is closing

  std::unique_ptr<LogDb> db_;
  base::Clock* clock_;
  Options options_;
  base::WallClock wall_;
  base::Counter appended_;
  base::Counter failed_;
  std::atomic<bool> healthy_{true};
  std::chrono::steady_clock::time_point
      failing_since_;  // the appender's own; of note while not healthy

  base::Mutex mutex_;
  base::CondVar wake_;
  Group queue_ GUARDED_BY(mutex_);
  bool idle_ GUARDED_BY(mutex_) = false;  // the appender waits
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread appender_;
};

}  // namespace verdict::rocks_store
