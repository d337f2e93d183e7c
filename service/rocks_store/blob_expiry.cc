#include "rocks_store/blob_expiry.h"

#include <optional>
#include <string_view>

#include "aggregate/blob_codec.h"

namespace verdict::rocks_store {

void BlobExpiry::ExpireBefore(feature::CutId cut) {
  feature::CutId before = before_.load(std::memory_order_relaxed);
  while (cut > before && !before_.compare_exchange_weak(before, cut, std::memory_order_relaxed)) {
  }
}

bool BlobExpiry::Filter(int, const rocksdb::Slice& key, const rocksdb::Slice& value, std::string*,
                        bool*) const {
  if (!key.starts_with("b")) return false;
  const std::optional<feature::CutId> cut = aggregate::CutOfBlob({value.data(), value.size()});
  return cut && *cut < before_.load(std::memory_order_relaxed);
}

}  // namespace verdict::rocks_store
