// Follows the imports of others (DAY mode, R5): a newer one is taken up without a restart.
#pragma once

#include <cstdint>
#include <map>

#include "absl/status/status.h"
#include "aggregate/aggregate_store.h"
#include "aggregate/day_watch.h"
#include "counters/live_state.h"

namespace verdict {

// **Thread-compatible.**
class DayImports {
 public:
  // Both must outlive it.
  DayImports(aggregate::AggregateStore* store, counters::LiveState* live);

  // Reads the manifests of all measures, and tells live state. First at the start, before records
  // are counted and anything else is read from the store (`nothing_read`); then every so often.
  // Errors: the store's; what was known before goes on.
  absl::Status Look(bool nothing_read);

 private:
  void Tell(uint64_t measure_hash, const feature::DayMode& mode);

  aggregate::AggregateStore* store_;
  counters::LiveState* live_;
  std::map<uint64_t, aggregate::DayWatch> watches_;  // by measure hash
};

}  // namespace verdict
