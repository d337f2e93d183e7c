// Values that no window reaches any more go with the next compaction of their file (R23).
#pragma once

#include <rocksdb/compaction_filter.h>

#include <atomic>
#include <limits>

#include "aggregate/aggregate_store.h"

namespace verdict::rocks_store {

// **Thread-safe.** A value's days are none later than its cut, and a fold of any of its key's
// events would have rewritten it: so the cut alone tells.
class BlobExpiry : public rocksdb::CompactionFilter {
 public:
  // Values last written before `cut` may go from now on. Never goes back.
  void ExpireBefore(feature::CutId cut);
  bool Filter(int level, const rocksdb::Slice& key, const rocksdb::Slice& value,
              std::string* new_value, bool* value_changed) const override;
  const char* Name() const override { return "verdict.BlobExpiry"; }

 private:
  std::atomic<feature::CutId> before_{feature::kNoCut};
};

}  // namespace verdict::rocks_store
