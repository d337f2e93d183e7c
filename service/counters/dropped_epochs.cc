#include "counters/dropped_epochs.h"

#include <algorithm>

namespace verdict::counters {

void StripeDoubts::Guard(const DroppedEpochsPtr& guard) {
  guards.push_back(guard);
  guarded_to = std::max(guarded_to, guard->stretch.to);
}

void StripeDoubts::Forget(const DroppedEpochsPtr& guard) {
  std::erase(guards, guard);
  guarded_to = feature::kNoCut;
  for (const DroppedEpochsPtr& one : guards) guarded_to = std::max(guarded_to, one->stretch.to);
}

void EpochBounds::Pass(feature::CutId epoch, eventlog::Offset before, eventlog::Offset offset) {
  if (!bounds.empty() && epoch <= bounds.back().epoch) return;  // a record without a time
  if (CountedNothing()) before = 0;
  bounds.push_back({epoch, before, offset});
  if (bounds.size() <= kKept) return;
  unknown_to = bounds.front().epoch;
  bounds.erase(bounds.begin());
}

bool EpochBounds::Agrees(feature::CutId to, eventlog::Offset offset, eventlog::Offset next) const {
  if (to <= unknown_to || CountedNothing()) return true;
  const auto bound = std::find_if(bounds.begin(), bounds.end(),
                                  [&](const EpochBound& one) { return one.epoch >= to; });
  if (bound == bounds.end()) return offset >= next;
  return bound->before <= offset && offset <= bound->first;
}

}  // namespace verdict::counters
