// Many values of a database at once, for whoever goes through it in the order of its keys.
#pragma once

#include <rocksdb/db.h>

#include <cstddef>
#include <functional>
#include <span>

namespace verdict::rocks_store {

// `value` is good for the call. Statuses are DB::Get's: OK, NotFound, or why it cannot be told.
using OnValue =
    std::function<void(size_t i, const rocksdb::Status& status, const rocksdb::Slice& value)>;

// Calls `on_value` once for each of `keys`, of the default column family. Many keys in ascending
// order are looked for from one to the next, past what lies between, as long as that is little;
// all others by MultiGet.
void GetMany(rocksdb::DB* db, std::span<const rocksdb::Slice> keys, const OnValue& on_value);

}  // namespace verdict::rocks_store
