// Words and slips of other languages, reported with what CEL writes instead.
#include <algorithm>
#include <cctype>

#include "absl/strings/str_format.h"
#include "rule/parser.h"

namespace verdict::rule {
namespace {

std::string Lowered(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

struct WordOperator {
  std::string_view word;
  TokenKind op;
};
constexpr WordOperator kWordOperators[] = {
    {"and", TokenKind::kAnd},      {"or", TokenKind::kOr},    {"in", TokenKind::kIn},
    {"equals", TokenKind::kEqual}, {"eq", TokenKind::kEqual}, {"ne", TokenKind::kNotEqual},
    {"mod", TokenKind::kPercent}};

struct WordAdvice {
  std::string_view word;
  std::string_view advice;
};
constexpr WordAdvice kWordAdvice[] = {
    {"between", "write `a >= low && a <= high`"},
    {"like", "write `a.contains('part')`, or `a.startsWith('part')`"},
    {"contains", "write `a.contains('part')`"},
    {"matches", "write `a.matches('^pattern$')`"},
    {"is", "write `has(a)` for what is present, `!has(a)` for what is not, else `==`"},
    {"then", "write `condition ? value : other value`"}};

bool BeginsOperand(TokenKind kind) {
  constexpr TokenKind kBeginnings[] = {
      TokenKind::kName,   TokenKind::kInt,   TokenKind::kUint,      TokenKind::kDouble,
      TokenKind::kString, TokenKind::kBytes, TokenKind::kTrue,      TokenKind::kFalse,
      TokenKind::kNull,   TokenKind::kNot,   TokenKind::kOpenParen, TokenKind::kOpenBracket};
  return std::find(std::begin(kBeginnings), std::end(kBeginnings), kind) != std::end(kBeginnings);
}

}  // namespace

bool Parser::ForeignInfix(TokenKind* op) {
  if (!Is(TokenKind::kName)) return false;
  const std::string word = Lowered(now().text);
  for (const WordOperator& known : kWordOperators) {
    if (word != known.word) continue;
    *op = known.op;
    return true;
  }
  for (const WordAdvice& known : kWordAdvice) {
    if (word != known.word) continue;
    Fail("R003", now().span, absl::StrFormat("CEL has no operator \"%s\"", now().text),
         std::string(known.advice));
    return false;
  }
  return false;
}

bool Parser::AtNotIn() const {
  return Is(TokenKind::kName) && Lowered(now().text) == "not" &&
         (next().kind == TokenKind::kIn ||
          (next().kind == TokenKind::kName && Lowered(next().text) == "in"));
}

// `a not in b`
NodeId Parser::NotIn(Operand left) {
  const Span words{now().span.begin, next().span.end};
  Advance();
  Advance();
  const Operand right = Binary(kRelationPrecedence + 1);
  const Span whole{left.begin, previous_end()};
  const NodeId in = Add({.kind = NodeKind::kBinary,
                         .op = TokenKind::kIn,
                         .span = whole,
                         .mark = words,
                         .children = {left.node, right.node}});
  findings_->push_back(
      {.code = "R003",
       .span = words,
       .message = "CEL writes \"a not in b\" as `!(a in b)`",
       .label = "put `!( )` around it",
       .edits = {
           {{whole.begin, whole.begin}, "!("}, {words, "in"}, {{whole.end, whole.end}, ")"}}});
  return Add({.kind = NodeKind::kNot, .span = whole, .mark = words, .children = {in}});
}

bool Parser::AtForeignNot() const {
  return Is(TokenKind::kName) && Lowered(now().text) == "not" && BeginsOperand(next().kind);
}

// `not x == y` denies the whole comparison, while `!` would deny `x` alone.
Parser::Operand Parser::ForeignNot() {
  const Span word = now().span;
  if (++depth_ > limits_.nesting) {
    return {Fail("R006", word, absl::StrFormat("parts may be nested %d deep", limits_.nesting),
                 "this one is deeper"),
            word.begin};
  }
  Advance();
  const uint32_t operand_begin = now().span.begin;
  const Operand operand = Binary(kRelationPrecedence);
  --depth_;
  const bool wide = tree_.at(operand.node).kind == NodeKind::kBinary &&
                    tree_.at(operand.node).span.begin == operand_begin;
  const uint32_t end = previous_end();
  Finding finding{.code = "R003",
                  .span = word,
                  .message = absl::StrFormat("CEL writes \"%s\" as `!`", tree_.text(word)),
                  .label = wide ? "write `!( )` around what follows" : "write `!`",
                  .edits = {{{word.begin, operand_begin}, wide ? "!(" : "!"}}};
  if (wide) finding.edits.push_back({{end, end}, ")"});
  if (!failed_) findings_->push_back(std::move(finding));
  return {Add({.kind = NodeKind::kNot,
               .span = {word.begin, end},
               .mark = word,
               .children = {operand.node}}),
          word.begin};
}

void Parser::MissingOperand() {
  if (Is(TokenKind::kEnd)) {
    const bool after = at_ > 0;
    Fail("R004", after ? tokens_[at_ - 1].span : now().span, "the expression ends too early",
         after ? absl::StrFormat("something must follow `%s`", TextOf(tokens_[at_ - 1]))
               : "it is empty");
    return;
  }
  Fail("R004", now().span, absl::StrFormat("a value is missing before `%s`", TextOf(now())),
       "a field, a number, a text in quotes or a `(` may stand here");
}

void Parser::TrailingTokens() {
  const Token& token = now();
  if (token.kind == TokenKind::kCloseParen || token.kind == TokenKind::kCloseBracket ||
      token.kind == TokenKind::kCloseBrace) {
    Fail("R004", token.span, absl::StrFormat("`%s` closes nothing", TextOf(token)),
         "remove it, or open it before");
  } else if (BeginsOperand(token.kind)) {
    Fail("R004", token.span, absl::StrFormat("an operator is missing before `%s`", TextOf(token)),
         "join conditions by `&&` or `||`");
  } else {
    Fail("R004", token.span, absl::StrFormat("`%s` cannot stand here", TextOf(token)), "remove it");
  }
}

}  // namespace verdict::rule
