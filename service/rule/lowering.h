// The inside of Lower; callers use program.h.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rule/program.h"

namespace verdict::rule {

// Thread-compatible. One use.
class Lowering {
 public:
  explicit Lowering(CheckedTree checked) { program_.checked = std::move(checked); }
  Program Run();

 private:
  const rule::Node& tree(NodeId id) const { return program_.checked.tree.at(id); }
  const Meaning& of(NodeId id) const { return program_.checked.of(id); }
  // `yields`: the kind of what it yields where that is no missing and no error; kMissing: any.
  uint32_t Push(Step step, Kind yields = Kind::kMissing);
  Step With(Op op, std::initializer_list<uint32_t> steps) {
    return With(op, std::vector<uint32_t>(steps));
  }
  Step With(Op op, const std::vector<uint32_t>& steps);
  // The step, where it yields `kind` or nothing at all.
  uint32_t Expect(uint32_t index, Kind kind);
  uint32_t Node(NodeId id, Kind kind) { return Expect(Node(id), kind); }
  std::vector<uint32_t> Nodes(std::span<const NodeId> ids, Kind kind = Kind::kMissing);
  uint32_t Constant(Value v);
  // One kind a case.
  uint32_t Node(NodeId id);
  uint32_t Slot(const rule::Node& n, const Meaning& m);
  uint32_t Name(const Meaning& m);
  uint32_t OfField(Op op, const rule::Node& select, Kind yields);
  uint32_t Conditional(const rule::Node& n);
  uint32_t Call(const rule::Node& n, const Meaning& m);
  uint32_t Settled(const Overload& overload, std::span<const NodeId> arguments);
  // `or` yields an optional, `orValue` what it holds.
  uint32_t OrElse(const rule::Node& n);
  uint32_t MacroStep(const rule::Node& n);
  static Kind KindOfBody(Macro macro);
  static Kind KindOfMacro(Macro macro);
  uint32_t Special(const rule::Node& n, const Meaning& m);

  // lower_operators.cc
  uint32_t Binary(const rule::Node& n, const Meaning& m);
  // a && (b && c) and (a && b) && c are one list of three.
  void Flatten(const rule::Node& n, TokenKind op, std::vector<NodeId>* sides) const;
  bool IsField(NodeId id, TypeKind kind) const;
  uint32_t Comparison(NodeId left, NodeId right, Test test);
  // A field against a constant or another field.
  bool Fused(NodeId left, NodeId right, Test test, Step* step) const;
  uint32_t Membership(const rule::Node& n);
  uint32_t AskList(const NamedList& list, NodeId asked);

  Program program_;
  std::vector<Kind> yields_;  // by step
};

}  // namespace verdict::rule
