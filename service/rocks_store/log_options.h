// How RocksDB is set up for an append-only log.
#pragma once

#include "rocksdb/options.h"

namespace verdict::rocks_store {

rocksdb::DBOptions LogDbOptions(rocksdb::Env* env);
rocksdb::ColumnFamilyOptions LogFamilyOptions();  // one partition
rocksdb::ColumnFamilyOptions LogMetaOptions();

}  // namespace verdict::rocks_store
