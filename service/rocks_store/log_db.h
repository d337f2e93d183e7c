// The embedded log on disk: one column family a partition, so that files only ever grow at their
// end and compaction moves them without rewriting. Key = partition u8, offset u64 big-endian; value
// = wire/log_value.h.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "eventlog/event_source.h"
#include "rocksdb/db.h"

namespace verdict::rocks_store {

inline constexpr int kLogPartitionsMax = 128;

using LogKey = std::array<char, 9>;
LogKey MakeLogKey(eventlog::Partition partition, eventlog::Offset offset);
// The offset of a key that MakeLogKey made.
eventlog::Offset OffsetOfLogKey(std::string_view key);

// A record before it is stamped and committed.
struct EncodedRecord {
  eventlog::Partition partition = 0;
  int64_t event_time_ms = 0;
  std::string value;  // wire::EncodeLogValue; its record time is set by Commit
};

// Thread-safe. Writers take turns; readers never wait for them. Record times never go back over the
// whole log: not within a partition, not between partitions, not over a restart.
class LogDb {
 public:
  struct Options {
    int partitions = 8;           // of a log made now; a log keeps the number it was made with
    rocksdb::Env* env = nullptr;  // null: the default one; must outlive the log
  };
  // Makes the log where there is none. `clock` must outlive it. Errors: FailedPrecondition (held by
  // another process, an unusable directory, another number of partitions), DataLoss.
  static absl::StatusOr<std::unique_ptr<LogDb>> Open(const std::string& path, base::Clock* clock,
                                                     const Options& options);
  ~LogDb();

  // Stamps and writes all or none of `records`; in the write-ahead log, unsynced, when it returns:
  // kill -9 loses nothing of it, power loss may until Sync.
  absl::Status Commit(std::span<EncodedRecord> records) EXCLUDES_LOCK(commit_mutex_);
  // What is committed from here on has record times >= `time_ms`; durable when it returns.
  absl::Status AdvanceTime(int64_t time_ms) EXCLUDES_LOCK(commit_mutex_);
  // Everything committed is on the disk when it returns.
  absl::Status Sync();
  // As eventlog::LogTrimmer. One caller at a time.
  absl::Status TrimBefore(eventlog::Partition partition, eventlog::Offset offset);
  // After a failed Commit: asks RocksDB to take writes again.
  absl::Status Recover();

  int partitions() const { return static_cast<int>(ends_.size()); }
  const std::string& log_id() const { return log_id_; }
  const std::string& path() const { return path_; }
  int64_t last_record_time_ms() const { return last_time_ms_.load(std::memory_order_acquire); }
  eventlog::Offset low(eventlog::Partition partition) const {
    return lows_[partition].load(std::memory_order_acquire);
  }
  uint64_t disk_bytes() const;  // of all partitions' files, about
  eventlog::Offset end(eventlog::Partition partition) const {
    return ends_[partition].load(std::memory_order_acquire);
  }
  // Errors: NotFound.
  absl::Status Get(eventlog::Partition partition, eventlog::Offset offset,
                   rocksdb::PinnableSlice* value) const;
  std::unique_ptr<rocksdb::Iterator> NewIterator(eventlog::Partition partition) const;
  // Binary search: record times do not go back.
  absl::StatusOr<std::optional<eventlog::Offset>> FirstAtOrAfter(eventlog::Partition partition,
                                                                 int64_t record_time_ms) const;

  // Grows with each commit; WaitForCommit returns when it is no longer `seen`, or after `wait`.
  uint64_t commits() const EXCLUDES_LOCK(wake_mutex_);
  void WaitForCommit(uint64_t seen, std::chrono::milliseconds wait) EXCLUDES_LOCK(wake_mutex_);

 private:
  LogDb(base::Clock* clock, std::string path) : clock_(clock), path_(std::move(path)) {}
  absl::Status OpenFamilies(const Options& options);
  absl::Status ReadMeta(const Options& options, bool* fresh);
  absl::Status WriteMeta(const Options& options);
  absl::Status ReadEnds();
  absl::Status ReadEnd(eventlog::Partition partition);
  int64_t Stamp(int64_t event_time_ms, int64_t previous_ms, int64_t now_ms) const;
  void Committed(std::span<const eventlog::Offset> next, int64_t last_ms);

  // Fixed after Open.
  base::Clock* clock_;
  std::string path_;
  std::string log_id_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* meta_ = nullptr;  // owned by families_
  std::vector<rocksdb::ColumnFamilyHandle*>
      families_;  // the default one (meta), then one a partition

  std::vector<std::atomic<eventlog::Offset>> lows_;
  std::vector<std::atomic<eventlog::Offset>> ends_;
  std::atomic<int64_t> last_time_ms_{INT64_MIN};

  std::atomic<bool> broken_{false};  // a write failed, and Recover has not mended it yet

  base::Mutex commit_mutex_;  // held over the write: it is what makes writers take turns
  // Offsets that a failed commit may have left behind; erased by the next one.
  std::vector<eventlog::Offset> doubtful_ends_ GUARDED_BY(commit_mutex_);

  mutable base::Mutex wake_mutex_;
  base::CondVar wake_;
  uint64_t commits_ GUARDED_BY(wake_mutex_) = 0;
};

}  // namespace verdict::rocks_store
