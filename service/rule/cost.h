// The worst case of an expression, before it ever runs: so that no counter runs with it.
//
// In units after cel-go's common/cost.go: a constant 0; a field, an operator, a call or the step of
// a loop 1; a new list 10 and 1 an item, a new map 30; reading a text 0.1 a byte of `max_len`;
// `matches` a quarter of the pattern's length times a tenth of the text's, with all steps of its
// program in place of the quarter where they are more than 24; a loop `max_items` times its body
// and step. Both sides of `&&` and `||` count. Every sum stops at kCostMax.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rule/finding.h"

namespace verdict::rule {

struct CheckedTree;
class Schema;

// No expression may cost more, whatever a policy allows.
inline constexpr uint64_t kCostMax = 1'000'000;

// A loop: `items` times (body + 1).
struct LoopCost {
  uint64_t items = 0;
  uint64_t body = 0;
  struct Term {
    uint64_t units = 0;
    std::string what;
  };
  std::vector<Term> terms = {};                  // that make up `body`, where they are few
  std::optional<uint16_t> field = std::nullopt;  // whose items it runs over
  uint64_t units() const;
};

struct CostBound {
  uint64_t units = 0;
  std::optional<LoopCost> loop = std::nullopt;  // the one that costs most
  Span place = {};                              // what the loop runs over; all where there is none
};

// REQUIRES: a tree of the rule profile without errors.
CostBound BoundCost(const CheckedTree& checked);

// For people: "up to 256 items: 256 x (1 `s` + 28 `matches` + 1 step) + 2 = 7,682; `max_items` of
// `txn.skus` in schema.json may be at most 66", where `limit` is what it may cost.
std::string ExplainCost(const CostBound& bound, uint64_t limit, const Schema& schema);

}  // namespace verdict::rule
