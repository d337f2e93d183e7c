// Text to tokens.
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

#include "absl/strings/str_format.h"
#include "rule/text.h"
#include "rule/token.h"

namespace verdict::rule {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHexDigit(char c) { return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

struct Sign {
  std::string_view text;
  TokenKind kind;
};
// Longer ones first.
constexpr Sign kSigns[] = {{"||", TokenKind::kOr},         {"&&", TokenKind::kAnd},
                           {"==", TokenKind::kEqual},      {"!=", TokenKind::kNotEqual},
                           {"<=", TokenKind::kLessEqual},  {">=", TokenKind::kGreaterEqual},
                           {"<", TokenKind::kLess},        {">", TokenKind::kGreater},
                           {"!", TokenKind::kNot},         {"+", TokenKind::kPlus},
                           {"-", TokenKind::kMinus},       {"*", TokenKind::kStar},
                           {"/", TokenKind::kSlash},       {"%", TokenKind::kPercent},
                           {"?", TokenKind::kQuestion},    {":", TokenKind::kColon},
                           {",", TokenKind::kComma},       {".", TokenKind::kDot},
                           {"(", TokenKind::kOpenParen},   {")", TokenKind::kCloseParen},
                           {"[", TokenKind::kOpenBracket}, {"]", TokenKind::kCloseBracket},
                           {"{", TokenKind::kOpenBrace},   {"}", TokenKind::kCloseBrace}};

struct ForeignSign {
  std::string_view text;
  TokenKind kind;
  std::string_view ours;
};
// Signs of other languages, looked for before our own.
constexpr ForeignSign kForeignSigns[] = {{"===", TokenKind::kEqual, "=="},
                                         {"!==", TokenKind::kNotEqual, "!="},
                                         {"<>", TokenKind::kNotEqual, "!="},
                                         {"=>", TokenKind::kGreaterEqual, ">="},
                                         {"=<", TokenKind::kLessEqual, "<="},
                                         {"=", TokenKind::kEqual, "=="},
                                         {"&", TokenKind::kAnd, "&&"},
                                         {"|", TokenKind::kOr, "||"},
                                         {"\u2265", TokenKind::kGreaterEqual, ">="},
                                         {"\u2264", TokenKind::kLessEqual, "<="},
                                         {"\u2260", TokenKind::kNotEqual, "!="},
                                         {"\u2013", TokenKind::kMinus, "-"},
                                         {"\u2212", TokenKind::kMinus, "-"},
                                         {"\u00d7", TokenKind::kStar, "*"}};

// Quotes as word processors write them.
constexpr std::string_view kSmartQuotes[] = {"\u2018", "\u2019", "\u201c", "\u201d",
                                             "\u201e", "\u00ab", "\u00bb"};

std::string_view SmartQuoteAt(std::string_view text) {
  for (std::string_view quote : kSmartQuotes) {
    if (text.starts_with(quote)) return quote;
  }
  return {};
}

class Lexer {
 public:
  Lexer(std::string_view text, Findings* findings) : text_(text), findings_(findings) {}

  std::vector<Token> Run() {
    if (!IsUtf8(text_)) {
      Error("R002", {0, 1}, "this text is not UTF-8", "save the file as UTF-8");
    } else {
      while (SkipSpace()) {
        if (!Next()) break;
      }
    }
    const auto end = static_cast<uint32_t>(text_.size());
    tokens_.push_back({.kind = TokenKind::kEnd, .span = {end, end}});
    return std::move(tokens_);
  }

 private:
  std::string_view rest() const { return text_.substr(at_); }

