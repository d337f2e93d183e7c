// Tokens to a tree: the grammar of CEL by precedence climbing.
#include "rule/parser.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "rule/text.h"

namespace verdict::rule {

ParsedTree Parse(std::string source, Findings* findings, Profile profile) {
  const Limits limits = LimitsOf(profile);
  const auto code_points = static_cast<size_t>(CodePointCount(source));
  if (code_points > limits.code_points) {
    findings->push_back(
        {.code = "R006",
         .span = {0, 1},
         .message = absl::StrFormat("an expression may have %d characters; this one has %d",
                                    limits.code_points, code_points),
         .label = "make clauses of `when_all` of it, or put long lists into `lists`"});
    return {};
  }
  const size_t before = findings->size();
  std::vector<Token> tokens = Lex(source, findings);
  const bool readable =
      std::all_of(findings->begin() + static_cast<std::ptrdiff_t>(before), findings->end(),
                  [](const Finding& f) { return !f.edits.empty(); });
  if (!readable) {
    ParsedTree parsed;
    parsed.tree.source = std::move(source);
    return parsed;
  }
  return Parser(std::move(source), std::move(tokens), findings, limits).Run();
}

Parser::Parser(std::string source, std::vector<Token> tokens, Findings* findings, Limits limits)
    : tokens_(std::move(tokens)), findings_(findings), limits_(limits) {
  tree_.source = std::move(source);
  tree_.nodes.reserve(tokens_.size() + 1);
}

ParsedTree Parser::Run() {
  if (Is(TokenKind::kEnd)) {
    Fail("R004", now().span, "the expression is empty", "such as `txn.amount > 500`");
  } else {
    tree_.root = Expression();
    if (!failed_ && !Is(TokenKind::kEnd)) TrailingTokens();
  }
  return {std::move(tree_), !failed_};
}

NodeId Parser::Add(Node node) {
  uint16_t depth = 0;
  for (NodeId child : node.children) depth = std::max(depth, depths_[child]);
  const Span span = node.span;
  tree_.nodes.push_back(std::move(node));
  depths_.push_back(static_cast<uint16_t>(std::min(depth + 1, kMaxDepth + 1)));
  if (depths_.back() > kMaxDepth && !failed_) {
    return Fail("R006", span, absl::StrFormat("a chain may have %d links", kMaxDepth),
                "make several expressions of it");
  }
  return static_cast<NodeId>(tree_.nodes.size() - 1);
}

NodeId Parser::Fail(std::string_view code, Span span, std::string message, std::string label) {
  if (!failed_) {
    findings_->push_back(
        {.code = code, .span = span, .message = std::move(message), .label = std::move(label)});
  }
  failed_ = true;
  at_ = tokens_.size() - 1;
  return Add({});
}

NodeId Parser::Expression() {
  if (++depth_ > limits_.nesting) {
    return Fail("R006", now().span, absl::StrFormat("parts may be nested %d deep", limits_.nesting),
                "this one is deeper; make clauses of it");
  }
  const Operand condition = Binary(1);
  NodeId result = condition.node;
  if (Accept(TokenKind::kQuestion)) {
    const Span mark = tokens_[at_ - 1].span;
    const NodeId then = Binary(1).node;
    if (!failed_ && !Accept(TokenKind::kColon)) {
      return Fail("R004", mark, "`?` without its `:`", "write `condition ? value : other value`");
    }
    const NodeId otherwise = Expression();
    result = Add({.kind = NodeKind::kConditional,
                  .span = {condition.begin, previous_end()},
                  .mark = mark,
                  .children = {condition.node, then, otherwise}});
  }
  --depth_;
  return result;
}

Parser::Operand Parser::Binary(int precedence) {
  Operand left = Unary();
  while (!failed_) {
    if (AtNotIn() && precedence <= kRelationPrecedence) {
      left.node = NotIn(left);
      continue;
    }
    TokenKind op = now().kind;
    const Span mark = now().span;
    const bool foreign = Precedence(op) == 0 && ForeignInfix(&op);
    if (failed_ || Precedence(op) < precedence || Precedence(op) == 0) break;
    if (foreign) {
      findings_->push_back(
          {.code = "R003",
           .span = mark,
           .message = absl::StrFormat("CEL writes \"%s\" as `%s`", TextOf(now()), OperatorText(op)),
           .label = absl::StrFormat("write `%s`", OperatorText(op)),
           .edits = {{mark, std::string(OperatorText(op))}}});
      if (op == TokenKind::kAnd) findings_->back().label += ", or make two clauses of `when_all`";
    }
    Advance();
    const Operand right = Binary(Precedence(op) + 1);
    left.node = Add({.kind = NodeKind::kBinary,
                     .op = op,
                     .span = {left.begin, previous_end()},
                     .mark = mark,
                     .children = {left.node, right.node}});
  }
  return left;
}

Parser::Operand Parser::Unary() {
  if (AtForeignNot()) return ForeignNot();
  if (Is(TokenKind::kMinus)) return Signed();
  const uint32_t begin = now().span.begin;
  if (!Is(TokenKind::kNot)) {
    const NodeId primary = Primary();
    return {Postfix(primary, begin), begin};
  }
  if (++depth_ > limits_.nesting) {
    return {Fail("R006", now().span,
                 absl::StrFormat("parts may be nested %d deep", limits_.nesting), "`!!` cancels"),
            begin};
  }
  const Span mark = now().span;
  Advance();
  const Operand operand = Unary();
  --depth_;
  return {Add({.kind = NodeKind::kNot,
               .span = {begin, previous_end()},
               .mark = mark,
               .children = {operand.node}}),
          begin};
}

// Minus signs: before a number its sign, else pairs of them cancel, as in cel-go.
Parser::Operand Parser::Signed() {
  const uint32_t begin = now().span.begin;
  const Span mark = now().span;
  bool negative = false;
  while (Accept(TokenKind::kMinus)) negative = !negative;
  const bool number = Is(TokenKind::kInt) || Is(TokenKind::kDouble);
  if (number && negative) {
    Node literal{.kind = Is(TokenKind::kInt) ? NodeKind::kInt : NodeKind::kDouble,
                 .span = {begin, now().span.end}};
    literal.number = 0 - now().number;
    literal.real = -now().real;
    Advance();
    return {Postfix(Add(std::move(literal)), begin), begin};
  }
  const Operand operand = Unary();
  if (!negative) return {operand.node, begin};
  return {Add({.kind = NodeKind::kNegate,
               .span = {begin, previous_end()},
               .mark = mark,
               .children = {operand.node}}),
          begin};
}

NodeId Parser::Postfix(NodeId left, uint32_t begin) {
  while (!failed_) {
    if (Accept(TokenKind::kDot)) {
      left = Member(left, begin);
    } else if (Is(TokenKind::kOpenBracket)) {
      left = Index(left, begin);
    } else if (Is(TokenKind::kOpenBrace)) {
      return Fail("R004", now().span, "messages cannot be made in a rule",
                  "compare the fields one by one");
    } else {
      break;
    }
  }
  return left;
}

NodeId Parser::Index(NodeId left, uint32_t begin) {
  const Span open = now().span;
  Advance();
  const NodeKind kind = Accept(TokenKind::kQuestion) ? NodeKind::kOptionalIndex : NodeKind::kIndex;
  const NodeId index = Expression();
  if (!failed_ && !Accept(TokenKind::kCloseBracket)) {
    return Fail("R004", open, "`[` is not closed", "its `]` is missing");
  }
  return Add(
      {.kind = kind, .span = {begin, previous_end()}, .mark = open, .children = {left, index}});
}

NodeId Parser::OptionalItem(NodeId item, Span mark) {
  return Add({.kind = NodeKind::kOptionalItem,
              .span = {mark.begin, previous_end()},
              .mark = mark,
              .children = {item}});
}

// After the dot: a field or a method.
NodeId Parser::Member(NodeId left, uint32_t begin) {
  const bool optional = Accept(TokenKind::kQuestion);
  const bool quoted = Is(TokenKind::kQuotedName);
  if (!quoted && !Is(TokenKind::kName)) {
    return Fail("R004", now().span, "the name of a field is missing after `.`",
                "such as `txn.amount`");
  }
  Node node{.kind = optional ? NodeKind::kOptionalSelect : NodeKind::kSelect,
            .mark = now().span,
            .text = now().text,
            .children = {left}};
  Advance();
  if (Is(TokenKind::kOpenParen) && !quoted && !optional) {
    node.kind = NodeKind::kMethod;
    return Call(std::move(node), begin);
  }
  node.span = {begin, previous_end()};
  return Add(std::move(node));
}

NodeId Parser::Call(Node node, uint32_t begin) {
  const Span open = now().span;
  Advance();
  if (!Arguments(TokenKind::kCloseParen, open, &node.children)) return Add({});
  node.span = {begin, previous_end()};
  if (node.kind == NodeKind::kCall && node.text == "has") return ExpandHas(std::move(node));
  return node.kind == NodeKind::kMethod ? ExpandMacro(std::move(node)) : Add(std::move(node));
}

// Comma-separated, up to and with `close`; a comma may end them.
bool Parser::Arguments(TokenKind close, Span open, std::vector<NodeId>* out) {
  while (!failed_ && !Is(close)) {
    const Span mark = now().span;
    const bool optional = close == TokenKind::kCloseBracket && Accept(TokenKind::kQuestion);
    const NodeId item = Expression();
    out->push_back(optional ? OptionalItem(item, mark) : item);
    if (!Accept(TokenKind::kComma)) break;
    if (close == TokenKind::kCloseParen && Is(close)) {
      Fail("R004", now().span, "an argument is missing after `,`", "remove the comma");
    }
  }
  if (failed_ || Accept(close)) return !failed_;
  const bool list = close == TokenKind::kCloseBracket;
  Fail("R004", open, list ? "`[` is not closed" : "`(` is not closed",
       list ? "its `]` is missing" : "its `)` is missing");
  return false;
}

}  // namespace verdict::rule
