// What a log is, to who reads it and to who writes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/decision.h"
#include "model/event.h"

namespace verdict::eventlog {

using Partition = int32_t;
using Offset = int64_t;
inline constexpr Offset kParked = INT64_MAX;
inline constexpr int64_t kNoFloor = INT64_MIN;

// One record of the log, decoded. `unreadable` is not empty where its bytes could not be: it only
// moves the offset. `left_out`: what the reader was told to pass over; it counts as filtered.
struct LogRecord {
  Partition partition = 0;
  Offset offset = 0;
  int64_t record_time_ms = 0;  // stamped by the log; never goes back within a partition
  model::Event event;
  std::optional<model::Decision>
      decision;  // embedded log: the answer that was given with this payment
  std::string unreadable;
  bool left_out = false;
};

// The stretch of a log that some state was made of: tells a damaged or foreign log from ours.
struct LogIdentity {
  std::string log_id;  // random, made with the log
  Partition partition = 0;
  Offset last = -1;            // the last applied record; -1: none
  int64_t record_time_ms = 0;  // the record's own stamp
  uint32_t crc = 0;            // crc32c of its key and value
  // False where its producer stamped it past the real time: then the stamp tells the record again,
  // and is nobody's time. No part of the identity: it may be believed some day.
  bool believed = true;
  friend bool operator==(const LogIdentity& a, const LogIdentity& b) {
    return a.log_id == b.log_id && a.partition == b.partition && a.last == b.last &&
           a.record_time_ms == b.record_time_ms && a.crc == b.crc;
  }
};

// Thread-compatible: one reader's view of all partitions.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual int partitions() const = 0;  // may grow
  // Poll goes on from `from`; kParked: Poll passes the partition over, as it does one never
  // assigned. `floor_ms` is the record time of the last record before `from`, where the caller
  // knows it (kNoFloor: not): record times never go back below it. Errors: OutOfRange where
  // retention has removed `from`.
  virtual absl::Status Assign(Partition partition, Offset from, int64_t floor_ms) = 0;
  absl::Status Assign(Partition partition, Offset from) {
    return Assign(partition, from, kNoFloor);
  }
  // Up to `max` records, in offset order within a partition, all partitions in turn; waits at most
  // `wait` for the first. `out` is overwritten (its elements are reused) and has as many elements
  // as are returned. 0 says that nothing visible was left in the assigned partitions at some moment
  // of the call; a log that cannot be asked is an error. After an error nothing was read, and the
  // next call begins where this one began. Errors: Unavailable (it heals by itself); OutOfRange
  // (retention has removed what was to be read next), DataLoss: of one partition, again and again
  // until it is assigned anew; the others go on in between.
  virtual absl::StatusOr<size_t> Poll(std::vector<LogRecord>* out, size_t max,
                                      std::chrono::milliseconds wait) = 0;
  // From now on records may come without their decisions: the reader has no use for them.
  virtual void LeaveOutDecisions() {}
  virtual absl::StatusOr<Offset> Low(Partition partition) = 0;  // the retention edge
  virtual absl::StatusOr<Offset> End(Partition partition) = 0;  // the next offset to be written
  // End() of every partition, at one go where the log can.
  virtual absl::StatusOr<std::vector<Offset>> Ends();
  // The first visible record with record time >= `record_time_ms`, which is 0 or more, so one whose
  // stamp is believed (LogIdentity); nothing where there is none yet,
  // and what may still become visible below the end is not older. Errors: Unavailable, also while
  // that cannot be told (a producer's open transaction).
  virtual absl::StatusOr<std::optional<Offset>> FirstAtOrAfter(Partition partition,
                                                               int64_t record_time_ms) = 0;
  // Of record `last`, read again now; of the record that Poll gave out last, as it was given out.
  // -1: the log's name alone. Errors: NotFound where retention has removed it or it never was.
  virtual absl::StatusOr<LogIdentity> Identity(Partition partition, Offset last) = 0;
};

// The stamp of the newest record before `end` that is believed, among the last few there; nothing
// where there is none. Errors: those of `source`.
absl::StatusOr<std::optional<int64_t>> NewestTimeBefore(EventSource* source, Partition partition,
                                                        Offset end);

// What became of an append: OK once its group is in the write-ahead log.
using OnAppended = std::function<void(const absl::Status&)>;

// An append that is kept until it is its turn.
struct AppendRequest {
  model::Event event;
  std::optional<model::Decision> decision;
  OnAppended done;
};

// Thread-safe.
class EventAppender {
 public:
  virtual ~EventAppender() = default;
  // Never blocks. `done` is called once: on the appender's thread, or on the caller's where the
  // queue is full (ResourceExhausted). `event` and `decision` (null: none) are of no use any more
  // once this returns, or once `done` was called. Events go to PartitionOf(event's merchant).
  virtual void Append(const model::Event& event, const model::Decision* decision,
                      OnAppended done) = 0;
};

// The partition of a merchant's events: a stable hash (the same in every build and process).
Partition PartitionOf(std::string_view merchant_id, int partitions);

}  // namespace verdict::eventlog
