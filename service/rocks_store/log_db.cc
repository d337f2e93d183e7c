// Invariants. 1: a partition's offsets are dense from its low to its end. 2: `ends_` moves after
// the commit, so a reader never sees an offset that a crash could take back. 3: a failed commit
// leaves nothing that a later one does not erase.
#include "rocks_store/log_db.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/failpoint.h"
#include "base/status.h"
#include "rocks_store/info_log.h"
#include "rocks_store/log_options.h"
#include "rocks_store/rocks_status.h"
#include "rocks_store/rocks_threads.h"
#include "rocksdb/convenience.h"
#include "rocksdb/write_batch.h"
#include "wire/log_value.h"

namespace verdict::rocks_store {
namespace {

using eventlog::Offset;
using eventlog::Partition;

constexpr char kFormatKey[] = "format";
constexpr char kLogIdKey[] = "log_id";
constexpr char kPartitionsKey[] = "partitions";
constexpr char kTimeFloorKey[] = "record_time_floor";
constexpr char kFormat[] = "verdict-log-1";

rocksdb::Slice SliceOf(const LogKey& key) { return {key.data(), key.size()}; }

std::string_view ViewOf(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

std::string NewLogId() {
  std::random_device random;
  return absl::StrFormat("%08x%08x%08x%08x", random(), random(), random(), random());
}

}  // namespace

LogKey MakeLogKey(Partition partition, Offset offset) {
  LogKey key;
  key[0] = static_cast<char>(partition);
  const uint64_t big_endian = __builtin_bswap64(static_cast<uint64_t>(offset));
  std::memcpy(key.data() + 1, &big_endian, sizeof big_endian);
  return key;
}

Offset OffsetOfLogKey(std::string_view key) {
  CHECK(key.size() == sizeof(LogKey));
  uint64_t big_endian;
  std::memcpy(&big_endian, key.data() + 1, sizeof big_endian);
  return static_cast<Offset>(__builtin_bswap64(big_endian));
}

absl::StatusOr<std::unique_ptr<LogDb>> LogDb::Open(const std::string& path, base::Clock* clock,
                                                   const Options& options) {
  CHECK(options.partitions >= 1 && options.partitions <= kLogPartitionsMax);
  std::unique_ptr<LogDb> log(new LogDb(clock, path));
  RETURN_IF_ERROR(log->OpenFamilies(options));
  bool fresh = false;
  RETURN_IF_ERROR(log->ReadMeta(options, &fresh));
  if (fresh) RETURN_IF_ERROR(log->WriteMeta(options));
  RETURN_IF_ERROR(log->ReadEnds());
  if (log->last_record_time_ms() != INT64_MIN) clock->Observe(log->last_record_time_ms());
  return log;
}

LogDb::~LogDb() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  db_->Close().PermitUncheckedError();
}

absl::Status LogDb::OpenFamilies(const Options& options) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.emplace_back(rocksdb::kDefaultColumnFamilyName, LogMetaOptions());
  for (int p = 0; p < options.partitions; ++p) {
    descriptors.emplace_back(absl::StrFormat("p%d", p), LogFamilyOptions());
  }
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions database = LogDbOptions(options.env);
  database.info_log = MakeInfoLog(path_);
  StartRocksThreads();
  const rocksdb::Status opened = rocksdb::DB::Open(database, path_, descriptors, &families_, &db);
  RETURN_IF_ERROR(FromRocks(opened, "embedded log " + path_));
  db_.reset(db);
  meta_ = families_[0];
  return absl::OkStatus();
}

absl::Status LogDb::ReadMeta(const Options& options, bool* fresh) {
  std::string format, partitions, floor;
  const rocksdb::Status found = db_->Get({}, meta_, kFormatKey, &format);
  *fresh = found.IsNotFound();
  if (*fresh) return absl::OkStatus();
  RETURN_IF_ERROR(FromRocks(found, path_));
  if (format != kFormat) {
    return absl::FailedPreconditionError(absl::StrFormat(
        "embedded log %s: format \"%s\"; this program knows \"%s\"", path_, format, kFormat));
  }
  RETURN_IF_ERROR(FromRocks(db_->Get({}, meta_, kLogIdKey, &log_id_), path_ + ": log_id"));
  RETURN_IF_ERROR(FromRocks(db_->Get({}, meta_, kPartitionsKey, &partitions), path_));
  if (partitions != absl::StrFormat("%d", options.partitions)) {
    return absl::FailedPreconditionError(
        absl::StrFormat("embedded log %s: was made with %s partitions, %d are asked for", path_,
                        partitions, options.partitions));
  }
  const rocksdb::Status floored = db_->Get({}, meta_, kTimeFloorKey, &floor);
  if (floored.IsNotFound()) return absl::OkStatus();
  RETURN_IF_ERROR(FromRocks(floored, path_));
  int64_t floor_ms;
  if (floor.size() != sizeof floor_ms) return absl::DataLossError(path_ + ": record_time_floor");
  std::memcpy(&floor_ms, floor.data(), sizeof floor_ms);
  last_time_ms_ = floor_ms;
  return absl::OkStatus();
}

