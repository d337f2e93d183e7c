// Checked tree to program: operands laid out flat, comparisons with constants and fields fused.
#include <algorithm>
#include <utility>

#include "rule/program.h"

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

class Lowering {
 public:
  Lowering(CheckedTree checked, SharedListSets* list_sets) : list_sets_(list_sets) {
    program_.checked = std::move(checked);
  }

  Program Run() {
    program_.root = Node(program_.checked.tree.root);
    return std::move(program_);
  }

 private:
  const rule::Node& tree(NodeId id) const { return program_.checked.tree.at(id); }
  const Meaning& of(NodeId id) const { return program_.checked.of(id); }

  uint32_t Push(Step step) {
    program_.steps.push_back(step);
    return static_cast<uint32_t>(program_.steps.size() - 1);
  }

  Step WithOperands(Op op, const std::vector<NodeId>& nodes) {
    std::vector<uint32_t> steps;
    steps.reserve(nodes.size());
    for (NodeId id : nodes) steps.push_back(Node(id));
    Step step;
    step.op = op;
    step.first_operand = static_cast<uint32_t>(program_.operands.size());
    step.operands = static_cast<uint32_t>(steps.size());
    program_.operands.insert(program_.operands.end(), steps.begin(), steps.end());
    return step;
  }

  uint32_t Node(NodeId id) {
    const rule::Node& n = tree(id);
    const Meaning& m = of(id);
    Step step;
    if (IsRare(id)) {
      step.op = Op::kTagged;
      step.first_operand = id;
      return Push(step);
    }
    if (m.constant) {
      step.constant = m.value;
      return Push(step);
    }
    if (m.slot != kNoSlot) {
      step.op = n.kind == NodeKind::kHas ? Op::kHas : Op::kField;
      step.slot = static_cast<uint16_t>(m.slot);
      step.kind = n.kind == NodeKind::kHas ? Kind::kBool : KindOf(m.type);
      return Push(step);
    }
    if (n.kind == NodeKind::kBinary && m.run != nullptr && m.type.is(TypeKind::kDouble)) {
      step = WithOperands(Op::kDoubleArithmetic, n.children);
      step.part = static_cast<uint8_t>(OperatorText(n.op).front());
      return Push(step);
    }
    if (m.run != nullptr) {
      const auto first = n.children.begin() + (m.qualified ? 1 : 0);
      step = WithOperands(Op::kCall, std::vector<NodeId>(first, n.children.end()));
      step.run = m.run;
      return Push(step);
    }
    if (n.kind == NodeKind::kBinary) return Binary(n);
    if (n.kind == NodeKind::kMethod || n.kind == NodeKind::kCall) return Special(n, m);
    if (n.kind == NodeKind::kNot) return Push(WithOperands(Op::kNot, n.children));
    if (n.kind == NodeKind::kConditional) return Push(WithOperands(Op::kConditional, n.children));
    if (n.kind == NodeKind::kIndex) return Push(WithOperands(Op::kIndex, n.children));
    return Push(WithOperands(Op::kList, n.children));
  }

  bool IsMap(NodeId id) const { return of(id).type.has_parts() && !of(id).type.is_list(); }
  bool AnyOpen(const rule::Node& n) const {
    return std::any_of(n.children.begin(), n.children.end(),
                       [this](NodeId c) { return of(c).type.is_open(); });
  }

  // What no step is made for.
  bool IsRare(NodeId id) const {
    const rule::Node& n = tree(id);
    const Meaning& m = of(id);
    if (m.constant) return false;
    switch (n.kind) {
      case NodeKind::kMacro:
      case NodeKind::kMap:
      case NodeKind::kOptionalSelect:
      case NodeKind::kOptionalIndex:
      case NodeKind::kOptionalItem:
        return true;
      case NodeKind::kName:
      case NodeKind::kSelect:
      case NodeKind::kHas:
        return m.slot == kNoSlot && m.list == nullptr;
      case NodeKind::kIndex:
        return AnyOpen(n) || IsMap(n.children[0]);
      case NodeKind::kNegate:
        return m.run == nullptr;
      case NodeKind::kNot:
      case NodeKind::kConditional:
        return AnyOpen(n);
      case NodeKind::kList:
        return std::any_of(n.children.begin(), n.children.end(), [this](NodeId item) {
          return tree(item).kind == NodeKind::kOptionalItem;
        });
      case NodeKind::kBinary:
        return AnyOpen(n) || (n.op == TokenKind::kIn && IsMap(n.children[1])) ||
               (Precedence(n.op) > kRelationPrecedence && m.run == nullptr);
      case NodeKind::kMethod:
        if (n.text == "or" || n.text == "orValue") return true;
        [[fallthrough]];
      case NodeKind::kCall:
        return m.run == nullptr && m.pattern == nullptr && !m.calendar && m.slot == kNoSlot;
      default:
        return false;
    }
  }

