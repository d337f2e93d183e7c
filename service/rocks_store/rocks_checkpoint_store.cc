#include "rocks_store/rocks_checkpoint_store.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <utility>
#include <vector>

#include "base/status.h"
#include "rocks_store/info_log.h"
#include "rocks_store/rocks_status.h"
#include "rocks_store/rocks_threads.h"
#include "rocks_store/write_again.h"

namespace verdict::rocks_store {
namespace {

using counters::CheckpointFamily;
using counters::CheckpointWrite;

constexpr std::array<CheckpointFamily, 4> kFamilies = {
    CheckpointFamily::kMeta, CheckpointFamily::kCells, CheckpointFamily::kDedup,
    CheckpointFamily::kDecisions};

// Of a cell's key: measure, epoch and one byte more. The keys of ranges that are erased are
// shorter: they must stay out of it, since RocksDB 7.8 mixes up the hints of its two tables.
constexpr size_t kHintPrefixBytes = 13;

const char* FamilyName(CheckpointFamily family) {
  switch (family) {
    case CheckpointFamily::kMeta:
      return "default";
    case CheckpointFamily::kCells:
      return "cells";
    case CheckpointFamily::kDedup:
      return "dedup";
    case CheckpointFamily::kDecisions:
      return "decisions";
  }
  return "";
}

rocksdb::Options DatabaseOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.compression = rocksdb::kNoCompression;
  options.max_open_files = 256;
  // One batch spans the families: they must come back to one point after a crash.
  options.atomic_flush = true;
  return options;
}

rocksdb::ColumnFamilyOptions FamilyOptions(CheckpointFamily family) {
  rocksdb::ColumnFamilyOptions options(DatabaseOptions());
  options.write_buffer_size = size_t{32} << 20;
  if (family == CheckpointFamily::kCells) {
    // Cells come in the order of their keys: the place of each is looked for beside the last one's.
    options.memtable_insert_with_hint_prefix_extractor.reset(
        rocksdb::NewFixedPrefixTransform(kHintPrefixBytes));
  }
  return options;
}

}  // namespace

struct RocksCheckpointStore::Database {
  std::string folder;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> families;  // by CheckpointFamily; owned by us

  ~Database() {
    for (rocksdb::ColumnFamilyHandle* family : families) db->DestroyColumnFamilyHandle(family);
  }
  rocksdb::ColumnFamilyHandle* family(CheckpointFamily which) const {
    return families[static_cast<size_t>(which)];
  }
};

RocksCheckpointStore::RocksCheckpointStore(std::unique_ptr<Database> database)
    : database_(std::move(database)) {}
RocksCheckpointStore::~RocksCheckpointStore() = default;

absl::StatusOr<std::unique_ptr<RocksCheckpointStore>> RocksCheckpointStore::Open(
    const std::string& folder) {
  auto database = std::make_unique<Database>();
  database->folder = folder;
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  descriptors.reserve(kFamilies.size());
  for (const CheckpointFamily family : kFamilies) {
    descriptors.emplace_back(FamilyName(family), FamilyOptions(family));
  }
  rocksdb::Options options = DatabaseOptions();
  StartRocksThreads();
  options.info_log = MakeInfoLog(folder);
  rocksdb::DB* db = nullptr;
  RETURN_IF_ERROR(
      FromRocks(rocksdb::DB::Open(options, folder, descriptors, &database->families, &db),
                "open the checkpoint in " + folder));
  database->db.reset(db);
  return std::unique_ptr<RocksCheckpointStore>(new RocksCheckpointStore(std::move(database)));
}

absl::Status RocksCheckpointStore::Write(
    absl::FunctionRef<void(counters::CheckpointStore::Put)> fill) {
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  fill([&](const CheckpointWrite& write) {
    if (!status.ok()) return;
    rocksdb::ColumnFamilyHandle* family = database_->family(write.family);
    if (!write.erase_range_end.empty()) {
      status = batch.DeleteRange(family, write.key, write.erase_range_end);
    } else if (write.erase) {
      status = batch.Delete(family, write.key);
    } else {
      status = batch.Put(family, write.key, write.value);
    }
  });
  RETURN_IF_ERROR(FromRocks(status, "gather a checkpoint for " + database_->folder));
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::DB* db = database_->db.get();
  return FromRocks(WriteAgainAfterResume(db, [&] { return db->Write(options, &batch); }),
                   "write a checkpoint to " + database_->folder);
}

absl::Status RocksCheckpointStore::Read(
    CheckpointFamily family,
    const std::function<absl::Status(std::string_view key, std::string_view value)>& visit) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = size_t{4} << 20;
  const std::unique_ptr<rocksdb::Iterator> at(
      database_->db->NewIterator(options, database_->family(family)));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    RETURN_IF_ERROR(
        visit({at->key().data(), at->key().size()}, {at->value().data(), at->value().size()}));
  }
  return FromRocks(at->status(), "read the checkpoint in " + database_->folder);
}

absl::Status RocksCheckpointStore::Clear() {
  rocksdb::WriteBatch batch;
  for (const CheckpointFamily family : kFamilies) {
    const std::unique_ptr<rocksdb::Iterator> at(
        database_->db->NewIterator(rocksdb::ReadOptions(), database_->family(family)));
    at->SeekToLast();
    RETURN_IF_ERROR(FromRocks(at->status(), "read the checkpoint in " + database_->folder));
    if (!at->Valid()) continue;
    const std::string past_the_last = at->key().ToString() + '\0';
    RETURN_IF_ERROR(FromRocks(batch.DeleteRange(database_->family(family), "", past_the_last),
                              "clear the checkpoint in " + database_->folder));
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  rocksdb::DB* db = database_->db.get();
  return FromRocks(WriteAgainAfterResume(db, [&] { return db->Write(options, &batch); }),
                   "clear the checkpoint in " + database_->folder);
}

}  // namespace verdict::rocks_store
