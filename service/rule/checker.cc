// Types and meanings of the nodes of a tree.
#include "rule/checker.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_format.h"

namespace verdict::rule {
namespace {

// The fields of a schema by their full names.
class SchemaNames : public Names {
 public:
  explicit SchemaNames(const Schema& schema) : schema_(schema) {}
  std::optional<uint16_t> FindVariable(std::string_view name) const override {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const Field* field = schema_.Find(name.substr(0, dot), name.substr(dot + 1));
    return field == nullptr ? std::nullopt : std::optional<uint16_t>(field->slot);
  }
  bool types_are_values() const override { return false; }

 private:
  const Schema& schema_;
};

}  // namespace

CheckedTree Check(Tree tree, const CompileOptions& options, Findings* findings) {
  CheckedTree checked;
  checked.tree = std::move(tree);
  checked.meanings.resize(checked.tree.nodes.size());
  checked.schema = options.schema;
  Link(SchemaNames(*options.schema), &checked);
  Checker(&checked, options, /*environment=*/nullptr, findings).Run();
  return checked;
}

Checker::Checker(CheckedTree* checked, const CompileOptions& options,
                 const CelEnvironment* environment, Findings* findings)
    : checked_(checked),
      options_(options),
      environment_(environment),
      findings_(findings),
      types_(checked->types.get()) {}

void Checker::Run() {
  Visit(checked_->tree.root);
  CheckResult();
  for (Meaning& meaning : checked_->meanings) meaning.type = types_.Finish(meaning.type);
  if (!cel()) CheckOpenTypes();
}

Finding* Checker::Error(std::string_view code, Span span, std::string message, std::string label) {
  findings_->push_back(
      {.code = code, .span = span, .message = std::move(message), .label = std::move(label)});
  return &findings_->back();
}

void Checker::CheckResult() {
  if (cel()) return;
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

bool Checker::AnyOpen(Type type) const {
  type = types_.Resolve(type);
  if (type.is_open() || !type.has_parts()) return type.is_open();
  return AnyOpen(type.element()) || (type.is(TypeKind::kMap) && AnyOpen(type.value()));
}

bool Checker::HoldsNull(Type type) const {
  type = types_.Resolve(type);
  if (type.is_open() || !type.has_parts()) return type.is(TypeKind::kNull);
  return HoldsNull(type.element()) || (type.is(TypeKind::kMap) && HoldsNull(type.value()));
}

// A rule's types are known before it runs, and none of its values is null.
void Checker::CheckOpenTypes() {
  if (HasErrors(*findings_)) return;
  for (NodeId id = 0; id < checked_->meanings.size(); ++id) {
    if (node(id).kind == NodeKind::kNull) {
      Error("R201", node(id).span, "a field is present or absent, it is never null",
            "ask by `has(..)`, or write `optional.none()`");
      return;
    }
    const Type found = meaning(id).type;
    if (found.unknown() || !AnyOpen(found)) continue;
    Error("R205", node(id).span, "what this holds has no type, since nothing stands in it",
          "put something in, or compare it with what has a type");
    return;
  }
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
      return Literal(id, TypeKind::kNull);
    case NodeKind::kBool:
      return Literal(id, TypeKind::kBool);
    case NodeKind::kInt:
      return Literal(id, TypeKind::kInt);
    case NodeKind::kUint:
      return Literal(id, TypeKind::kUint);
    case NodeKind::kDouble:
      return Literal(id, TypeKind::kDouble);
    case NodeKind::kString:
      return Literal(id, TypeKind::kString);
    case NodeKind::kBytes:
      return Literal(id, TypeKind::kBytes);
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
      return MapLiteral(id);
    case NodeKind::kNot:
      return Not(id);
    case NodeKind::kNegate:
      return Negate(id);
    case NodeKind::kBinary:
      return Binary(id);
    case NodeKind::kConditional:
      return Conditional(id);
    case NodeKind::kMacro:
      return MacroCall(id);
    case NodeKind::kOptionalSelect:
      return OptionalSelect(id);
    case NodeKind::kOptionalIndex:
      return OptionalIndex(id);
    case NodeKind::kOptionalItem:
      return Item(id);
  }
  return {};
}

Type Checker::Literal(NodeId id, TypeKind kind) {
  const Node& n = node(id);
  Meaning& m = meaning(id);
  m.constant = true;
  if (kind == TypeKind::kNull) m.value = Value::Null();
  if (kind == TypeKind::kBool) m.value = Value::Bool(n.number != 0);
  if (kind == TypeKind::kInt) m.value = Value::Int(static_cast<int64_t>(n.number));
  if (kind == TypeKind::kUint) m.value = Value::Uint(n.number);
  if (kind == TypeKind::kDouble) m.value = Value::Double(n.real);
  if (kind == TypeKind::kString) m.value = Value::String(n.text);
  if (kind == TypeKind::kBytes) m.value = Value::Bytes(n.text);
  return kind;
}

Type Checker::ListLiteral(NodeId id) {
  const std::vector<NodeId>& items = node(id).children;
  Type element = types_.Fresh();
  bool constant = true;
  bool mixed = false;
  bool numeric = true;
  for (NodeId item : items) {
    const Type found = Item(item);
    if (found.unknown()) return {};
    constant = constant && node(item).kind != NodeKind::kOptionalItem;
    constant = constant && meaning(item).constant;
    numeric = numeric && found.numeric();
    if (!Join(&element, found)) mixed = true;
  }
  if (mixed && numeric) {
    Finding* finding = Error("R211", node(id).span,
                             "a list needs items of one type, this one mixes numbers of two",
                             "make all of them double");
    for (NodeId item : items) ConvertEdits(item, {TypeKind::kDouble}, &finding->edits);
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
  return checked_->types->List(types_.Resolve(element));
}

Type Checker::Not(NodeId id) {
  const NodeId operand = node(id).children[0];
  const Type found = Visit(operand);
  if (Fits(found, {TypeKind::kBool})) return {TypeKind::kBool};
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
  if (!Fits(condition, {TypeKind::kBool})) {
    Error("R201", node(parts[0]).span,
          absl::StrFormat("before `?` stands a condition (bool), this is %s", TypeName(condition)),
          "compare it with something");
  }
  if (then.unknown() || otherwise.unknown()) return {};
  if (!cel() && MixedNumbers(id, parts[1], parts[2], then, otherwise)) return {};
  Type both = then;
  if (!Join(&both, otherwise)) {
    Error("R201", node(id).mark,
          absl::StrFormat("`?:` needs one type on both sides of `:`, found %s and %s",
                          TypeName(then), TypeName(otherwise)),
          "convert one of them");
    return {};
  }
  return both;
}

std::vector<uint16_t> SlotsOf(const CheckedTree& checked) {
  std::vector<uint16_t> slots;
  for (const Meaning& m : checked.meanings) {
    if (m.slot != kNoSlot) slots.push_back(static_cast<uint16_t>(m.slot));
    if (m.list != nullptr && m.list->expires()) slots.push_back(kTxnTime);
  }
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

}  // namespace verdict::rule
