// One iterator a partition, kept while there is something to read through it.
#include "rocks_store/rocks_source.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/hash.h"
#include "base/status.h"
#include "wire/log_value.h"

namespace verdict::rocks_store {
namespace {

using eventlog::LogRecord;
using eventlog::Offset;
using eventlog::Partition;

std::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

}  // namespace

RocksSource::RocksSource(LogDb* log, bool with_decisions)
    : log_(log), with_decisions_(with_decisions), readers_(log->partitions()) {}
RocksSource::~RocksSource() = default;

absl::Status RocksSource::CheckPartition(Partition partition) const {
  if (partition >= 0 && partition < partitions()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("partition %d: the log has partitions 0 to %d", partition, partitions() - 1));
}

absl::Status RocksSource::Assign(Partition partition, Offset from, int64_t floor_ms) {
  RETURN_IF_ERROR(CheckPartition(partition));
  if (from < log_->low(partition)) {
    return absl::OutOfRangeError(
        absl::StrFormat("partition %d: offset %d is asked for, the log begins at %d", partition,
                        from, log_->low(partition)));
  }
  readers_[partition] = Reader{.next = from, .floor_ms = floor_ms};
  return absl::OkStatus();
}

absl::StatusOr<size_t> RocksSource::Poll(std::vector<LogRecord>* out, size_t max,
                                         std::chrono::milliseconds wait) {
  const uint64_t seen = log_->commits();
  for (Reader& reader : readers_) reader.poll_began = reader.next;
  size_t count = 0;
  absl::Status read = ReadRound(max, out, &count);
  if (read.ok() && count == 0 && wait.count() > 0) {
    log_->WaitForCommit(seen, wait);
    read = ReadRound(max, out, &count);
  }
  if (!read.ok()) {
    StepBack();
    return read;
  }
  out->resize(count);
  return count;
}

// What a failed poll has read nobody has seen: the next one begins where it began, with new
// iterators.
void RocksSource::StepBack() {
  for (Reader& reader : readers_) {
    reader = Reader{.next = reader.poll_began, .floor_ms = reader.floor_ms};
  }
}

absl::Status RocksSource::ReadRound(size_t max, std::vector<LogRecord>* out, size_t* count) {
  const size_t share = std::max<size_t>(1, max / readers_.size());
  size_t before;
  do {  // what one partition leaves of its share the others take in the next round
    before = *count;
    for (int i = 0; i < partitions() && *count < max; ++i) {
      const Partition partition = (first_ + i) % partitions();
      RETURN_IF_ERROR(Read(partition, std::min(share, max - *count), out, count));
    }
    first_ = (first_ + 1) % partitions();
  } while (*count<max&& * count> before);
  return absl::OkStatus();
}

absl::Status RocksSource::Read(Partition partition, size_t max, std::vector<LogRecord>* out,
                               size_t* count) {
  Reader& reader = readers_[partition];
  if (reader.next >= reader.iterator_end) {
    reader.iterator.reset();
    const Offset end = log_->end(partition);
    if (reader.next >= end) return absl::OkStatus();
    reader.iterator = log_->NewIterator(partition);
    reader.iterator_end = end;
    const LogKey key = MakeLogKey(partition, reader.next);
    reader.iterator->Seek({key.data(), key.size()});
  }
  for (; max > 0 && reader.next < reader.iterator_end; --max) {
    const rocksdb::Iterator& at = *reader.iterator;
    if (!at.Valid() || OffsetOfLogKey(ViewOf(at.key())) != reader.next) {
      return absl::DataLossError(absl::StrFormat(
          "embedded log: partition %d: offset %d is gone; %s", partition, reader.next,
          at.status().ok() ? "the log has a hole" : at.status().ToString()));
    }
    if (out->size() <= *count) out->emplace_back();
    Decode(partition, at, &(*out)[*count]);
    ++*count;
    ++reader.next;
    reader.iterator->Next();
  }
  if (reader.next >= reader.iterator_end) reader.iterator.reset();
  return absl::OkStatus();
}

void RocksSource::Decode(Partition partition, const rocksdb::Iterator& at,
                         LogRecord* record) const {
  const std::string_view value = ViewOf(at.value());
  record->partition = partition;
  record->offset = OffsetOfLogKey(ViewOf(at.key()));
  record->unreadable.clear();
  const absl::StatusOr<int64_t> time_ms = wire::RecordTimeOf(value);
  record->left_out = false;
  // The log stamps its records, never backwards: the floor is for who was told a later time.
  record->record_time_ms = std::max(time_ms.value_or(0), readers_[partition].floor_ms);
  if (!with_decisions_) record->decision.reset();
  absl::Status decoded = time_ms.status();
  if (decoded.ok()) {
    decoded =
        wire::DecodeLogValue(value, &record->event, with_decisions_ ? &record->decision : nullptr);
  }
  if (!decoded.ok()) record->unreadable = std::string(decoded.message());
}

absl::StatusOr<Offset> RocksSource::Low(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return log_->low(partition);
}

absl::StatusOr<Offset> RocksSource::End(Partition partition) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return log_->end(partition);
}

absl::StatusOr<std::optional<Offset>> RocksSource::FirstAtOrAfter(Partition partition,
                                                                  int64_t record_time_ms) {
  RETURN_IF_ERROR(CheckPartition(partition));
  return log_->FirstAtOrAfter(partition, record_time_ms);
}

absl::StatusOr<eventlog::LogIdentity> RocksSource::Identity(Partition partition, Offset last) {
  RETURN_IF_ERROR(CheckPartition(partition));
  eventlog::LogIdentity identity{.log_id = log_->log_id(), .partition = partition, .last = last};
  if (last < 0) return identity;
  rocksdb::PinnableSlice value;
  RETURN_IF_ERROR(log_->Get(partition, last, &value));
  ASSIGN_OR_RETURN(identity.record_time_ms, wire::RecordTimeOf(ViewOf(value)));
  const LogKey key = MakeLogKey(partition, last);
  identity.crc = base::Crc32c(ViewOf(value), base::Crc32c({key.data(), key.size()}));
  return identity;
}

}  // namespace verdict::rocks_store
