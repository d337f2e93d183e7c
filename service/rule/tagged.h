// The reference evaluator: it walks the tree and looks at the kinds of values, and knows nothing of
// types, constants that were run before, or fused steps. Clear before fast: what the typed program
// yields is compared with it.
#pragma once

#include <span>

#include "rule/arena.h"
#include "rule/checked_tree.h"

namespace verdict::rule {

// A value, missing or an error. REQUIRES: `tree` was linked; `slots` holds those it names; the
// arena was reset.
Value RunTagged(const CheckedTree& tree, std::span<const Value> slots, EvaluationArena* arena);

}  // namespace verdict::rule
