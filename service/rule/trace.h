// What an expression saw: its own text with values where it reads fields, for people.
#pragma once

#include <string>

#include "rule/checked_tree.h"

namespace verdict::rule {

// Comparisons and calls show what their operands came to: `txn.amount > 10.0 * card.avg_30d` saw
// `742.5 > 441`. What asks a list or a field's presence is told as it is, whatever `!` stands
// before it: `'5999' is not among 3 entries`. What could not be known says why: `card.country is
// missing`, `10 / 0 fails: division by zero`. Long texts and lists are cut.
// REQUIRES: a tree without errors; `record` has a slot for every field of its schema.
std::string Trace(const CheckedTree& checked, const Record& record, EvaluationArena* arena);

}  // namespace verdict::rule
