// The reference evaluator: what runs an expression for each item.
#include "rule/tagged_evaluation.h"

namespace verdict::rule {

Value TaggedEvaluation::RunMacro(const Node& node) {
  if (node.macro == Macro::kBind) return Bind(node);
  if (node.macro == Macro::kOptMap || node.macro == Macro::kOptFlatMap) return OptionalMap(node);
  const Value range = Run(node.children[0]);
  if (range.stops()) return range;
  switch (node.macro) {
    case Macro::kExists:
    case Macro::kAll:
      return Quantify(node, range);
    case Macro::kExistsOne:
      return ExactlyOne(node, range);
    case Macro::kFilter:
      return Filter(node, range);
    default:
      return Transform(node, range);
  }
}

Value TaggedEvaluation::Bind(const Node& node) {
  // What is missing or an error is so where the variable is read.
  const Value value = Run(node.children[1]);
  Variable(node.children[0]) = value;
  return Run(node.children[2]);
}

Value TaggedEvaluation::OptionalMap(const Node& node) {
  const Value optional = Run(node.children[0]);
  if (optional.stops()) return optional;
  if (optional.kind() != Kind::kOptional) return Value::Error(ErrorCode::kType);
  if (optional.held() == nullptr) return optional;
  Variable(node.children[1]) = *optional.held();
  const Value body = Run(node.children[2]);
  if (body.stops()) return body;
  if (node.macro == Macro::kOptMap) return arena_->Hold(body);
  return body.kind() == Kind::kOptional ? body : Value::Error(ErrorCode::kType);
}

template <typename Visit>
Value TaggedEvaluation::ForEach(const Node& node, const Value& range, Visit visit) {
  Value& variable = Variable(node.children[1]);
  if (range.kind() == Kind::kList) {
    for (const Value& item : range.list()) {
      variable = item;
      if (!visit(item)) break;
    }
    return Value::Null();
  }
  if (range.kind() != Kind::kMap) return Value::Error(ErrorCode::kType);
  for (const MapEntry& entry : range.map()) {
    variable = entry.key;
    if (!visit(entry.key)) break;
  }
  return Value::Null();
}

// `exists` is || over the items, `all` is &&.
Value TaggedEvaluation::Quantify(const Node& node, const Value& range) {
  const bool decisive = node.macro == Macro::kExists;
  Value result = Value::Bool(!decisive);
  const Value done = ForEach(
      node, range, [&](const Value&) { return !Absorb(Run(node.children[2]), decisive, &result); });
  return done.is_error() ? done : result;
}

Value TaggedEvaluation::ExactlyOne(const Node& node, const Value& range) {
  size_t found = 0;
  Value stopped = Value::Null();
  const Value done = ForEach(node, range, [&](const Value&) {
    Value v = Run(node.children[2]);
    if (!v.stops() && v.kind() != Kind::kBool) v = Value::Error(ErrorCode::kType);
    if (v.stops()) stopped = v;
    found += !v.stops() && v.boolean() ? 1 : 0;
    return !v.stops();
  });
  if (done.is_error()) return done;
  return stopped.stops() ? stopped : Value::Bool(found == 1);
}

Value TaggedEvaluation::Filter(const Node& node, const Value& range) {
  std::vector<Value> kept;
  Value stopped = Value::Null();
  const Value done = ForEach(node, range, [&](const Value& item) {
    Value v = Run(node.children[2]);
    if (!v.stops() && v.kind() != Kind::kBool) v = Value::Error(ErrorCode::kType);
    if (v.stops()) stopped = v;
    if (!v.stops() && v.boolean()) kept.push_back(item);
    return !v.stops();
  });
  if (done.is_error()) return done;
  return stopped.stops() ? stopped : arena_->CopyList(kept);
}

Value TaggedEvaluation::Transform(const Node& node, const Value& range) {
  const bool filtered = node.macro == Macro::kMapFiltered;
  std::vector<Value> made;
  Value stopped = Value::Null();
  const Value done = ForEach(node, range, [&](const Value&) {
    Value wanted = filtered ? Run(node.children[2]) : Value::Bool(true);
    if (!wanted.stops() && wanted.kind() != Kind::kBool) wanted = Value::Error(ErrorCode::kType);
    if (!wanted.stops() && !wanted.boolean()) return true;
    const Value v = wanted.stops() ? wanted : Run(node.children[filtered ? 3 : 2]);
    if (v.stops()) stopped = v;
    made.push_back(v);
    return !v.stops();
  });
  if (done.is_error()) return done;
  return stopped.stops() ? stopped : arena_->CopyList(made);
}

}  // namespace verdict::rule
