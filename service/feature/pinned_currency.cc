// A walk down the conjunctions of the tree.
#include "feature/pinned_currency.h"

#include "rule/tree.h"

namespace verdict::feature {
namespace {

using rule::Node;
using rule::NodeKind;
using rule::TokenKind;
using rule::Tree;

bool IsCurrencyField(const Tree& tree, const Node& node) {
  if (node.kind != NodeKind::kSelect || node.text != "currency") return false;
  const Node& object = tree.at(node.children[0]);
  return object.kind == NodeKind::kName && object.text == "txn";
}

std::optional<std::string> TextOf(const Node& node) {
  if (node.kind == NodeKind::kString) return node.text;
  return std::nullopt;
}

std::optional<std::string> FromComparison(const Tree& tree, const Node& left, const Node& right) {
  if (IsCurrencyField(tree, left)) return TextOf(right);
  if (IsCurrencyField(tree, right)) return TextOf(left);
  return std::nullopt;
}

std::optional<std::string> FromNode(const Tree& tree, const Node& node) {
  if (node.kind != NodeKind::kBinary) return std::nullopt;
  const Node& left = tree.at(node.children[0]);
  const Node& right = tree.at(node.children[1]);
  if (node.op == TokenKind::kEqual) return FromComparison(tree, left, right);
  if (node.op == TokenKind::kIn) {
    const bool one_item = right.kind == NodeKind::kList && right.children.size() == 1;
    if (!one_item || !IsCurrencyField(tree, left)) return std::nullopt;
    return TextOf(tree.at(right.children[0]));
  }
  if (node.op != TokenKind::kAnd) return std::nullopt;
  const std::optional<std::string> pinned = FromNode(tree, left);
  return pinned ? pinned : FromNode(tree, right);
}

}  // namespace

std::optional<std::string> PinnedCurrency(const rule::Expression& where) {
  rule::Findings ignored;  // the expression compiled, so its canonical text parses
  const rule::ParsedTree parsed = rule::Parse(where.canonical(), &ignored);
  if (!parsed.whole) return std::nullopt;
  return FromNode(parsed.tree, parsed.tree.at(parsed.tree.root));
}

}  // namespace verdict::feature
