#include "counters/sliding_table.h"

namespace verdict::counters {

SlidingSeries* SlidingTable::Find(const model::EntityKey& key) {
  Keyed* keyed = series_.Find(key.table_hash(), [&](const Keyed& one) { return one.key == key; });
  return keyed == nullptr ? nullptr : &keyed->series;
}

SlidingSeries* SlidingTable::Insert(const model::EntityKey& key) {
  Keyed* keyed =
      series_.Insert(key.table_hash(), [](const Keyed& one) { return one.key.table_hash(); });
  keyed->key = key;
  return &keyed->series;
}

size_t SlidingTable::Sweep(const SweepOptions& options) {
  const bool due = options.kept_from_ms >= round_from_ms_ + options.every_ms || options.tight;
  if (next_bucket_ == 0) {
    if (!due || series_.size() == 0) return 0;
    round_from_ms_ = options.kept_from_ms;
  }
  size_t minutes = 0;
  next_bucket_ = series_.RemoveIfInBuckets(next_bucket_, options.series_max, [&](Keyed& keyed) {
    SlidingSeries& series = keyed.series;
    const size_t bytes_before = series.bytes();
    series.DropUntil(options.kept_from_ms);
    if (options.tight) minutes += series.Fold(SlidingSeries::HalfOf(series.entries()));
    NoteBytes(series, bytes_before);
    return series.empty();
  });
  return minutes;
}

}  // namespace verdict::counters
