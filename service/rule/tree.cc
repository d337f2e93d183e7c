// The binary operators, their signs and how tightly they bind.
#include "rule/tree.h"

namespace verdict::rule {
namespace {

struct BinaryOperator {
  TokenKind op;
  std::string_view text;
  int precedence;
};
constexpr BinaryOperator kBinaryOperators[] = {
    {TokenKind::kOr, "||", 1},
    {TokenKind::kAnd, "&&", 2},
    {TokenKind::kIn, "in", kRelationPrecedence},
    {TokenKind::kEqual, "==", kRelationPrecedence},
    {TokenKind::kNotEqual, "!=", kRelationPrecedence},
    {TokenKind::kLess, "<", kRelationPrecedence},
    {TokenKind::kLessEqual, "<=", kRelationPrecedence},
    {TokenKind::kGreater, ">", kRelationPrecedence},
    {TokenKind::kGreaterEqual, ">=", kRelationPrecedence},
    {TokenKind::kPlus, "+", 4},
    {TokenKind::kMinus, "-", 4},
    {TokenKind::kStar, "*", 5},
    {TokenKind::kSlash, "/", 5},
    {TokenKind::kPercent, "%", 5}};

const BinaryOperator* Find(TokenKind op) {
  for (const BinaryOperator& known : kBinaryOperators) {
    if (known.op == op) return &known;
  }
  return nullptr;
}

}  // namespace

std::string_view OperatorText(TokenKind op) {
  const BinaryOperator* known = Find(op);
  return known == nullptr ? "" : known->text;
}

int Precedence(TokenKind op) {
  const BinaryOperator* known = Find(op);
  return known == nullptr ? 0 : known->precedence;
}

}  // namespace verdict::rule
