// Checked tree to program: operands laid out flat.
#include <utility>

#include "rule/lowering.h"

namespace verdict::rule {
namespace {

// What a value of the type is at its outside; kMissing where that is not known.
Kind KnownKind(Type type) { return type.is_open() ? Kind::kMissing : KindOf(type); }

}  // namespace

Program Lower(CheckedTree checked) { return Lowering(std::move(checked)).Run(); }

Program Lowering::Run() {
  program_.root = Node(program_.checked.tree.root);
  return std::move(program_);
}

uint32_t Lowering::Push(Step step, Kind yields) {
  program_.steps.push_back(step);
  yields_.push_back(yields);
  return static_cast<uint32_t>(program_.steps.size() - 1);
}

Step Lowering::With(Op op, const std::vector<uint32_t>& steps) {
  Step step;
  step.op = op;
  step.first_operand = static_cast<uint32_t>(program_.operands.size());
  step.operands = static_cast<uint32_t>(steps.size());
  program_.operands.insert(program_.operands.end(), steps.begin(), steps.end());
  return step;
}

uint32_t Lowering::Expect(uint32_t index, Kind kind) {
  if (kind == Kind::kMissing || yields_[index] == kind) return index;
  Step step = With(Op::kExpect, {index});
  step.kind = kind;
  return Push(step, kind);
}

std::vector<uint32_t> Lowering::Nodes(std::span<const NodeId> ids, Kind kind) {
  std::vector<uint32_t> steps;
  steps.reserve(ids.size());
  for (NodeId id : ids) steps.push_back(Node(id, kind));
  return steps;
}

uint32_t Lowering::Constant(Value v) {
  Step step;
  step.constant = v;
  return Push(step, v.kind());
}

uint32_t Lowering::Node(NodeId id) {
  const rule::Node& n = tree(id);
  const Meaning& m = of(id);
  if (m.constant) return Constant(m.value);
  if (m.slot != kNoSlot) return Slot(n, m);
  switch (n.kind) {
    case NodeKind::kName:
      return Name(m);
    case NodeKind::kSelect:
      return m.names_type ? Name(m) : OfField(Op::kFieldOf, n, Kind::kMissing);
    case NodeKind::kHas:
      return OfField(Op::kHasField, tree(n.children[0]), Kind::kBool);
    case NodeKind::kOptionalSelect:
      return Push(With(Op::kOptionalPart, {Node(n.children[0]), Constant(Value::String(n.text))}),
                  Kind::kOptional);
    case NodeKind::kIndex:
      return Push(With(Op::kPart, Nodes(n.children)));
    case NodeKind::kOptionalIndex:
      return Push(With(Op::kOptionalPart, Nodes(n.children)), Kind::kOptional);
    case NodeKind::kList:
      return Push(With(Op::kList, Nodes(n.children)), Kind::kList);
    case NodeKind::kMap:
      return Push(With(Op::kMap, Nodes(n.children)), Kind::kMap);
    case NodeKind::kOptionalItem:
      return Push(With(Op::kOptionalItem, {Node(n.children[0], Kind::kOptional)}));
    case NodeKind::kNot:
      return Push(With(Op::kNot, {Node(n.children[0], Kind::kBool)}), Kind::kBool);
    case NodeKind::kConditional:
      return Conditional(n);
    case NodeKind::kBinary:
      return Binary(n, m);
    case NodeKind::kNegate:
    case NodeKind::kCall:
    case NodeKind::kMethod:
      return Call(n, m);
    case NodeKind::kMacro:
      return MacroStep(n);
    case NodeKind::kNull:
    case NodeKind::kBool:
    case NodeKind::kInt:
    case NodeKind::kUint:
    case NodeKind::kDouble:
    case NodeKind::kString:
    case NodeKind::kBytes:
      break;  // constants
  }
  return Constant(Value::Error(ErrorCode::kType));
}

uint32_t Lowering::Slot(const rule::Node& n, const Meaning& m) {
  Step step;
  step.slot = static_cast<uint16_t>(m.slot);
  if (n.kind == NodeKind::kHas) {
    step.op = Op::kHas;
    return Push(step, Kind::kBool);
  }
  const bool optional = n.kind == NodeKind::kOptionalSelect;
  step.kind = KnownKind(optional ? m.type.element() : m.type);
  step.op =
      optional ? Op::kOptionalField : (step.kind == Kind::kMissing ? Op::kAnyField : Op::kField);
  return Push(step, optional ? Kind::kOptional : step.kind);
}

uint32_t Lowering::Name(const Meaning& m) {
  if (m.local != kNoSlot) {
    Step step;
    step.op = Op::kLocal;
    step.slot = static_cast<uint16_t>(m.local);
    return Push(step);
  }
  return Constant(m.names_type ? TypeValue(*m.names_type) : Value::Error(ErrorCode::kUnbound));
}

uint32_t Lowering::OfField(Op op, const rule::Node& select, Kind yields) {
  Step step = With(op, {Node(select.children[0])});
  step.constant = Value::String(select.text);
  return Push(step, yields);
}

uint32_t Lowering::Conditional(const rule::Node& n) {
  const uint32_t condition = Node(n.children[0], Kind::kBool);
  const uint32_t then = Node(n.children[1]);
  const uint32_t otherwise = Node(n.children[2]);
  const Kind both = yields_[then] == yields_[otherwise] ? yields_[then] : Kind::kMissing;
  return Push(With(Op::kConditional, {condition, then, otherwise}), both);
}

uint32_t Lowering::Call(const rule::Node& n, const Meaning& m) {
  if (m.calendar || m.pattern != nullptr) return Special(n, m);
  if (m.list != nullptr) return AskList(*m.list, n.children[1]);
  std::span<const NodeId> arguments = n.children;
  if (m.qualified) arguments = arguments.subspan(1);
  const bool or_else = n.kind == NodeKind::kMethod && (n.text == "or" || n.text == "orValue");
  if (or_else && arguments.size() == 2 && !m.qualified) return OrElse(n);
  if (m.overload != nullptr) return Settled(*m.overload, arguments);
  Step step = With(Op::kDispatch, Nodes(arguments));
  step.candidates = &m.candidates;
  return Push(step);
}

uint32_t Lowering::Settled(const Overload& overload, std::span<const NodeId> arguments) {
  std::vector<uint32_t> steps;
  for (size_t i = 0; i < arguments.size(); ++i) {
    steps.push_back(Node(arguments[i], KnownKind(overload.parameter(i))));
  }
  Step step = With(Op::kCall, steps);
  step.run = overload.run;
  return Push(step, KnownKind(overload.result));
}

uint32_t Lowering::OrElse(const rule::Node& n) {
  const bool value = n.text == "orValue";
  const uint32_t optional = Node(n.children[0], Kind::kOptional);
  const uint32_t other = Node(n.children[1], value ? Kind::kMissing : Kind::kOptional);
  Step step = With(Op::kOrElse, {optional, other});
  step.part = value ? 1 : 0;
  return Push(step, value ? Kind::kMissing : Kind::kOptional);
}

uint32_t Lowering::MacroStep(const rule::Node& n) {
  const bool bind = n.macro == Macro::kBind;
  const bool of_optional = n.macro == Macro::kOptMap || n.macro == Macro::kOptFlatMap;
  const Kind range = of_optional ? Kind::kOptional : Kind::kMissing;
  std::vector<uint32_t> steps = {Node(n.children[bind ? 1 : 0], range),
                                 Node(n.children[2], KindOfBody(n.macro))};
  if (n.macro == Macro::kMapFiltered) steps.push_back(Node(n.children[3]));
  const Kind yields = bind ? yields_[steps[1]] : KindOfMacro(n.macro);
  Step step = With(Op::kMacro, steps);
  step.part = static_cast<uint8_t>(n.macro);
  step.slot = static_cast<uint16_t>(of(n.children[bind ? 0 : 1]).local);
  return Push(step, yields);
}

Kind Lowering::KindOfBody(Macro macro) {
  switch (macro) {
    case Macro::kMap:
    case Macro::kBind:
    case Macro::kOptMap:
      return Kind::kMissing;
    case Macro::kOptFlatMap:
      return Kind::kOptional;
    default:
      return Kind::kBool;
  }
}

Kind Lowering::KindOfMacro(Macro macro) {
  switch (macro) {
    case Macro::kMap:
    case Macro::kMapFiltered:
    case Macro::kFilter:
      return Kind::kList;
    case Macro::kOptMap:
    case Macro::kOptFlatMap:
      return Kind::kOptional;
    default:
      return Kind::kBool;
  }
}

uint32_t Lowering::Special(const rule::Node& n, const Meaning& m) {
  Step step;
  if (m.calendar) {
    step = With(Op::kCalendar, {Node(n.children[0], Kind::kTimestamp)});
    step.part = static_cast<uint8_t>(m.part);
    step.zone = &m.zone;
    return Push(step, Kind::kInt);
  }
  step = With(Op::kMatches, {Node(n.children[0], Kind::kString)});
  step.pattern = m.pattern;
  return Push(step, Kind::kBool);
}

}  // namespace verdict::rule
