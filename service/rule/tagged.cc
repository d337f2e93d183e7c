// The reference evaluator: one function a kind of node.
//
// Invariants:
// 1. && and || follow the symmetric tables: false (true) wins, else error, else missing, else the
// neutral value.
// 2. Any other node stops at its leftmost missing or error operand and yields that.
#include "rule/tagged.h"

#include <algorithm>

#include "rule/parts.h"
#include "rule/tagged_evaluation.h"

namespace verdict::rule {

Value RunTagged(const CheckedTree& tree, std::span<const Value> slots, EvaluationArena* arena) {
  return TaggedEvaluation(tree, slots, arena).Run(tree.tree.root);
}

TaggedEvaluation::TaggedEvaluation(const CheckedTree& checked, std::span<const Value> slots,
                                   EvaluationArena* arena)
    : checked_(checked), slots_(slots), arena_(arena), locals_(checked.locals) {}

// One kind a case.
Value TaggedEvaluation::Run(NodeId id) {
  const Node& node = checked_.tree.at(id);
  switch (node.kind) {
    case NodeKind::kNull:
      return Value::Null();
    case NodeKind::kBool:
      return Value::Bool(node.number != 0);
    case NodeKind::kInt:
      return Value::Int(static_cast<int64_t>(node.number));
    case NodeKind::kUint:
      return Value::Uint(node.number);
    case NodeKind::kDouble:
      return Value::Double(node.real);
    case NodeKind::kString:
      return Value::String(node.text);
    case NodeKind::kBytes:
      return Value::Bytes(node.text);
    case NodeKind::kName:
      return Named(id);
    case NodeKind::kSelect:
      return Select(id);
    case NodeKind::kOptionalSelect:
      return OptionalSelect(id);
    case NodeKind::kHas:
      return Has(id);
    case NodeKind::kIndex:
    case NodeKind::kOptionalIndex:
      return Index(node);
    case NodeKind::kCall:
    case NodeKind::kMethod:
      return Call(id);
    case NodeKind::kList:
      return List(node);
    case NodeKind::kMap:
      return Map(node);
    case NodeKind::kNot:
      return Not(node);
    case NodeKind::kNegate:
      return Dispatch(checked_.of(id).candidates, node.children);
    case NodeKind::kBinary:
      return Binary(id);
    case NodeKind::kConditional:
      return Conditional(node);
    case NodeKind::kMacro:
      return RunMacro(node);
    case NodeKind::kOptionalItem:
      break;  // List and Map look into it
  }
  return Value::Error(ErrorCode::kType);
}

Value TaggedEvaluation::Named(NodeId id) {
  const Meaning& meaning = checked_.of(id);
  if (meaning.local != kNoSlot) return locals_[static_cast<size_t>(meaning.local)];
  if (meaning.slot != kNoSlot) {
    const Value& v = slots_[static_cast<size_t>(meaning.slot)];
    if (v.is_missing()) return Value::Missing(static_cast<uint16_t>(meaning.slot));
    const bool optional = checked_.tree.at(id).kind == NodeKind::kOptionalSelect;
    const Type type = optional && meaning.type.has_parts() ? meaning.type.element() : meaning.type;
    return v.is_error() || MayHave(type, v) ? v : Value::Error(ErrorCode::kType);
  }
  if (meaning.names_type.has_value()) return TypeValue(*meaning.names_type);
  return Value::Error(ErrorCode::kUnbound);
}

bool TaggedEvaluation::IsName(NodeId id) const {
  const Meaning& meaning = checked_.of(id);
  return meaning.slot != kNoSlot || meaning.names_type.has_value();
}

Value TaggedEvaluation::Select(NodeId id) {
  if (IsName(id)) return Named(id);
  const Node& node = checked_.tree.at(id);
  const Value object = Run(node.children[0]);
  return object.stops() ? object : FieldOf(object, Value::String(node.text), arena_);
}

Value TaggedEvaluation::OptionalSelect(NodeId id) {
  const Node& node = checked_.tree.at(id);
  if (checked_.of(id).slot != kNoSlot) {
    const Value v = Named(id);
    return v.is_missing() ? Value::Optional(nullptr) : v.is_error() ? v : arena_->Hold(v);
  }
  const Value object = Run(node.children[0]);
  return object.stops() ? object : OptionalPartOf(object, Value::String(node.text), arena_);
}

Value TaggedEvaluation::Index(const Node& node) {
  const Value object = Run(node.children[0]);
  if (object.stops()) return object;
  const Value key = Run(node.children[1]);
  if (key.stops()) return key;
  return node.kind == NodeKind::kOptionalIndex ? OptionalPartOf(object, key, arena_)
                                               : PartOf(object, key, arena_);
}

Value TaggedEvaluation::Has(NodeId id) {
  const NodeId select = checked_.tree.at(id).children[0];
  for (NodeId named : {id, select}) {
    const int32_t slot = checked_.of(named).slot;
    if (slot != kNoSlot) return Value::Bool(!slots_[static_cast<size_t>(slot)].is_missing());
  }
  const Node& node = checked_.tree.at(select);
  const Value object = Run(node.children[0]);
  return object.stops() ? object : HasField(object, Value::String(node.text), arena_);
}

Value TaggedEvaluation::Not(const Node& node) {
  const Value v = Run(node.children[0]);
  if (v.stops()) return v;
  return v.kind() == Kind::kBool ? Value::Bool(!v.boolean()) : Value::Error(ErrorCode::kType);
}

Value TaggedEvaluation::Conditional(const Node& node) {
  const Value v = Run(node.children[0]);
  if (v.stops()) return v;
  if (v.kind() != Kind::kBool) return Value::Error(ErrorCode::kType);
  return Run(node.children[v.boolean() ? 1 : 2]);
}

Value TaggedEvaluation::Binary(NodeId id) {
  const Node& node = checked_.tree.at(id);
  if (node.op == TokenKind::kAnd || node.op == TokenKind::kOr) {
    const bool decisive = node.op == TokenKind::kOr;
    Value result = Value::Bool(!decisive);
    for (NodeId side : node.children) {
      if (Absorb(Run(side), decisive, &result)) break;
    }
    return result;
  }
  if (Precedence(node.op) != kRelationPrecedence) {
    return Dispatch(checked_.of(id).candidates, node.children);
  }
  const NamedList* list = checked_.of(node.children[1]).list;
  if (list != nullptr) return OfList(*list, node.children[0]);
  const Value a = Run(node.children[0]);
  if (a.stops()) return a;
  const Value b = Run(node.children[1]);
  if (b.stops()) return b;
  return node.op == TokenKind::kIn ? Contains(a, b) : CompareValues(TestOf(node.op), a, b);
}

// Entries may expire, by the payment's own time.
Value TaggedEvaluation::OfList(const NamedList& list, NodeId asked) {
  const Value v = Run(asked);
  if (v.stops() || !list.expires()) return v.stops() ? v : AskList(list, v, 0);
  const Value& time = slots_[kTxnTime];
  if (time.is_missing()) return Value::Missing(kTxnTime);
  if (time.kind() != Kind::kTimestamp)
    return time.is_error() ? time : Value::Error(ErrorCode::kType);
  return AskList(list, v, time.integer());
}

// One operand more of && (decisive false) or || (decisive true); true where it decides.
bool TaggedEvaluation::Absorb(Value v, bool decisive, Value* result) {
  if (!v.stops() && v.kind() != Kind::kBool) v = Value::Error(ErrorCode::kType);
  const bool decides = v.kind() == Kind::kBool && v.boolean() == decisive;
  const bool worse = v.is_error() ? !result->is_error() : v.is_missing() && !result->stops();
  if (decides || worse) *result = v;
  return decides;
}

Value TaggedEvaluation::List(const Node& node) {
  std::vector<Value> items;
  for (NodeId child : node.children) {
    const bool optional = checked_.tree.at(child).kind == NodeKind::kOptionalItem;
    Value v = Run(optional ? checked_.tree.at(child).children[0] : child);
    if (v.stops()) return v;
    if (optional) {
      if (v.kind() != Kind::kOptional) return Value::Error(ErrorCode::kType);
      if (v.held() == nullptr) continue;
      v = *v.held();
    }
    items.push_back(v);
  }
  return arena_->CopyList(items);
}

Value TaggedEvaluation::Map(const Node& node) {
  std::vector<MapEntry> entries;
  for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
    const Value key = Run(node.children[i]);
    if (key.stops()) return key;
    const NodeId child = node.children[i + 1];
    const bool optional = checked_.tree.at(child).kind == NodeKind::kOptionalItem;
    Value v = Run(optional ? checked_.tree.at(child).children[0] : child);
    if (v.stops()) return v;
    if (!IsKey(key) || (optional && v.kind() != Kind::kOptional)) {
      return Value::Error(ErrorCode::kType);
    }
    if (optional && v.held() == nullptr) continue;
    if (optional) v = *v.held();
    if (FindKey(Value::Map(entries), key) != nullptr) return Value::Error(ErrorCode::kRepeatedKey);
    entries.push_back({key, v});
  }
  return arena_->CopyMap(entries);
}

