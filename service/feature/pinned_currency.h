// Which currency a condition pins: `txn.currency == 'EUR' && ...` is true of amounts in EUR alone.
#pragma once

#include <optional>
#include <string>

#include "rule/expression.h"

namespace verdict::feature {

// The currency `x` where the condition is a conjunction with a clause `txn.currency == 'x'` or
// `txn.currency in ['x']`. Nothing where no clause says so, whatever else may follow from the
// whole.
std::optional<std::string> PinnedCurrency(const rule::Expression& where);

}  // namespace verdict::feature
