// The inside of the tagged evaluator; callers use RunTagged in tagged.h.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rule/arena.h"
#include "rule/builtins.h"
#include "rule/checked_tree.h"

namespace verdict::rule {

// One run. Thread-compatible.
class TaggedEvaluation {
 public:
  TaggedEvaluation(const CheckedTree& checked, std::span<const Value> slots,
                   EvaluationArena* arena);
  Value Run(NodeId id);

 private:
  // tagged.cc
  Value Named(NodeId id);
  bool IsName(NodeId id) const;
  Value Select(NodeId id);
  Value OptionalSelect(NodeId id);
  Value Index(const Node& node);
  Value Has(NodeId id);
  Value Not(const Node& node);
  Value Conditional(const Node& node);
  Value Binary(NodeId id);
  Value OfList(const NamedList& list, NodeId asked);
  static bool Absorb(Value v, bool decisive, Value* result);
  Value List(const Node& node);
  Value Map(const Node& node);
  Value Call(NodeId id);
  Value Dispatch(std::span<const Overload> candidates, std::span<const NodeId> arguments);

  // tagged_macros.cc
  Value RunMacro(const Node& node);
  Value Bind(const Node& node);
  Value OptionalMap(const Node& node);
  // Calls visit(item) for each item of a list or key of a map, with the macro's variable set to it,
  // until it says false; a value that is neither is an error.
  template <typename Visit>
  Value ForEach(const Node& node, const Value& range, Visit visit);
  Value Quantify(const Node& node, const Value& range);
  Value ExactlyOne(const Node& node, const Value& range);
  Value Filter(const Node& node, const Value& range);
  Value Transform(const Node& node, const Value& range);
  Value& Variable(NodeId id) { return locals_[static_cast<size_t>(checked_.of(id).local)]; }

  const CheckedTree& checked_;
  std::span<const Value> slots_;
  EvaluationArena* arena_;
  std::vector<Value> locals_;
};

}  // namespace verdict::rule