  // White space and comments; false at the end.
  bool SkipSpace() {
    while (at_ < text_.size()) {
      if (std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (rest().starts_with("//")) {
        const size_t line_end = text_.find('\n', at_);
        at_ = static_cast<uint32_t>(line_end == std::string_view::npos ? text_.size() : line_end);
      } else {
        return true;
      }
    }
    return false;
  }

  // False where reading cannot go on.
  bool Next() {
    const char c = text_[at_];
    if (IsDigit(c) || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
      return Number();
    }
    if (BeginsQuoted(rest())) return Quoted();
    if (IsNameStart(c)) return Name();
    if (c == '`') return QuotedName();
    if (!SmartQuoteAt(rest()).empty()) return SmartQuoted();
    return OperatorSign();
  }

  Token* Push(TokenKind kind, uint32_t length) {
    tokens_.push_back({.kind = kind, .span = {at_, at_ + length}});
    at_ += length;
    return &tokens_.back();
  }

  bool Error(std::string_view code, Span span, std::string message, std::string label) {
    findings_->push_back(
        {.code = code, .span = span, .message = std::move(message), .label = std::move(label)});
    return false;
  }

  bool Name() {
    uint32_t end = at_;
    while (end < text_.size() && (IsNameStart(text_[end]) || IsDigit(text_[end]))) ++end;
    const std::string_view name = text_.substr(at_, end - at_);
    TokenKind kind = TokenKind::kName;
    if (name == "true") kind = TokenKind::kTrue;
    if (name == "false") kind = TokenKind::kFalse;
    if (name == "null") kind = TokenKind::kNull;
    if (name == "in") kind = TokenKind::kIn;
    Push(kind, end - at_)->text = name;
    return true;
  }

  // A field whose name has other characters than names have: `content-type` in backticks.
  bool QuotedName() {
    uint32_t end = at_ + 1;
    while (end < text_.size() &&
           (IsNameStart(text_[end]) || IsDigit(text_[end]) ||
            std::string_view(".-/ ").find(text_[end]) != std::string_view::npos)) {
      ++end;
    }
    if (end == text_.size() || text_[end] != '`' || end == at_ + 1) {
      return Error("R002", {at_, at_ + 1}, "backticks enclose the name of a field",
                   "texts are written with `\'`");
    }
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    Push(TokenKind::kQuotedName, end + 1 - at_)->text = name;
    return true;
  }

  bool Quoted() {
    QuotedLiteral literal = ReadQuoted(rest());
    if (literal.length == 0) {
      const uint32_t from = at_ + literal.error_at;
      return Error("R001", {from, from + 1}, std::string(literal.error), "here");
    }
    Push(literal.is_bytes ? TokenKind::kBytes : TokenKind::kString, literal.length)->text =
        std::move(literal.value);
    return true;
  }

  // Text between smart quotes is read as a string, so that one report names the whole mistake.
  bool SmartQuoted() {
    const uint32_t inside = at_ + static_cast<uint32_t>(SmartQuoteAt(rest()).size());
    uint32_t end = inside;
    while (end < text_.size() && SmartQuoteAt(text_.substr(end)).empty()) ++end;
    if (end == text_.size()) {
      return Error("R007", {at_, inside}, "quotes are written straight", "write `'`");
    }
    const std::string body(text_.substr(inside, end - inside));
    end += static_cast<uint32_t>(SmartQuoteAt(text_.substr(end)).size());
    const std::string ours = QuotedText(body, '\'');
    findings_->push_back({.code = "R007",
                          .span = {at_, end},
                          .message = "quotes are written straight",
                          .label = absl::StrFormat("write `%s`", ours),
                          .edits = {{{at_, end}, ours}}});
    Push(TokenKind::kString, end - at_)->text = body;
    return true;
  }

  bool OperatorSign() {
    for (const Sign& sign : kSigns) {
      if (sign.text.size() == 2 && rest().starts_with(sign.text) && !ForeignAt(3)) {
        Push(sign.kind, 2);
        return true;
      }
    }
    if (const ForeignSign* foreign = ForeignAt(1)) {
      const auto length = static_cast<uint32_t>(foreign->text.size());
      findings_->push_back(
          {.code = "R003",
           .span = {at_, at_ + length},
           .message = absl::StrFormat("CEL writes `%s` as `%s`", foreign->text, foreign->ours),
           .label = absl::StrFormat("write `%s`", foreign->ours),
           .edits = {{{at_, at_ + length}, std::string(foreign->ours)}}});
      Push(foreign->kind, length);
      return true;
    }
    for (const Sign& sign : kSigns) {
      if (rest().starts_with(sign.text)) {
        Push(sign.kind, static_cast<uint32_t>(sign.text.size()));
        return true;
      }
    }
    uint32_t end = at_ + 1;
    while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
    return Error(
        "R002", {at_, end},
        absl::StrFormat("unexpected character %s", QuotedText(text_.substr(at_, end - at_), '`')),
        "remove it, or put text in quotes");
  }

  // The sign of another language here, of at least `size` bytes.
  const ForeignSign* ForeignAt(size_t size) const {
    for (const ForeignSign& foreign : kForeignSigns) {
      if (foreign.text.size() >= size && rest().starts_with(foreign.text)) return &foreign;
    }
    return nullptr;
  }

  bool Number() {
    if (rest().starts_with("0x") || rest().starts_with("0X")) return Integer(at_ + 2, 16);
    uint32_t end = at_;
    while (end < text_.size() && IsDigit(text_[end])) ++end;
    bool real = false;
    if (end + 1 < text_.size() && text_[end] == '.' && IsDigit(text_[end + 1])) {
      real = true;
      ++end;
      while (end < text_.size() && IsDigit(text_[end])) ++end;
    }
    uint32_t exponent = end;
    if (exponent < text_.size() && (text_[exponent] == 'e' || text_[exponent] == 'E')) {
      ++exponent;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      if (exponent < text_.size() && IsDigit(text_[exponent])) {
        real = true;
        end = exponent;
        while (end < text_.size() && IsDigit(text_[end])) ++end;
      }
    }
    return real ? Real(end) : Integer(at_, 10);
  }

  bool Real(uint32_t end) {
    double value = 0;
    const auto result = std::from_chars(text_.data() + at_, text_.data() + end, value);
    // What is too small is 0, as elsewhere; from_chars alone does not say which it was.
    if (result.ec != std::errc())
      value = std::strtod(std::string(text_.substr(at_, end - at_)).c_str(), nullptr);
    if (std::isinf(value)) {
      return Error("R301", {at_, end}, "this number does not fit a double",
                   "between 1e-308 and 1e308");
    }
    if (!EndsClean(end)) return false;
    Push(TokenKind::kDouble, end - at_)->real = value;
    return true;
  }

  bool Integer(uint32_t digits_at, int base) {
    uint32_t end = digits_at;
    while (end < text_.size() && (base == 16 ? IsHexDigit(text_[end]) : IsDigit(text_[end]))) ++end;
    uint64_t value = 0;
    const auto result = std::from_chars(text_.data() + digits_at, text_.data() + end, value, base);
    const bool is_uint = end < text_.size() && (text_[end] == 'u' || text_[end] == 'U');
    // The largest int has one more below zero; the parser sees the sign.
    const bool too_large = !is_uint && value > uint64_t{1} << 63;
    if (digits_at == end) {
      return Error("R001", {at_, end}, "digits are missing after `0x`", "such as `0x1F`");
    }
    if (result.ec != std::errc() || too_large) {
      return Error("R301", {at_, end}, "this number does not fit 64 bits",
                   "at most 9223372036854775807");
    }
    if (is_uint) ++end;
    if (!EndsClean(end)) return false;
    Push(is_uint ? TokenKind::kUint : TokenKind::kInt, end - at_)->number = value;
    return true;
  }

  // A number with a letter behind it is a slip: `500EUR`, `7d`, `1_000`.
  bool EndsClean(uint32_t end) {
    if (end >= text_.size() || !IsNameStart(text_[end])) return true;
    uint32_t tail = end;
    while (tail < text_.size() && (IsNameStart(text_[tail]) || IsDigit(text_[tail]))) ++tail;
    return Error("R001", {at_, tail},
                 absl::StrFormat("`%s` is not a number", text_.substr(at_, tail - at_)),
                 "a number has digits alone; a duration is written `duration('10m')`");
  }

  std::string_view text_;
  Findings* findings_;
  uint32_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> Lex(std::string_view text, Findings* findings) {
  return Lexer(text, findings).Run();
}

}  // namespace verdict::rule
