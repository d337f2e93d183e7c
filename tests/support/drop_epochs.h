// Epochs dropped at once, without any proof.
#pragma once

#include <memory>
#include <vector>

#include "counters/epoch_drops.h"
#include "counters/live_state.h"

namespace verdict::testing {

// Frees the stretch and leaves its guard, whatever the proof says.
inline counters::DroppedEpochsPtr Drop(counters::LiveState* live, const counters::Stretch& stretch,
                                       int64_t now_ms = 0) {
  counters::EpochDrops drops(live);
  auto guard = std::make_shared<counters::DroppedEpochs>();
  guard->stretch = stretch;
  guard->dropped_ms = now_ms;
  guard->keys = counters::KeyFilter(drops.Entities(stretch));
  std::vector<counters::EpochDrops::Cell> cells;
  for (uint32_t i = 0; i < counters::kStripes; ++i) {
    guard->limited[i] = drops.Read(stretch, i, &cells);
    for (const auto& cell : cells) guard->keys.Add(cell.key);
  }
  for (uint32_t i = 0; i < counters::kStripes; ++i) drops.Free(stretch, i, guard);
  drops.Finish(stretch, guard);
  return guard;
}
}  // namespace verdict::testing
