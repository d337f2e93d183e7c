// What live state costs for so many keys, worked out from the structures it is made of: for
// `verdict size`. LiveState::sizes() tells what it does cost.
#pragma once

#include "feature/tile.h"
#include "model/decision.h"

namespace verdict::counters {

// Means: keys fall on stripes by chance. Bytes as LiveState::sizes() counts them.

// Cells and index of one (measure, epoch) in which each of `entities` has `cells_each` days.
double CellBytes(double entities, double cells_each);
// What one (measure, epoch) costs beside its cells, in all stripes.
double TableBytes();
// Series of one sliding measure in which each of `entities` has `events_each` events.
double SlidingBytes(double entities, double events_each);
// One kept decision such as `typical`.
double DecisionBytes(const model::Decision& typical);
// One provisional that contributes to so many measures.
double ProvisionalBytes(double measures);

// Keys and values that a checkpoint holds, as they are given to its store.
double SavedCellBytes(const feature::Tile& typical);
double SavedIdBytes();
double SavedDecisionBytes(const model::Decision& typical);

}  // namespace verdict::counters
