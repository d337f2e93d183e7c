// The series of one sliding measure in one stripe, by entity.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "counters/node_table.h"
#include "counters/sliding_series.h"
#include "model/entity_key.h"

namespace verdict::counters {

// Thread-compatible: its stripe's mutex guards it.
class SlidingTable {
 public:
  // Null where there is none.
  SlidingSeries* Find(const model::EntityKey& key);
  // REQUIRES: there is none.
  SlidingSeries* Insert(const model::EntityKey& key);
  void Prefetch(const model::EntityKey& key) const { series_.Prefetch(key.table_hash()); }

  struct SweepOptions {
    int64_t kept_from_ms = 0;   // what lies at or before it can go
    int64_t every_ms = 60'000;  // not before that moved on by so much since the last round began
    size_t series_max = 64;     // about so many are looked at
    bool tight = false;         // at once, and long series give up the older half of their entries
  };
  // Goes on with a round over all series, a bounded piece a call. How many minutes were folded.
  size_t Sweep(const SweepOptions& options);

  size_t series() const { return series_.size(); }
  // What a series costs beside its bytes().
  static constexpr size_t series_bytes_each() { return kSeriesBytes; }
  // Of what is held, as of NoteBytes.
  size_t bytes() const { return series_.size() * kSeriesBytes + series_bytes_; }
  // After `series`, which had `bytes_before`, has changed.
  void NoteBytes(const SlidingSeries& series, size_t bytes_before) {
    series_bytes_ += series.bytes() - bytes_before;
  }

  // What found no room here lies at or before this time (R43).
  int64_t refused_until_ms() const { return refused_until_ms_; }
  void NoteRefused(int64_t time_ms) { refused_until_ms_ = std::max(refused_until_ms_, time_ms); }

 private:
  struct Keyed {
    uint32_t next_node = 0;
    model::EntityKey key;
    SlidingSeries series;
  };
  static_assert(sizeof(Keyed) == 48);
  static constexpr size_t kSeriesBytes = sizeof(Keyed) + 3 * sizeof(uint32_t);  // about 3 buckets

  NodeTable<Keyed> series_;
  size_t series_bytes_ = 0;
  size_t next_bucket_ = 0;  // of the round under way; 0: none is
  int64_t round_from_ms_ = std::numeric_limits<int64_t>::min();
  int64_t refused_until_ms_ = std::numeric_limits<int64_t>::min();
};

}  // namespace verdict::counters
