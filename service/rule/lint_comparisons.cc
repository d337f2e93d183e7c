// Lint of comparisons: lost fractions, equality of doubles, numbers written as texts, texts that a
// field never holds.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "rule/lint.h"
#include "rule/suggest.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

bool IsOrder(TokenKind op) {
  return op == TokenKind::kLess || op == TokenKind::kLessEqual || op == TokenKind::kGreater ||
         op == TokenKind::kGreaterEqual;
}

bool LooksNumeric(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || c == '.' || c == '-';
  });
}

}  // namespace

void Linter::Comparison(NodeId id) {
  const Node& n = node(id);
  const NodeId left = n.children[0];
  const NodeId right = n.children[1];
  if (IsOrder(n.op)) {
    LostFraction(id, left, right);
    LostFraction(id, right, left);
    OrderOfTexts(id);
  } else {
    DoubleEquality(id);
    TextsThatNeverCome(id);
  }
  NeverTrueDates(id);
}

// Within sums and products of ints too.
NodeId Linter::IntDivisionWithin(NodeId id) const {
  const Node& n = node(id);
  if (!of(id).type.is(TypeKind::kInt) || of(id).constant) return kNoNode;
  if (n.kind == NodeKind::kBinary && n.op == TokenKind::kSlash) return id;
  if (n.kind != NodeKind::kBinary && n.kind != NodeKind::kNegate) return kNoNode;
  for (NodeId child : n.children) {
    if (const NodeId found = IntDivisionWithin(child); found != kNoNode) return found;
  }
  return kNoNode;
}

// R230: `declines / count > 0.5` with ints.
void Linter::LostFraction(NodeId, NodeId side, NodeId other) {
  const NodeId division = IntDivisionWithin(side);
  if (division == kNoNode || !of(other).type.is(TypeKind::kDouble)) return;
  const Node& d = node(division);
  Finding* finding =
      Add("R230", Severity::kError, d.span,
          "int / int drops the fraction, so this is almost never true", "3 / 4 is 0");
  if (division != side) {
    finding->label += "; write `double(..)` around both numbers";
    return;
  }
  std::string ours;
  for (NodeId operand : d.children) {
    if (!ours.empty()) ours += " / ";
    ours += node(operand).kind == NodeKind::kInt ? text(operand) + ".0"
                                                 : "double(" + text(operand) + ")";
  }
  finding->fix_label = absl::StrFormat("write `%s`", ours);
  finding->edits = {{d.span, ours}};
}

void Linter::DoubleEquality(NodeId id) {
  const Node& n = node(id);
  const NodeId left = n.children[0];
  const NodeId right = n.children[1];
  if (!of(left).type.is(TypeKind::kDouble)) return;
  for (NodeId side : {left, right}) {
    // Zero is exact, and is how authors ask "none at all".
    if (of(side).constant && of(side).value.kind() == Kind::kDouble && of(side).value.real() == 0)
      return;
  }
  const bool amount = of(left).slot == kTxnAmount || of(right).slot == kTxnAmount;
  Add("R212", Severity::kWarning, n.mark,
      absl::StrFormat("`%s` on doubles misses by rounding: 0.1 + 0.2 is not 0.3",
                      OperatorText(n.op)),
      amount ? "compare `txn.amount_minor`, an exact int"
             : "compare by `>=` and `<=`, or use whole minor units");
}

void Linter::OrderOfTexts(NodeId id) {
  for (NodeId side : node(id).children) {
    const Meaning& m = of(side);
    const Field* few = FieldOfFewTexts(side);
    const bool digits =
        m.constant && m.value.kind() == Kind::kString && LooksNumeric(m.value.string());
    if (few == nullptr && !digits) continue;
    Add("R213", Severity::kWarning, node(id).mark,
        few != nullptr
            ? absl::StrFormat("texts are compared letter by letter: `%s` has no better and worse",
                              few->spelled())
            : "texts are compared letter by letter: '10' is before '9'",
        few != nullptr ? "list the values by `in`"
                       : "compare numbers, as `int(..) < 6000`, or list the values by `in`");
    return;
  }
}

const Field* Linter::FieldOfFewTexts(NodeId id) const {
  const int32_t slot = of(Bound(id)).slot;
  if (slot == kNoSlot) return nullptr;
  const Field& field = checked_.schema->fields()[static_cast<size_t>(slot)];
  return field.values.empty() ? nullptr : &field;
}

// R324: on either side of `==` and `!=`, or in the list of an `in`.
void Linter::TextsThatNeverCome(NodeId id) {
  const Node& n = node(id);
  for (const size_t side : {0, 1}) {
    const Field* few = FieldOfFewTexts(n.children[side]);
    if (few == nullptr) continue;
    const NodeId other = Bound(n.children[1 - side]);
    if (node(other).kind == NodeKind::kList) {
      for (const NodeId item : node(other).children) TextThatNeverComes(*few, Bound(item));
    } else {
      TextThatNeverComes(*few, other);
    }
  }
}

// Another case and a slip are mended; 'NULL' is not meant to be 'FULL'.
void Linter::TextThatNeverComes(const Field& field, NodeId text) {
  const Meaning& m = of(text);
  if (!m.constant || m.value.kind() != Kind::kString) return;
  const std::string written(m.value.string());
  const auto& values = field.values;
  if (std::find(values.begin(), values.end(), written) != values.end()) return;
  Finding* finding = Add(
      "R324", Severity::kError, node(text).span,
      absl::StrFormat("`%s` is never %s", field.spelled(), QuotedText(written, '\'')),
      absl::StrFormat("it is one of %s; of a feature that is missing it is missing too: `!has(%s)`",
                      absl::StrJoin(values, ", "), field.visible_name()));
  const std::string capitals = absl::AsciiStrToUpper(written);
  const std::string near = Nearest(capitals, values);
  if (near.empty() || near[0] != capitals[0]) return;
  finding->edits = {{node(text).span, QuotedText(near, '\'')}};
  finding->fix_label = absl::StrFormat("write `%s`", finding->edits[0].text);
}

}  // namespace verdict::rule
