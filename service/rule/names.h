// What the names in an expression stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rule/checked_tree.h"

namespace verdict::rule {

// The variables an expression may read, beside those of its own macros. Thread-safe.
class Names {
 public:
  virtual ~Names() = default;
  // The slot of a variable, by its whole name: "txn.amount".
  virtual std::optional<uint16_t> FindVariable(std::string_view name) const = 0;
  // Are `int` and its like values?
  virtual bool types_are_values() const { return true; }
  // The overloads of a function.
  virtual std::span<const Overload> FindFunction(std::string_view name, bool method) const {
    return FindOverloads(name, method);
  }
  // Where names are looked for first: in "a.b" as a.b.x, then a.x, then x.
  virtual std::string_view container() const { return {}; }
};

// Fills the slots, variables, types and functions of `meanings`, by name alone.
void Link(const Names& names, CheckedTree* checked);

}  // namespace verdict::rule
