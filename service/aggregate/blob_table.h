// The cached blobs of one shard: open addressing, what one entity has side by side.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "aggregate/aggregate_store.h"
#include "feature/blob.h"

namespace verdict::aggregate {

// A slot's place follows from the entity alone: what one payment asks of an entity lies in one or
// two cache lines. What does not fit into `bytes_max` goes second chance: a hand passes over the
// slots, and what was not asked for since it last came by is let go.
// **Thread-compatible.** Times are whole seconds of a steady clock, counted from any moment.
class BlobTable {
 public:
  struct Found {
    bool known = false;
    std::shared_ptr<const feature::Blob> blob;  // null: the store has none
  };

  // What was put at most `age_max` seconds ago.
  Found Find(const BlobKey& key, uint32_t now, uint32_t age_max);
  // Replaces what stood there. A blob alone that is larger than `bytes_max` is kept until the next.
  void Put(const BlobKey& key, std::shared_ptr<const feature::Blob> blob, uint32_t now,
           size_t bytes_max);
  void Forget(const BlobKey& key);
  void Clear();

  size_t size() const { return used_; }
  // Of slots and blobs. Free slots count too.
  size_t bytes() const { return slots_.size() * sizeof(Slot) + blob_bytes_; }
  // What one blob of so many tiles adds to bytes(), a table of slots at its mean load.
  static double BytesFor(size_t tiles);

 private:
  struct Slot {
    uint64_t measure_hash = 0;
    model::EntityKey entity;
    uint32_t put_at : 30 = 0;
    uint32_t used : 1 = 0;   // holds something
    uint32_t asked : 1 = 0;  // since the hand last came by
    std::shared_ptr<const feature::Blob> blob;

    bool Holds(const BlobKey& key) const {
      return used && measure_hash == key.measure_hash && entity == key.entity;
    }
  };
  static_assert(sizeof(Slot) == 40);

  size_t mask() const { return slots_.size() - 1; }
  size_t Home(const model::EntityKey& entity) const { return entity.table_hash() & mask(); }
  // The slot that holds `key`, or the free one where it would go. REQUIRES: a free slot.
  size_t Place(const BlobKey& key) const;
  void Erase(size_t slot);
  void Grow();
  void MakeRoom(size_t bytes_max, const BlobKey& kept);

  std::vector<Slot> slots_;  // a power of two
  size_t used_ = 0;
  size_t blob_bytes_ = 0;
  size_t hand_ = 0;
};

}  // namespace verdict::aggregate