absl::Status LogDb::WriteMeta(const Options& options) {
  log_id_ = NewLogId();
  rocksdb::WriteBatch batch;
  batch.Put(meta_, kFormatKey, kFormat);
  batch.Put(meta_, kLogIdKey, log_id_);
  batch.Put(meta_, kPartitionsKey, absl::StrFormat("%d", options.partitions));
  rocksdb::WriteOptions write;
  write.sync = true;
  return FromRocks(db_->Write(write, &batch), path_);
}

absl::Status LogDb::ReadEnds() {
  const size_t partitions = families_.size() - 1;
  ends_ = std::vector<std::atomic<Offset>>(partitions);
  lows_ = std::vector<std::atomic<Offset>>(partitions);
  {
    base::MutexLock lock(commit_mutex_);
    doubtful_ends_.assign(partitions, 0);
  }
  for (size_t p = 0; p < partitions; ++p) RETURN_IF_ERROR(ReadEnd(static_cast<Partition>(p)));
  return absl::OkStatus();
}

absl::Status LogDb::ReadEnd(Partition partition) {
  const std::unique_ptr<rocksdb::Iterator> it = NewIterator(partition);
  it->SeekToFirst();
  if (!it->Valid()) return FromRocks(it->status(), path_);
  lows_[partition] = OffsetOfLogKey(ViewOf(it->key()));
  it->SeekToLast();
  if (!it->Valid()) return FromRocks(it->status(), path_);
  ends_[partition] = OffsetOfLogKey(ViewOf(it->key())) + 1;
  ASSIGN_OR_RETURN(const int64_t time_ms, wire::RecordTimeOf(ViewOf(it->value())));
  last_time_ms_ = std::max(last_time_ms_.load(), time_ms);
  return absl::OkStatus();
}

int64_t LogDb::Stamp(int64_t event_time_ms, int64_t previous_ms, int64_t now_ms) const {
  return std::max(previous_ms, clock_->is_event_clock() ? event_time_ms : now_ms);
}

absl::Status LogDb::Commit(std::span<EncodedRecord> records) {
  if (records.empty()) return absl::OkStatus();
  base::MutexLock lock(commit_mutex_);
  std::vector<Offset> next(ends_.begin(), ends_.end());
  rocksdb::WriteBatch batch(/*reserved_bytes=*/records.size() * 256);
  for (size_t p = 0; p < next.size(); ++p) {
    for (Offset o = next[p]; o < doubtful_ends_[p]; ++o) {
      batch.Delete(families_[p + 1], SliceOf(MakeLogKey(static_cast<Partition>(p), o)));
    }
  }
  int64_t last_ms = last_time_ms_.load(std::memory_order_relaxed);
  const int64_t now_ms = clock_->NowMs();
  for (EncodedRecord& record : records) {
    last_ms = Stamp(record.event_time_ms, last_ms, now_ms);
    wire::StampRecordTime(last_ms, &record.value);
    const LogKey key = MakeLogKey(record.partition, next[record.partition]++);
    batch.Put(families_[record.partition + 1], SliceOf(key), record.value);
  }
  RETURN_IF_ERROR(base::Failpoint("log.append.before_commit"));
  const rocksdb::Status written = db_->Write(rocksdb::WriteOptions(), &batch);
  if (!written.ok()) {
    broken_.store(true, std::memory_order_release);
    for (size_t p = 0; p < next.size(); ++p) {
      doubtful_ends_[p] = std::max(doubtful_ends_[p], next[p]);
    }
    return FromRocks(written, "embedded log " + path_);
  }
  FAILPOINT("log.append.after_commit");
  broken_.store(false, std::memory_order_release);
  doubtful_ends_.assign(doubtful_ends_.size(), 0);
  Committed(next, last_ms);
  return absl::OkStatus();
}

void LogDb::Committed(std::span<const Offset> next, int64_t last_ms) {
  for (size_t p = 0; p < next.size(); ++p) ends_[p].store(next[p], std::memory_order_release);
  last_time_ms_.store(last_ms, std::memory_order_release);
  clock_->Observe(last_ms);
  {
    base::MutexLock lock(wake_mutex_);
    ++commits_;
  }
  wake_.NotifyAll();
}

absl::Status LogDb::AdvanceTime(int64_t time_ms) {
  // Without the lock: appends do not wait for a sync.
  if (time_ms <= last_time_ms_.load(std::memory_order_acquire)) return Sync();
  base::MutexLock lock(commit_mutex_);
  if (time_ms <= last_time_ms_.load(std::memory_order_relaxed)) return Sync();
  if (broken_.load(std::memory_order_acquire)) RETURN_IF_ERROR(Recover());
  rocksdb::WriteOptions write;
  write.sync = true;
  const rocksdb::Slice value(reinterpret_cast<const char*>(&time_ms), sizeof time_ms);
  const rocksdb::Status put = db_->Put(write, meta_, kTimeFloorKey, value);
  if (!put.ok()) broken_.store(true, std::memory_order_release);
  RETURN_IF_ERROR(FromRocks(put, path_));
  last_time_ms_.store(time_ms, std::memory_order_release);
  clock_->Observe(time_ms);
  return absl::OkStatus();
}

