// The operands of the grammar: literals, names, calls, lists, maps, parentheses.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "rule/parser.h"

namespace verdict::rule {
namespace {

constexpr uint64_t kSmallestIntMagnitude = uint64_t{1} << 63;

constexpr std::string_view kReservedWords[] = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

bool IsReserved(std::string_view word) {
  return std::find(std::begin(kReservedWords), std::end(kReservedWords), word) !=
         std::end(kReservedWords);
}

bool IsLiteral(TokenKind kind) {
  constexpr TokenKind kLiterals[] = {TokenKind::kInt,    TokenKind::kUint,  TokenKind::kDouble,
                                     TokenKind::kString, TokenKind::kBytes, TokenKind::kTrue,
                                     TokenKind::kFalse,  TokenKind::kNull};
  return std::find(std::begin(kLiterals), std::end(kLiterals), kind) != std::end(kLiterals);
}

}  // namespace

NodeId Parser::Primary() {
  if (IsLiteral(now().kind)) return Literal();
  if (Is(TokenKind::kOpenParen)) return Parenthesised();
  if (Is(TokenKind::kOpenBracket)) return ListLiteral();
  if (Is(TokenKind::kOpenBrace)) return MapLiteral();
  const bool absolute = Is(TokenKind::kDot) && next().kind == TokenKind::kName;
  if (absolute) Advance();
  if (Is(TokenKind::kName)) return NameOrCall(absolute);
  MissingOperand();
  return Add({});
}

NodeId Parser::Parenthesised() {
  const Span open = now().span;
  Advance();
  const NodeId inside = Expression();
  if (!failed_ && !Is(TokenKind::kEnd) && !Is(TokenKind::kCloseParen)) TrailingTokens();
  if (!failed_ && !Accept(TokenKind::kCloseParen)) {
    return Fail("R004", open, "`(` is not closed", "its `)` is missing");
  }
  return inside;
}

NodeId Parser::Literal() {
  const Token& token = now();
  Node node{.span = token.span, .number = token.number, .real = token.real, .text = token.text};
  if (token.kind == TokenKind::kInt) node.kind = NodeKind::kInt;
  if (token.kind == TokenKind::kUint) node.kind = NodeKind::kUint;
  if (token.kind == TokenKind::kDouble) node.kind = NodeKind::kDouble;
  if (token.kind == TokenKind::kString) node.kind = NodeKind::kString;
  if (token.kind == TokenKind::kBytes) node.kind = NodeKind::kBytes;
  if (token.kind == TokenKind::kTrue || token.kind == TokenKind::kFalse) {
    node.kind = NodeKind::kBool;
    node.number = token.kind == TokenKind::kTrue;
    node.text.clear();
  }
  if (token.kind == TokenKind::kNull) node.text.clear();
  if (node.kind == NodeKind::kInt && token.number == kSmallestIntMagnitude) {
    return Fail("R301", token.span, "this number does not fit 64 bits",
                "at most 9223372036854775807");
  }
  Advance();
  return Add(std::move(node));
}

NodeId Parser::NameOrCall(bool absolute) {
  Node node{.kind = NodeKind::kName,
            .absolute = absolute,
            .span = now().span,
            .mark = now().span,
            .text = now().text};
  if (IsReserved(node.text)) {
    return Fail("R008", now().span, absl::StrFormat("`%s` is a reserved word", node.text),
                "no field has this name");
  }
  Advance();
  if (!Is(TokenKind::kOpenParen)) return Add(std::move(node));
  node.kind = NodeKind::kCall;
  const uint32_t begin = node.span.begin;
  return Call(std::move(node), begin);
}

NodeId Parser::ListLiteral() {
  Node node{.kind = NodeKind::kList, .span = now().span, .mark = now().span};
  Advance();
  if (!Arguments(TokenKind::kCloseBracket, node.mark, &node.children)) return Add({});
  node.span.end = previous_end();
  return Add(std::move(node));
}

NodeId Parser::MapLiteral() {
  Node node{.kind = NodeKind::kMap, .span = now().span, .mark = now().span};
  Advance();
  while (!failed_ && !Is(TokenKind::kCloseBrace)) {
    const Span mark = now().span;
    const bool optional = Accept(TokenKind::kQuestion);
    node.children.push_back(Expression());
    if (!failed_ && !Accept(TokenKind::kColon)) {
      return Fail("R004", now().span, "a map has `key: value` pairs", "the `:` is missing");
    }
    const NodeId value = Expression();
    node.children.push_back(optional ? OptionalItem(value, mark) : value);
    if (!Accept(TokenKind::kComma)) break;
  }
  if (!failed_ && !Accept(TokenKind::kCloseBrace))
    return Fail("R004", node.mark, "`{` is not closed", "its `}` is missing");
  node.span.end = previous_end();
  return Add(std::move(node));
}

}  // namespace verdict::rule
