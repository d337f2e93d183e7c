// String and bytes literals: prefixes, quotes, escapes.
#include "rule/text.h"
#include "rule/token.h"

namespace verdict::rule {
namespace {

constexpr uint32_t kMaxCodePoint = 0x10FFFF;

struct Prefix {
  uint32_t length = 0;
  bool raw = false;
  bool bytes = false;
};

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Prefix ReadPrefix(std::string_view text) {
  Prefix prefix;
  if (prefix.length < text.size() && Lower(text[prefix.length]) == 'b') {
    prefix.bytes = true;
    ++prefix.length;
  }
  if (prefix.length < text.size() && Lower(text[prefix.length]) == 'r') {
    prefix.raw = true;
    ++prefix.length;
  }
  return prefix;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = Lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Reads the inside of a literal that has escapes.
class Unescaper {
 public:
  Unescaper(std::string_view body, bool bytes) : body_(body), bytes_(bytes) {}

  // False at an unreadable escape; at() is where it begins.
  bool Run(std::string* out) {
    while (at_ < body_.size()) {
      if (body_[at_] != '\\') {
        *out += body_[at_++];
      } else if (!Escape(out)) {
        return false;
      }
    }
    return true;
  }
  size_t at() const { return at_; }

 private:
  bool Escape(std::string* out) {
    if (at_ + 1 >= body_.size()) return false;
    constexpr std::string_view kNames = "abfnrtv\\?\"'`";
    constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
    const char c = body_[at_ + 1];
    if (size_t i = kNames.find(c); i != std::string_view::npos) {
      *out += kMeanings[i];
      at_ += 2;
      return true;
    }
    if (c == 'x' || c == 'X') return Code(2, 2, 16, out);
    if (c == 'u' && !bytes_) return Code(2, 4, 16, out);
    if (c == 'U' && !bytes_) return Code(2, 8, 16, out);
    return c >= '0' && c <= '3' && Code(1, 3, 8, out);
  }

  bool Code(size_t skip, size_t digits, uint32_t base, std::string* out) {
    if (at_ + skip + digits > body_.size()) return false;
    uint32_t code = 0;
    for (size_t i = 0; i < digits; ++i) {
      const int digit = HexDigit(body_[at_ + skip + i]);
      if (digit < 0 || digit >= static_cast<int>(base)) return false;
      code = code * base + static_cast<uint32_t>(digit);
    }
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code > kMaxCodePoint || surrogate) return false;
    if (bytes_) {
      *out += static_cast<char>(code);
    } else {
      AppendUtf8(code, out);
    }
    at_ += skip + digits;
    return true;
  }

  std::string_view body_;
  bool bytes_;
  size_t at_ = 0;
};

// The end of the literal's body, npos where it is not closed.
size_t FindClose(std::string_view text, size_t from, std::string_view quotes, bool raw) {
  for (size_t i = from; i < text.size(); ++i) {
    if (text.substr(i).starts_with(quotes)) return i;
    if (quotes.size() == 1 && (text[i] == '\n' || text[i] == '\r')) break;
    if (!raw && text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

}  // namespace

bool BeginsQuoted(std::string_view text) {
  const uint32_t quote = ReadPrefix(text).length;
  return quote < text.size() && (text[quote] == '"' || text[quote] == '\'');
}

QuotedLiteral ReadQuoted(std::string_view text) {
  QuotedLiteral literal;
  const Prefix prefix = ReadPrefix(text);
  literal.is_bytes = prefix.bytes;
  std::string_view quotes = text.substr(prefix.length, 3);
  const bool triple = quotes.size() == 3 && quotes[1] == quotes[0] && quotes[2] == quotes[0];
  if (!triple) quotes = quotes.substr(0, 1);
  const size_t begin = prefix.length + quotes.size();
  const size_t end = FindClose(text, begin, quotes, prefix.raw);
  if (end == std::string_view::npos) {
    literal.error = "this text has no closing quote";
    return literal;
  }
  const std::string_view body = text.substr(begin, end - begin);
  Unescaper unescaper(body, prefix.bytes);
  if (prefix.raw) {
    literal.value = body;
  } else if (!unescaper.Run(&literal.value)) {
    literal.error = "unknown escape; a backslash itself is written `\\\\`";
    literal.error_at = static_cast<uint32_t>(begin + unescaper.at());
    return literal;
  }
  literal.length = static_cast<uint32_t>(end + quotes.size());
  return literal;
}

}  // namespace verdict::rule