Value TaggedEvaluation::Call(NodeId id) {
  const Node& node = checked_.tree.at(id);
  const Meaning& meaning = checked_.of(id);
  if (meaning.slot != kNoSlot) return Named(id);  // age(f), provenance(f)
  if (meaning.list != nullptr) return OfList(*meaning.list, node.children[1]);
  std::span<const NodeId> arguments = node.children;
  if (meaning.qualified) arguments = arguments.subspan(1);
  if (node.kind == NodeKind::kMethod && (node.text == "or" || node.text == "orValue")) {
    const Value target = Run(node.children[0]);
    const bool decides = target.kind() == Kind::kOptional && target.held() != nullptr;
    if (target.stops()) return target;
    if (decides && arguments.size() == 2) return node.text == "or" ? target : *target.held();
  }
  return Dispatch(meaning.candidates, arguments);
}

// The overload that takes the kinds of these arguments.
Value TaggedEvaluation::Dispatch(std::span<const Overload> candidates,
                                 std::span<const NodeId> arguments) {
  std::vector<Value> values;
  for (NodeId argument : arguments) {
    values.push_back(Run(argument));
    if (values.back().stops()) return values.back();
  }
  for (const Overload& one : candidates) {
    if (!one.Takes(values)) continue;
    return one.run(values, arena_);
  }
  return Value::Error(candidates.empty() ? ErrorCode::kUnbound : ErrorCode::kType);
}

}  // namespace verdict::rule
