// Tokens of an expression: kind, span, and the value of a literal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rule/finding.h"

namespace verdict::rule {

enum class TokenKind : uint8_t {
  kEnd,
  kName,
  kQuotedName,  // a field in backticks
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTrue,
  kFalse,
  kNull,
  kIn,
  kOr,
  kAnd,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kPlus,
  kMinus,
  kStar,
  kSlash,
  kPercent,
  kQuestion,
  kColon,
  kComma,
  kDot,
  kOpenParen,
  kCloseParen,
  kOpenBracket,
  kCloseBracket,
  kOpenBrace,
  kCloseBrace
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  Span span;
  uint64_t number = 0;    // kInt, kUint
  double real = 0;        // kDouble
  std::string text = {};  // names; kString and kBytes, decoded
};

// The tokens of `text`, the last of kind kEnd. Words and signs of other languages (`=`, `<>`, smart
// quotes) are read as what they mean and reported. After any other error the tokens end early.
std::vector<Token> Lex(std::string_view text, Findings* findings);

// A string or bytes literal with its prefix and quotes, at the start of `text`.
struct QuotedLiteral {
  bool is_bytes = false;
  uint32_t length = 0;     // of the literal in `text`; 0: unreadable
  std::string value;       // decoded
  uint32_t error_at = 0;   // where `length` is 0
  std::string_view error;  // what is wrong there
};
// True where a literal begins: a quote, after one of the prefixes r, b and br.
bool BeginsQuoted(std::string_view text);
// REQUIRES: BeginsQuoted(text).
QuotedLiteral ReadQuoted(std::string_view text);

}  // namespace verdict::rule
