// The batch's own base beside a store that may lose values (R25): one place that knows in which
// order the two are written, so that a crash anywhere leaves what the next run can go on from.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "aggregate/aggregate_store.h"

namespace verdict::aggregate {

// A cut is announced in the store, where of two runs one wins, then in the base; blobs are written
// to the base, then to the store; a cut is published in the base, then in the store. So after a
// crash, or after a store has come back from an older snapshot of itself, the two manifests of a
// measure differ in one of these ways, and Settle knows what to do:
//   one has announced a cut, or noted which days are trimmed, and the other not    it is told
//   the base has published the cut that the store has announced     left: the fold of it goes on
// Thread-compatible. Where base and store are one, it writes that one, and there is nothing to
// settle.
class BatchStores {
 public:
  // Both must outlive it. `base` null: the store is its own base.
  BatchStores(AggregateStore* base, AggregateStore* store)
      : base_(base == nullptr ? store : base), store_(store) {}
  AggregateStore* base() const { return base_; }
  AggregateStore* store() const { return store_; }

  // Errors: FailedPrecondition where it was no crash, saying how to mend it: the store has lost
  // what was published, the base is behind the store, or the two are of different logs. Aborted:
  // another run has changed a manifest meanwhile.
  absl::Status Settle(uint64_t measure_hash);
  // Values of the store expire with the days that were kept when they were written: where windows
  // are longer now than when the measure was published last, the base is uploaded again.
  absl::Status KeepLonger(uint64_t measure_hash, int kept_days);
  // `merged` to both; `reached`, which the base has already, to the store, which may lack it.
  absl::Status Put(const std::vector<BlobWrite>& merged, const std::vector<BlobWrite>& reached);
  // The same, of a healing recompute: what cannot be read is replaced, too.
  absl::Status Replace(const std::vector<BlobWrite>& healed, const std::vector<BlobWrite>& reached);
  // Errors: Aborted where the store's manifest is not `expected`.
  absl::Status Announce(uint64_t measure_hash, const Manifest& expected, const Manifest& next);
  absl::Status Publish(uint64_t measure_hash, const Manifest& expected, const Manifest& next);

 private:
  absl::Status SettleDays(uint64_t measure_hash, const Manifest& in_base, const Manifest& in_store);
  absl::Status PutBaseManifest(uint64_t measure_hash, const Manifest& next);

  AggregateStore* base_;
  AggregateStore* store_;
};

}  // namespace verdict::aggregate
