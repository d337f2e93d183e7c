// Operators: comparisons with constants and fields fused, sets for `in`.
#include <algorithm>
#include <utility>

#include "rule/lowering.h"

namespace verdict::rule {
namespace {

// a < b is b > a.
Test Mirrored(Test test) {
  switch (test) {
    case Test::kLess:
      return Test::kGreater;
    case Test::kLessEqual:
      return Test::kGreaterEqual;
    case Test::kGreater:
      return Test::kLess;
    case Test::kGreaterEqual:
      return Test::kLessEqual;
    case Test::kEqual:
    case Test::kNotEqual:
      break;
  }
  return test;
}

bool OnlyEquality(Test test) { return test == Test::kEqual || test == Test::kNotEqual; }

}  // namespace

uint32_t Lowering::Binary(const rule::Node& n, const Meaning& m) {
  if (n.op == TokenKind::kAnd || n.op == TokenKind::kOr) {
    std::vector<NodeId> sides;
    Flatten(n, n.op, &sides);
    const Op op = n.op == TokenKind::kAnd ? Op::kAnd : Op::kOr;
    return Push(With(op, Nodes(sides, Kind::kBool)), Kind::kBool);
  }
  if (n.op == TokenKind::kIn) return Membership(n);
  if (Precedence(n.op) == kRelationPrecedence) {
    return Comparison(n.children[0], n.children[1], TestOf(n.op));
  }
  if (m.overload == nullptr || !m.type.is(TypeKind::kDouble)) return Call(n, m);
  Step step = With(Op::kDoubleArithmetic, Nodes(n.children, Kind::kDouble));
  step.part = static_cast<uint8_t>(OperatorText(n.op).front());
  return Push(step, Kind::kDouble);
}

void Lowering::Flatten(const rule::Node& n, TokenKind op, std::vector<NodeId>* sides) const {
  for (NodeId side : n.children) {
    const rule::Node& s = tree(side);
    if (s.kind == NodeKind::kBinary && s.op == op) {
      Flatten(s, op, sides);
    } else {
      sides->push_back(side);
    }
  }
}

bool Lowering::IsField(NodeId id, TypeKind kind) const {
  return of(id).slot != kNoSlot && tree(id).kind != NodeKind::kHas && of(id).type.is(kind);
}

uint32_t Lowering::Comparison(NodeId left, NodeId right, Test test) {
  if (of(left).constant && !of(right).constant) {
    std::swap(left, right);
    test = Mirrored(test);
  }
  Step step;
  if (Fused(left, right, test, &step)) return Push(step, Kind::kBool);
  const uint32_t l = Node(left);
  const uint32_t r = Node(right);
  Op op = Op::kTest;
  if (yields_[l] == Kind::kInt && yields_[r] == Kind::kInt) op = Op::kTestInt;
  if (yields_[l] == Kind::kDouble && yields_[r] == Kind::kDouble) op = Op::kTestDouble;
  step = With(op, {l, r});
  step.test = test;
  return Push(step, Kind::kBool);
}

bool Lowering::Fused(NodeId left, NodeId right, Test test, Step* step) const {
  const Meaning& l = of(left);
  const Meaning& r = of(right);
  step->test = test;
  step->slot = static_cast<uint16_t>(l.slot);
  step->kind = KindOf(l.type);
  step->constant = r.value;
  const Kind constant = r.constant ? r.value.kind() : Kind::kMissing;
  if (IsField(left, TypeKind::kInt) && constant == Kind::kInt) {
    step->op = Op::kFieldTestInt;
  } else if (IsField(left, TypeKind::kDouble) && constant == Kind::kDouble) {
    step->op = Op::kFieldTestDouble;
  } else if (IsField(left, TypeKind::kDouble) && constant == Kind::kInt) {
    step->op = Op::kFieldTestDouble;
    step->constant = Value::Double(static_cast<double>(r.value.integer()));
  } else if (IsField(left, TypeKind::kString) && constant == Kind::kString && OnlyEquality(test)) {
    step->op = Op::kFieldEqualString;
  } else if (IsField(left, TypeKind::kString) && IsField(right, TypeKind::kString) &&
             OnlyEquality(test)) {
    step->op = Op::kFieldsEqualString;
    step->second_slot = static_cast<uint16_t>(r.slot);
  } else {
    return false;
  }
  return true;
}

uint32_t Lowering::Membership(const rule::Node& n) {
  const NodeId item = n.children[0];
  const NodeId list = n.children[1];
  const Meaning& m = of(list);
  if (m.list != nullptr) return AskList(*m.list, item);
  const auto all = [&](Kind kind) {
    const std::span<const Value> items = m.value.list();
    return std::all_of(items.begin(), items.end(),
                       [kind](const Value& v) { return v.kind() == kind; });
  };
  const bool constant = m.constant && m.value.kind() == Kind::kList;
  if (constant && of(item).type.is(TypeKind::kString) && all(Kind::kString)) {
    auto set = std::make_unique<StringSet>(m.value.list().size());
    for (const Value& entry : m.value.list()) set->Add(entry.string());
    Step step;
    if (IsField(item, TypeKind::kString)) {
      step.op = Op::kFieldInStrings;
      step.slot = static_cast<uint16_t>(of(item).slot);
    } else {
      step = With(Op::kInStrings, {Node(item, Kind::kString)});
    }
    step.strings = set.get();
    program_.string_sets.push_back(std::move(set));
    return Push(step, Kind::kBool);
  }
  if (constant && of(item).type.is(TypeKind::kInt) && all(Kind::kInt)) {
    std::vector<int64_t> items;
    for (const Value& entry : m.value.list()) items.push_back(entry.integer());
    auto set = std::make_unique<IntSet>(std::move(items));
    Step step = With(Op::kInInts, {Node(item, Kind::kInt)});  // which may make sets of its own
    step.ints = set.get();
    program_.int_sets.push_back(std::move(set));
    return Push(step, Kind::kBool);
  }
  return Push(With(Op::kIn, Nodes(n.children)), Kind::kBool);
}

uint32_t Lowering::AskList(const NamedList& list, NodeId asked) {
  // An address is a text or an IP.
  const Kind kind = list.kind() == ListKind::kCidr ? Kind::kMissing : Kind::kString;
  Step step = With(Op::kNamedList, {Node(asked, kind)});
  step.list = &list;
  return Push(step, Kind::kBool);
}

}  // namespace verdict::rule
