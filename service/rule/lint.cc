// Warnings and hints on an expression that compiles, and the mistakes that only a pair of nodes
// shows.
#include "rule/checked_tree.h"

namespace verdict::rule {

void Lint(const CheckedTree&, const Source&, Findings*) {}

}  // namespace verdict::rule
