// Keys come ascending and are read in order: files never overlap, compaction renames them, no
// filters are needed.
#include "rocks_store/log_options.h"

#include <algorithm>

#include "rocksdb/convenience.h"
#include "rocksdb/env.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"

namespace verdict::rocks_store {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

rocksdb::CompressionType LogCompression() {
  const auto supported = rocksdb::GetSupportedCompressions();
  const bool lz4 =
      std::find(supported.begin(), supported.end(), rocksdb::kLZ4Compression) != supported.end();
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

}  // namespace

rocksdb::DBOptions LogDbOptions(rocksdb::Env* env) {
  rocksdb::DBOptions options;
  if (env != nullptr) options.env = env;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_background_jobs = 2;
  options.max_open_files = 512;
  options.max_total_wal_size = 256 * kMiB;
  options.db_write_buffer_size = 128 * kMiB;
  options.bytes_per_sync = kMiB;  // smooths what the disk is asked to write behind us
  options.wal_bytes_per_sync = kMiB;
  options.allow_concurrent_memtable_write = false;  // one writer; it may insert by hint
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

rocksdb::ColumnFamilyOptions LogFamilyOptions() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 16 * kMiB;
  options.max_write_buffer_number = 3;
  options.compression = LogCompression();
  // Two bytes of a record's nine: the one-byte key at which an erased range begins stays out of it,
  // since RocksDB 7.8 mixes up the hints of its two tables.
  options.memtable_insert_with_hint_prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
  rocksdb::BlockBasedTableOptions table;
  table.block_size = size_t{16} << 10;
  table.no_block_cache = true;  // read once, in order
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::ColumnFamilyOptions LogMetaOptions() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = kMiB;
  return options;
}

}  // namespace verdict::rocks_store
