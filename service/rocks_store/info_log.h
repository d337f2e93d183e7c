// RocksDB's own log of warnings, kept so that a full disk does not end the process.
#pragma once

#include <memory>
#include <string>

#include "rocksdb/env.h"

namespace verdict::rocks_store {

// Lines go to `folder`/LOG; that of the run before is kept as LOG.old. What cannot be written is
// dropped: RocksDB's own logger aborts at the second line that does not fit on the disk.
std::shared_ptr<rocksdb::Logger> MakeInfoLog(const std::string& folder);

}  // namespace verdict::rocks_store
