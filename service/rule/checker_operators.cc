// Operators: one type on both sides, but for the order of numbers.
#include "absl/strings/str_format.h"
#include "rule/checker.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

// Beyond it neighbouring ints share one double.
constexpr int64_t kExactDoubleLimit = int64_t{1} << 53;

bool IsOrder(TokenKind op) {
  return op == TokenKind::kLess || op == TokenKind::kLessEqual || op == TokenKind::kGreater ||
         op == TokenKind::kGreaterEqual;
}

bool HasOrder(Type type) {
  return !type.has_parts() && !type.is(TypeKind::kNull) && !type.is(TypeKind::kIp) &&
         !type.is(TypeKind::kCidr);
}

}  // namespace

Type Checker::Binary(NodeId id) {
  const TokenKind op = node(id).op;
  if (op == TokenKind::kAnd || op == TokenKind::kOr) return Logic(id);
  if (op == TokenKind::kIn) return Membership(id);
  return Precedence(op) == kRelationPrecedence ? Comparison(id) : Arithmetic(id);
}

Type Checker::Logic(NodeId id) {
  for (NodeId side : node(id).children) {
    const Type found = Visit(side);
    if (Fits(found, {TypeKind::kBool})) continue;
    Error("R201", node(side).span,
          absl::StrFormat("`%s` joins conditions (bool), this is %s", OperatorText(node(id).op),
                          TypeName(found)),
          node(side).kind == NodeKind::kSelect ? "compare it, or ask `has(..)`"
                                               : "compare it with something");
  }
  return {TypeKind::kBool};
}

Type Checker::Comparison(NodeId id) {
  const NodeId left = node(id).children[0];
  const NodeId right = node(id).children[1];
  const TokenKind op = node(id).op;
  const Type left_type = Visit(left);
  const Type right_type = Visit(right);
  const Type result{TypeKind::kBool};
  if (left_type.unknown() || right_type.unknown()) return result;
  const bool null = left_type.is(TypeKind::kNull) || right_type.is(TypeKind::kNull);
  if (cel() && null && !IsOrder(op)) return result;
  if (null && !cel()) {
    const NodeId other = left_type.is(TypeKind::kNull) ? right : left;
    const bool field = node(other).kind == NodeKind::kSelect;
    const std::string ask = (op == TokenKind::kEqual ? "!has(" : "has(") + text(other) + ")";
    Finding* finding = Error("R201", node(id).mark,
                             "a field is present or absent, it is never null", "ask by `has(..)`");
    if (field) finding->edits = {{node(id).span, ask}};
    if (field) finding->fix_label = absl::StrFormat("write `%s`", ask);
    return result;
  }
  const bool numbers = left_type.numeric() && right_type.numeric();
  if (IsOrder(op) && numbers) return result;
  if (MixedNumbers(id, left, right, left_type, right_type)) return result;
  if (!cel() && (HoldsNull(left_type) || HoldsNull(right_type))) return result;  // reported there
  if (!Fits(left_type, right_type) || (IsOrder(op) && !HasOrder(left_type))) {
    MistypedOperands(id, left_type, right_type);
  }
  return result;
}

// Nowhere else, not even within what stands there, does a named list stand for its entries.
Type Checker::RightOfIn(NodeId id) {
  std::string object;
  std::string name;
  const bool named = !cel() && node(id).kind == NodeKind::kSelect && Path(id, &object, &name) &&
                     object == "lists" && meaning(id).slot == kNoSlot;
  return named ? meaning(id).type = ListName(id, name, /*right_of_in=*/true) : Visit(id);
}

Type Checker::Membership(NodeId id) {
  const NodeId item = node(id).children[0];
  const NodeId list = node(id).children[1];
  const Type item_type = Visit(item);
  const Type list_type = RightOfIn(list);
  const Type result{TypeKind::kBool};
  if (item_type.unknown() || list_type.unknown()) return result;
  if (list_type.is(TypeKind::kDyn) || list_type.is(TypeKind::kParameter)) return result;
  if (!list_type.is_list() && !list_type.is(TypeKind::kMap)) {
    Finding* finding = Error(
        "R201", node(id).mark,
        absl::StrFormat("to the right of `in` stands a list, this is %s", TypeName(list_type)),
        "a list is written `['a', 'b']`");
    if (list_type.is(TypeKind::kString) && item_type.is(TypeKind::kString)) {
      const std::string ours = absl::StrFormat("%s.contains(%s)", Unparse(checked_->tree, list),
                                               Unparse(checked_->tree, item));
      finding->label = "to look for a part of a text";
      finding->fix_label = absl::StrFormat("write `%s`", ours);
      finding->edits = {{node(id).span, ours}};
    }
    return result;
  }
  const Type element = ElementOf(list_type);
  if (Fits(item_type, element) || MixedNumbers(id, item, list, item_type, list_type)) return result;
  std::string label = "convert one side";
  if (item_type.is(TypeKind::kOptional)) {
    label = absl::StrFormat("say what an absent one is, as `%s.orValue(..)`",
                            Unparse(checked_->tree, item));
  } else if (element.is(TypeKind::kString) && !item_type.has_parts()) {
    label = "entries are texts; write `string(..)` on the left";
  } else if (item_type.is_list()) {
    label = "look at each item, as `txn.skus.exists(sku, sku in ..)`";
  }
  Error("R201", node(id).mark,
        absl::StrFormat("`in` looks for %s in %s, which never holds one", TypeName(item_type),
                        TypeName(list_type)),
        std::move(label));
  return result;
}