  uint32_t Special(const rule::Node& n, const Meaning& m) {
    Step step = WithOperands(m.calendar ? Op::kCalendar : Op::kMatches, {n.children[0]});
    if (m.calendar) {
      step.part = static_cast<uint8_t>(m.part);
      step.zone = &m.zone;
    } else {
      step.pattern = m.pattern;
    }
    return Push(step);
  }

  uint32_t Binary(const rule::Node& n) {
    if (n.op == TokenKind::kAnd || n.op == TokenKind::kOr) {
      std::vector<NodeId> sides;
      Flatten(n, n.op, &sides);
      return Push(WithOperands(n.op == TokenKind::kAnd ? Op::kAnd : Op::kOr, sides));
    }
    if (n.op == TokenKind::kIn) return Membership(n);
    return Comparison(n.children[0], n.children[1], TestOf(n.op));
  }

  // a && (b && c) and (a && b) && c are one list of three.
  void Flatten(const rule::Node& n, TokenKind op, std::vector<NodeId>* sides) const {
    for (NodeId side : n.children) {
      const rule::Node& s = tree(side);
      if (s.kind == NodeKind::kBinary && s.op == op) {
        Flatten(s, op, sides);
      } else {
        sides->push_back(side);
      }
    }
  }

  bool IsField(NodeId id, TypeKind kind) const {
    return of(id).slot != kNoSlot && tree(id).kind != NodeKind::kHas && of(id).type.is(kind);
  }

  uint32_t Comparison(NodeId left, NodeId right, Test test) {
    if (of(left).constant && !of(right).constant) {
      std::swap(left, right);
      test = Mirrored(test);
    }
    Step step;
    if (Fused(left, right, test, &step)) return Push(step);
    const Type l = of(left).type;
    const Type r = of(right).type;
    Op op = Op::kTest;
    if (l.is(TypeKind::kInt) && r.is(TypeKind::kInt)) op = Op::kTestInt;
    if (l.is(TypeKind::kDouble) && r.is(TypeKind::kDouble)) op = Op::kTestDouble;
    step = WithOperands(op, {left, right});
    step.test = test;
    return Push(step);
  }

  // A field against a constant or another field.
  bool Fused(NodeId left, NodeId right, Test test, Step* step) const {
    const Meaning& l = of(left);
    const Meaning& r = of(right);
    step->test = test;
    step->slot = static_cast<uint16_t>(l.slot);
    step->kind = KindOf(l.type);
    step->constant = r.value;
    if (IsField(left, TypeKind::kInt) && r.constant && r.type.is(TypeKind::kInt)) {
      step->op = Op::kFieldTestInt;
    } else if (IsField(left, TypeKind::kDouble) && r.constant && r.type.is(TypeKind::kDouble)) {
      step->op = Op::kFieldTestDouble;
    } else if (IsField(left, TypeKind::kDouble) && r.constant && r.type.is(TypeKind::kInt)) {
      step->op = Op::kFieldTestDouble;
      step->constant = Value::Double(static_cast<double>(r.value.integer()));
    } else if (IsField(left, TypeKind::kString) && r.constant && OnlyEquality(test)) {
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

  uint32_t Membership(const rule::Node& n) {
    const NodeId item = n.children[0];
    const NodeId list = n.children[1];
    const Meaning& m = of(list);
    if (m.list != nullptr) return InStrings(item, NamedListSet(tree(list).text, *m.list));
    if (m.constant && m.type == kStringList) {
      auto set = std::make_unique<StringSet>(m.value.list().size());
      for (const Value& entry : m.value.list()) set->Add(entry.string());
      return InStrings(item, std::move(set));
    }
    if (m.constant && m.type == kIntList) {
      std::vector<int64_t> items;
      for (const Value& entry : m.value.list()) items.push_back(entry.integer());
      program_.int_sets.push_back(std::make_unique<IntSet>(std::move(items)));
      Step step = WithOperands(Op::kInInts, {item});
      step.ints = program_.int_sets.back().get();
      return Push(step);
    }
    return Push(WithOperands(Op::kInList, {item, list}));
  }

  // A list may have millions of entries, and many rules that look into it.
  std::shared_ptr<const StringSet> NamedListSet(const std::string& name,
                                                const std::vector<std::string>& entries) {
    std::shared_ptr<const StringSet> own;
    std::shared_ptr<const StringSet>& shared = list_sets_ == nullptr ? own : (*list_sets_)[name];
    if (shared == nullptr) {
      auto set = std::make_shared<StringSet>(entries.size());
      for (const std::string& entry : entries) set->Add(entry);
      shared = std::move(set);
    }
    return shared;
  }

  uint32_t InStrings(NodeId item, std::shared_ptr<const StringSet> set) {
    Step step = WithOperands(Op::kInStrings, {item});
    step.strings = set.get();
    program_.string_sets.push_back(std::move(set));
    return Push(step);
  }

  Program program_;
  SharedListSets* list_sets_;
};

}  // namespace

Program Lower(CheckedTree checked, SharedListSets* list_sets) {
  return Lowering(std::move(checked), list_sets).Run();
}

}  // namespace verdict::rule
