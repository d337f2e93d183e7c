// The Pratt parser's inside; callers use Parse in tree.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rule/tree.h"

namespace verdict::rule {

// Tokens to a tree. Stops at the first error, except where a word of another language is plain
// enough to be read on (`and`). Thread-compatible.
class Parser {
 public:
  Parser(std::string source, std::vector<Token> tokens, Findings* findings, Limits limits);
  ParsedTree Run();

 private:
  // An operand and where it begins, its parentheses included.
  struct Operand {
    NodeId node = 0;
    uint32_t begin = 0;
  };

  // parser.cc: the grammar.
  NodeId Expression();
  Operand Binary(int precedence);
  Operand Unary();
  Operand Signed();
  NodeId Postfix(NodeId left, uint32_t begin);
  NodeId Member(NodeId left, uint32_t begin);
  NodeId Call(Node node, uint32_t begin);
  NodeId Index(NodeId left, uint32_t begin);
  // Around what came behind the `?` at `mark`.
  NodeId OptionalItem(NodeId item, Span mark);
  bool Arguments(TokenKind close, Span open, std::vector<NodeId>* out);

  // parser_operands.cc: what stands between operators.
  NodeId Primary();
  NodeId Parenthesised();
  NodeId Literal();
  NodeId NameOrCall(bool absolute);
  NodeId ListLiteral();
  NodeId MapLiteral();

  // parser_macros.cc: `has`, `exists` and their like.
  NodeId ExpandHas(Node call);
  NodeId ExpandMacro(Node call);

  // parser_words.cc: words and slips of other languages, and errors.
  // True where the current token is such a word in operator place; then it was reported and `*op`
  // is what it means.
  bool ForeignInfix(TokenKind* op);
  bool AtNotIn() const;
  NodeId NotIn(Operand left);
  bool AtForeignNot() const;
  Operand ForeignNot();
  void MissingOperand();
  void TrailingTokens();

  const Token& now() const { return tokens_[at_]; }
  const Token& next() const { return tokens_[at_ + 1 < tokens_.size() ? at_ + 1 : at_]; }
  bool Is(TokenKind kind) const { return now().kind == kind; }
  bool Accept(TokenKind kind) {
    if (!Is(kind)) return false;
    Advance();
    return true;
  }
  void Advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  uint32_t previous_end() const { return at_ == 0 ? 0 : tokens_[at_ - 1].span.end; }
  NodeId Add(Node node);
  // Stops the parser.
  NodeId Fail(std::string_view code, Span span, std::string message, std::string label);
  std::string TextOf(const Token& token) const { return std::string(tree_.text(token.span)); }

  // Of operators and fields in a row, too: trees are walked by recursion.
  static constexpr int kMaxDepth = 2500;

  Tree tree_;
  std::vector<uint16_t> depths_;  // by node
  std::vector<Token> tokens_;
  Findings* findings_;
  size_t at_ = 0;
  Limits limits_;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace verdict::rule