Type Checker::Arithmetic(NodeId id) {
  const NodeId left = node(id).children[0];
  const NodeId right = node(id).children[1];
  const Type left_type = Visit(left);
  const Type right_type = Visit(right);
  if (left_type.unknown() || right_type.unknown()) return {};
  Type result;
  if (const Overload* overload = FindOverload(meaning(id).candidates, node(id).children, &result)) {
    Settle(id, *overload, node(id).children);
    return result;
  }
  if (MixedNumbers(id, left, right, left_type, right_type)) return {};
  MistypedOperands(id, left_type, right_type);
  return {};
}

Type Checker::Negate(NodeId id) {
  const Type found = Visit(node(id).children[0]);
  if (found.unknown()) return {};
  Type result;
  if (const Overload* overload = FindOverload(meaning(id).candidates, node(id).children, &result)) {
    Settle(id, *overload, node(id).children);
    return result;
  }
  Error("R201", node(id).mark, absl::StrFormat("`-` needs a number, this is %s", TypeName(found)),
        found.is(TypeKind::kOptional) ? "say what an absent one is, by `.orValue(..)`"
                                      : "remove the sign");
  return {};
}

bool Checker::MixedNumbers(NodeId id, NodeId left, NodeId right, Type left_type, Type right_type) {
  const bool member = node(id).kind == NodeKind::kBinary && node(id).op == TokenKind::kIn;
  const Type right_number = member ? ElementOf(right_type) : right_type;
  if (!left_type.numeric() || !right_number.numeric() || left_type == right_number) return false;
  const bool conditional = node(id).kind == NodeKind::kConditional;
  const std::string sign = conditional ? "?:" : std::string(OperatorText(node(id).op));
  Finding* finding =
      Error("R210", node(id).mark,
            absl::StrFormat("`%s` needs one type on both sides, found %s and %s", sign,
                            TypeName(left_type), TypeName(right_type)),
            absl::StrFormat("left is %s, right is %s", TypeName(left_type), TypeName(right_type)));
  // Doubles stay, whole numbers follow; of int and uint, int is what fields are.
  const bool any_double = left_type.is(TypeKind::kDouble) || right_number.is(TypeKind::kDouble);
  const Type wanted{any_double ? TypeKind::kDouble : TypeKind::kInt};
  const bool change_left = left_type != wanted;
  if (!ConvertEdits(change_left ? left : right, wanted, &finding->edits)) {
    finding->edits.clear();
    finding->label += "; convert one side";
  } else {
    finding->fix_label = finding->edits.size() == 1
                             ? absl::StrFormat("write `%s`", finding->edits[0].text)
                             : "write the numbers of the list as doubles";
  }
  return true;
}

bool Checker::ConvertEdits(NodeId id, Type wanted, std::vector<Edit>* edits) const {
  const Node& n = node(id);
  if (type(id) == wanted) return true;
  if (n.kind == NodeKind::kList) {
    for (NodeId item : n.children) {
      if (!ConvertEdits(item, wanted, edits)) return false;
    }
    return true;
  }
  if (type(id).is_list()) return false;
  const auto number = static_cast<int64_t>(n.number);
  const bool small = number <= kExactDoubleLimit && number >= -kExactDoubleLimit;
  if (wanted.is(TypeKind::kDouble) && n.kind == NodeKind::kInt && small) {
    edits->push_back({n.span, std::to_string(number) + ".0"});
  } else if (wanted.is(TypeKind::kInt) && n.kind == NodeKind::kUint && number >= 0) {
    edits->push_back({n.span, std::to_string(number)});
  } else {
    edits->push_back({n.span, TypeName(wanted) + "(" + text(id) + ")"});
  }
  return true;
}

void Checker::MistypedOperands(NodeId id, Type left, Type right) {
  const Node& n = node(id);
  const std::string_view sign = OperatorText(n.op);
  const NodeId left_id = n.children[0];
  const NodeId right_id = n.children[1];
  const std::string found =
      absl::StrFormat("left is %s, right is %s", TypeName(left), TypeName(right));
  const Node& l = node(left_id);
  const bool chained = l.kind == NodeKind::kBinary && Precedence(l.op) == kRelationPrecedence;
  if (chained && Precedence(n.op) == kRelationPrecedence && l.span.begin == n.span.begin) {
    Finding* finding =
        Error("R201", n.mark, "comparisons cannot be chained", "each compares two values");
    const std::string middle = Unparse(checked_->tree, l.children[1]);
    const std::string ours = absl::StrFormat("%s && %s %s %s", Unparse(checked_->tree, left_id),
                                             middle, sign, text(right_id));
    finding->edits = {{n.span, ours}};
    finding->fix_label = absl::StrFormat("write `%s`", ours);
    return;
  }
  Finding* finding = Error(
      "R201", n.mark,
      absl::StrFormat("`%s` does not work on %s and %s", sign, TypeName(left), TypeName(right)),
      found);
  if (left.is(TypeKind::kOptional) != right.is(TypeKind::kOptional)) {
    const NodeId optional = left.is(TypeKind::kOptional) ? left_id : right_id;
    finding->label += absl::StrFormat("; say what an absent one is, as `%s.orValue(..)`",
                                      Unparse(checked_->tree, optional));
  }
  // A code such as an MCC is text; its number lacks quotes only.
  const bool number_right = node(right_id).kind == NodeKind::kInt && left.is(TypeKind::kString);
  const bool number_left = l.kind == NodeKind::kInt && right.is(TypeKind::kString);
  if (!number_left && !number_right) return;
  const NodeId number = number_right ? right_id : left_id;
  const std::string ours = QuotedText(text(number), '\'');
  finding->edits = {{node(number).span, ours}};
  finding->fix_label = absl::StrFormat("write `%s`", ours);
}

}  // namespace verdict::rule
