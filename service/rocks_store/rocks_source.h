// EventSource over the embedded log.
#pragma once

#include <memory>
#include <vector>

#include "eventlog/event_source.h"
#include "rocks_store/log_db.h"

namespace verdict::rocks_store {

// Thread-compatible. Reads beside the writers; any number of sources may read one log.
class RocksSource : public eventlog::EventSource {
 public:
  // `log` must outlive it. Without decisions reading is cheaper, and LogRecord::decision stays
  // empty.
  explicit RocksSource(LogDb* log, bool with_decisions = true);
  ~RocksSource() override;

  int partitions() const override { return log_->partitions(); }
  using EventSource::Assign;
  absl::Status Assign(eventlog::Partition partition, eventlog::Offset from,
                      int64_t floor_ms) override;
  void LeaveOutDecisions() override { with_decisions_ = false; }
  absl::StatusOr<size_t> Poll(std::vector<eventlog::LogRecord>* out, size_t max,
                              std::chrono::milliseconds wait) override;
  absl::StatusOr<eventlog::Offset> Low(eventlog::Partition partition) override;
  absl::StatusOr<eventlog::Offset> End(eventlog::Partition partition) override;
  absl::StatusOr<std::optional<eventlog::Offset>> FirstAtOrAfter(eventlog::Partition partition,
                                                                 int64_t record_time_ms) override;
  absl::StatusOr<eventlog::LogIdentity> Identity(eventlog::Partition partition,
                                                 eventlog::Offset last) override;

 private:
  // Where reading stands in one partition. The iterator sees what was committed when it was made;
  // it is dropped once that has been read, so that it holds no files while the log is idle.
  struct Reader {
    eventlog::Offset next = eventlog::kParked;
    eventlog::Offset iterator_end = 0;
    std::unique_ptr<rocksdb::Iterator> iterator = {};
    eventlog::Offset poll_began = eventlog::kParked;  // `next` before the poll under way
    int64_t floor_ms = eventlog::kNoFloor;
  };
  absl::Status CheckPartition(eventlog::Partition partition) const;
  void StepBack();
  // Appends up to `max` records of `partition` to out[*count...].
  absl::Status Read(eventlog::Partition partition, size_t max,
                    std::vector<eventlog::LogRecord>* out, size_t* count);
  void Decode(eventlog::Partition partition, const rocksdb::Iterator& at,
              eventlog::LogRecord* record) const;
  // One round over all partitions.
  absl::Status ReadRound(size_t max, std::vector<eventlog::LogRecord>* out, size_t* count);

  LogDb* log_;
  bool with_decisions_;
  std::vector<Reader> readers_;
  eventlog::Partition first_ = 0;  // partitions take turns at being first
};

}  // namespace verdict::rocks_store
