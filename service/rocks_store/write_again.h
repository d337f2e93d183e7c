// A write that outlives a full disk: RocksDB refuses everything after a failed write until it is
// told to resume.
#pragma once

#include <rocksdb/db.h>

namespace verdict::rocks_store {

// `write` returns a rocksdb::Status and may be called twice: what it writes must bear being written
// twice.
template <typename Write>
rocksdb::Status WriteAgainAfterResume(rocksdb::DB* db, Write write) {
  const rocksdb::Status status = write();
  if (status.ok() || !db->Resume().ok()) return status;
  return write();
}

}  // namespace verdict::rocks_store
