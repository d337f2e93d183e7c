// Follows the imports of others (DAY mode, R5): a newer one is taken up without a restart.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "absl/status/status.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/day_watch.h"
#include "counters/live_state.h"

namespace verdict::ingest {

// **Thread-compatible.**
class DayImports {
 public:
  // Told where what is known of a measure's imports has changed.
  using Told = std::function<void(uint64_t measure_hash, const feature::DayMode&)>;
  // Both must outlive it; `told` may be empty.
  DayImports(aggregate::AggregateStore* store, counters::LiveState* live, Told told);

  // At the start, before records are counted and anything else is read from the store: reads the
  // manifests of all measures, and tells live state. Errors: the store's; what could not be read is
  // seen later.
  absl::Status Begin();
  // Then every so often, with what a measure's manifest says just now.
  void See(uint64_t measure_hash, const aggregate::Manifest& manifest);
  // Memory may let go of the measure's days before it; kNoDay: of none.
  model::DayNumber DropBefore(uint64_t measure_hash) const;

 private:
  void Tell(uint64_t measure_hash, const feature::DayMode& mode);

  aggregate::AggregateStore* store_;
  counters::LiveState* live_;
  Told told_;
  std::map<uint64_t, aggregate::DayWatch> watches_;  // by measure hash
};

}  // namespace verdict::ingest