absl::Status LogDb::TrimBefore(Partition partition, Offset offset) {
  // By its newest record a partition knows its end, and the time.
  offset = std::min(offset, end(partition) - 1);
  if (offset <= low(partition)) return absl::OkStatus();
  const char first = static_cast<char>(partition);  // sorts before every record
  const rocksdb::Slice begin(&first, sizeof first);
  const LogKey key = MakeLogKey(partition, offset);
  rocksdb::ColumnFamilyHandle* family = families_[partition + 1];
  // Who reads meanwhile finds nothing missing that the log says it has.
  const Offset before = lows_[partition].exchange(offset, std::memory_order_acq_rel);
  const rocksdb::Status erased =
      db_->DeleteRange(rocksdb::WriteOptions(), family, begin, SliceOf(key));
  if (!erased.ok()) {
    lows_[partition].store(before, std::memory_order_release);
    broken_.store(true, std::memory_order_release);
  }
  RETURN_IF_ERROR(FromRocks(erased, "trim the embedded log " + path_));
  RETURN_IF_ERROR(base::Failpoint("log.trim.after_erase"));
  // Files go at once; before, the erasure must be on the disk, or power loss would leave holes.
  RETURN_IF_ERROR(Sync());
  const rocksdb::Slice end_of_range = SliceOf(key);
  return FromRocks(rocksdb::DeleteFilesInRange(db_.get(), family, &begin, &end_of_range,
                                               /*include_end=*/false),
                   "trim the embedded log " + path_);
}

uint64_t LogDb::disk_bytes() const {
  uint64_t bytes = 0;
  for (rocksdb::ColumnFamilyHandle* family : families_) {
    uint64_t of_family = 0;
    if (db_->GetIntProperty(family, rocksdb::DB::Properties::kTotalSstFilesSize, &of_family)) {
      bytes += of_family;
    }
  }
  return bytes;
}

absl::Status LogDb::Sync() {
  // RocksDB aborts where a write-ahead log that failed is synced.
  if (broken_.load(std::memory_order_acquire)) RETURN_IF_ERROR(Recover());
  return FromRocks(db_->FlushWAL(/*sync=*/true), "embedded log " + path_);
}

absl::Status LogDb::Recover() {
  RETURN_IF_ERROR(FromRocks(db_->Resume(), "embedded log " + path_));
  broken_.store(false, std::memory_order_release);
  return absl::OkStatus();
}

absl::Status LogDb::Get(Partition partition, Offset offset, rocksdb::PinnableSlice* value) const {
  value->Reset();
  const LogKey key = MakeLogKey(partition, offset);
  const rocksdb::Status got = db_->Get({}, families_[partition + 1], SliceOf(key), value);
  if (got.ok()) return absl::OkStatus();
  return FromRocks(
      got, absl::StrFormat("embedded log %s: partition %d, offset %d", path_, partition, offset));
}

std::unique_ptr<rocksdb::Iterator> LogDb::NewIterator(Partition partition) const {
  rocksdb::ReadOptions read;
  read.readahead_size = size_t{512} << 10;
  read.fill_cache = false;
  return std::unique_ptr<rocksdb::Iterator>(db_->NewIterator(read, families_[partition + 1]));
}

absl::StatusOr<std::optional<Offset>> LogDb::FirstAtOrAfter(Partition partition,
                                                            int64_t record_time_ms) const {
  Offset first = low(partition);
  const Offset end_now = end(partition);
  Offset last = end_now;
  rocksdb::PinnableSlice value;
  while (first < last) {
    const Offset middle = first + (last - first) / 2;
    const absl::Status got = Get(partition, middle, &value);
    if (absl::IsNotFound(got) && middle < low(partition)) {  // trimmed meanwhile
      first = low(partition);
      last = std::max(last, first);
      continue;
    }
    RETURN_IF_ERROR(got);
    ASSIGN_OR_RETURN(const int64_t time_ms, wire::RecordTimeOf(ViewOf(value)));
    if (time_ms >= record_time_ms) {
      last = middle;
    } else {
      first = middle + 1;
    }
  }
  if (first == end_now) return std::optional<Offset>();
  return std::optional<Offset>(first);
}

uint64_t LogDb::commits() const {
  base::MutexLock lock(wake_mutex_);
  return commits_;
}

void LogDb::WaitForCommit(uint64_t seen, std::chrono::milliseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  base::MutexLock lock(wake_mutex_);
  while (commits_ == seen) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= left.zero() || !wake_.WaitFor(wake_mutex_, left)) return;
  }
}

}  // namespace verdict::rocks_store
