// After a fail-over of the store: does it still have what a proof says it has?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "aggregate/aggregate_store.h"
#include "counters/epoch_drops.h"

namespace verdict::ingest {

// **Thread-compatible.** Asks for every key that this replica counted in a stretch: its value must
// have reached the stretch's cut. Some stripes a step; blocks on the store.
class ReadBack {
 public:
  // Both must outlive it. Keys that have but days before `oldest_day` were never written.
  ReadBack(const counters::EpochDrops* drops, aggregate::AggregateStore* store,
           const counters::Stretch& stretch, model::DayNumber oldest_day)
      : drops_(drops), store_(store), stretch_(stretch), oldest_day_(oldest_day) {}
  // False: every key was asked for. Errors: the store's.
  absl::StatusOr<bool> Step(uint32_t stripes);
  uint64_t keys() const { return keys_; }
  uint64_t lost() const { return lost_; }  // absent, unreadable, or older than the cut
  // REQUIRES: Step() said false. Nothing is lost, and the store did not fail over meanwhile.
  absl::StatusOr<bool> Holds();
  const std::string& incarnation() const { return incarnation_; }

 private:
  absl::Status Ask(std::vector<aggregate::BlobKey> keys);

  const counters::EpochDrops* drops_;
  aggregate::AggregateStore* store_;
  counters::Stretch stretch_;
  model::DayNumber oldest_day_;
  uint32_t next_stripe_ = 0;
  uint64_t keys_ = 0, lost_ = 0;
  std::string incarnation_;
  std::vector<counters::EpochDrops::Cell> cells_;
};

}  // namespace verdict::ingest
