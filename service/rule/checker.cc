// Types and meanings of the nodes of a tree.
#include "rule/checker.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_format.h"

namespace verdict::rule {

CheckedTree Check(Tree tree, const CompileOptions& options, Findings* findings) {
  CheckedTree checked;
  checked.tree = std::move(tree);
  checked.meanings.resize(checked.tree.nodes.size());
  checked.schema = options.schema;
  Checker(&checked, options, findings).Run();
  return checked;
}

Checker::Checker(CheckedTree* checked, const CompileOptions& options, Findings* findings)
    : checked_(checked), options_(options), findings_(findings) {}

void Checker::Run() {
  Visit(checked_->tree.root);
  CheckResult();
}

Finding* Checker::Error(std::string_view code, Span span, std::string message, std::string label) {
  findings_->push_back(
      {.code = code, .span = span, .message = std::move(message), .label = std::move(label)});
  return &findings_->back();
}

void Checker::CheckResult() {
  const NodeId root = checked_->tree.root;
  const Type found = type(root);
  if (found.unknown()) return;
  FieldType as_field;
  if (!options_.check_result) {
    if (ToFieldType(found, &as_field)) return;
    Error("R203", node(root).span,
          absl::StrFormat("an expression cannot yield %s", TypeName(found)),
          "convert it, as `int(..)` or `string(..)`");
    return;
  }
  const Type wanted = TypeOf(options_.result);
  if (Fits(found, wanted)) return;
  if (options_.result == FieldType::kBool) {
    Error("R203", node(root).span,
          absl::StrFormat("a condition must be true or false, this is %s", TypeName(found)),
          found.numeric() ? "compare it, as `.. > 500`" : "compare it, as `.. == 'x'`");
    return;
  }
  Error("R203", node(root).span,
        absl::StrFormat("this must yield %s, but it is %s", TypeName(wanted), TypeName(found)),
        absl::StrFormat("make a %s of it", TypeName(wanted)));
}

Type Checker::Visit(NodeId id) {
  const Type found = VisitKind(id);
  meaning(id).type = found;
  return found;
}

// One kind a case.
Type Checker::VisitKind(NodeId id) {
  switch (node(id).kind) {
    case NodeKind::kNull:
      return Literal(id, Scalar::kNull);
    case NodeKind::kBool:
      return Literal(id, Scalar::kBool);
    case NodeKind::kInt:
      return Literal(id, Scalar::kInt);
    case NodeKind::kUint:
      return Literal(id, Scalar::kUint);
    case NodeKind::kDouble:
      return Literal(id, Scalar::kDouble);
    case NodeKind::kString:
      return Literal(id, Scalar::kString);
    case NodeKind::kBytes:
      return Literal(id, Scalar::kBytes);
    case NodeKind::kName:
      return Name(id);
    case NodeKind::kSelect:
      return Select(id);
    case NodeKind::kHas:
      return Has(id);
    case NodeKind::kIndex:
      return Index(id);
    case NodeKind::kCall:
    case NodeKind::kMethod:
      return Call(id);
    case NodeKind::kList:
      return ListLiteral(id);
    case NodeKind::kMap:
      Error("R106", node(id).span, "maps are not part of the rule language yet",
            "choose by `condition ? value : other value`, or test with `in` and a list");
      return {};
    case NodeKind::kNot:
      return Not(id);
    case NodeKind::kNegate:
      return Negate(id);
    case NodeKind::kBinary:
      return Binary(id);
    case NodeKind::kConditional:
      return Conditional(id);
  }
  return {};
}

Type Checker::Literal(NodeId id, Scalar scalar) {
  const Node& n = node(id);
  Meaning& m = meaning(id);
  m.constant = true;
  if (scalar == Scalar::kNull) m.value = Value::Null();
  if (scalar == Scalar::kBool) m.value = Value::Bool(n.number != 0);
  if (scalar == Scalar::kInt) m.value = Value::Int(static_cast<int64_t>(n.number));
  if (scalar == Scalar::kUint) m.value = Value::Uint(n.number);
  if (scalar == Scalar::kDouble) m.value = Value::Double(n.real);
  if (scalar == Scalar::kString) m.value = Value::String(n.text);
  if (scalar == Scalar::kBytes) m.value = Value::Bytes(n.text);
  return {scalar};
}

Type Checker::ListLiteral(NodeId id) {
  const std::vector<NodeId>& items = node(id).children;
  Type element{Scalar::kAny};
  bool constant = true;
  bool mixed = false;
  bool numeric = true;
  for (NodeId item : items) {
    const Type found = Visit(item);
    if (found.unknown()) return {};
    constant = constant && meaning(item).constant;
    numeric = numeric && found.numeric();
    if (!Fits(element, found)) mixed = true;
    if (element.scalar == Scalar::kAny) element = found;
  }
  if (mixed && numeric) {
    Finding* finding = Error("R211", node(id).span,
                             "a list needs items of one type, this one mixes numbers of two",
                             "make all of them double");
    for (NodeId item : items) ConvertEdits(item, {Scalar::kDouble}, &finding->edits);
    finding->fix_label = "write `.0` after whole numbers";
    return {};
  }
  if (mixed) {
    Error("R205", node(id).span, "a list needs items of one type",
          "put numbers and texts into lists of their own");
    return {};
  }
  if (constant) {
    std::vector<Value> values;
    values.reserve(items.size());
    for (NodeId item : items) values.push_back(meaning(item).value);
    meaning(id).constant = true;
    meaning(id).value = checked_->constants->CopyList(values);
  }
  return element.list_of();
}

Type Checker::Index(NodeId id) {
  const NodeId list = node(id).children[0];
  const NodeId index = node(id).children[1];
  const Type list_type = Visit(list);
  const Type index_type = Visit(index);
  if (list_type.unknown()) return {};
  if (!list_type.is_list()) {
    Error("R201", node(id).mark,
          absl::StrFormat("`[ ]` takes an item of a list, this is %s", TypeName(list_type)),
          list_type.is(Scalar::kString) ? "test texts by `startsWith`, `contains` or `matches`"
                                        : "it has no items");
    return {};
  }
  if (!index_type.unknown() && !index_type.is(Scalar::kInt)) {
    Error("R201", node(index).span,
          absl::StrFormat("the place in a list is an int, this is %s", TypeName(index_type)),
          "the first item is `[0]`");
  }
  return list_type.element();
}

Type Checker::Not(NodeId id) {
  const NodeId operand = node(id).children[0];
  const Type found = Visit(operand);
  if (Fits(found, {Scalar::kBool})) return {Scalar::kBool};
  std::string label = "put parentheses around a comparison, as `!(a == b)`";
  if (node(operand).kind == NodeKind::kSelect) {
    label += absl::StrFormat("; to ask whether it is absent, write `!has(%s)`", text(operand));
  }
  Error("R201", node(operand).span,
        absl::StrFormat("`!` denies a condition (bool), this is %s", TypeName(found)), label);
  return {};
}

Type Checker::Conditional(NodeId id) {
  const std::vector<NodeId>& parts = node(id).children;
  const Type condition = Visit(parts[0]);
  const Type then = Visit(parts[1]);
  const Type otherwise = Visit(parts[2]);
  if (!Fits(condition, {Scalar::kBool})) {
    Error("R201", node(parts[0]).span,
          absl::StrFormat("before `?` stands a condition (bool), this is %s", TypeName(condition)),
          "compare it with something");
  }
  if (then.unknown() || otherwise.unknown()) return {};
  if (MixedNumbers(id, parts[1], parts[2], then, otherwise)) return {};
  if (!Fits(then, otherwise)) {
    Error("R201", node(id).mark,
          absl::StrFormat("`?:` needs one type on both sides of `:`, found %s and %s",
                          TypeName(then), TypeName(otherwise)),
          "convert one of them");
    return {};
  }
  return then.scalar == Scalar::kAny ? otherwise : then;
}

std::vector<uint16_t> SlotsOf(const CheckedTree& checked) {
  std::vector<uint16_t> slots;
  for (const Meaning& m : checked.meanings) {
    if (m.slot != kNoSlot) slots.push_back(static_cast<uint16_t>(m.slot));
  }
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

}  // namespace verdict::rule
