// A small second look at the faulty place: the parser of the library says only that it is faulty.
#include "ruleset/json_errors.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "ruleset/json_document.h"

namespace verdict::ruleset {
namespace {

constexpr size_t kShownMax = 20;

bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The token at `at` as it is shown: "`}`", "the end of the file".
std::string Shown(std::string_view text, size_t at, size_t* length) {
  *length = 1;
  if (at >= text.size()) {
    *length = 0;
    return "the end of the file";
  }
  size_t end = at;
  if (IsWord(text[at])) {
    while (end < text.size() && IsWord(text[end])) ++end;
  } else if (text[at] == '"') {
    end = std::min(text.find('"', at + 1), text.size() - 1) + 1;
  } else {
    end = at + Utf8Length(text[at]);
  }
  end = std::min({end, text.size(), std::max(text.find('\n', at), at + 1)});
  *length = end - at;
  if (end - at > kShownMax) {
    size_t cut = at + kShownMax;
    while ((static_cast<unsigned char>(text[cut]) & 0xC0) == 0x80) --cut;
    return "`" + std::string(text.substr(at, cut - at)) + "...`";
  }
  return "`" + std::string(text.substr(at, end - at)) + "`";
}

JsonError Expected(std::string_view text, size_t at, std::string_view what) {
  JsonError error{.offset = at};
  std::string found = Shown(text, at, &error.length);
  error.message = absl::StrFormat("expected %s, found %s", what, found);
  return error;
}

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// What is wrong with the escape at `at`; an empty message where nothing is.
JsonError EscapeError(std::string_view text, size_t at) {
  JsonError error{.offset = at, .length = 2};
  if (at + 1 >= text.size()) return error;
  if (text[at + 1] == 'u') {
    error.length = std::min<size_t>(6, text.size() - at);
    std::string_view digits = text.substr(at + 2, 4);
    if (digits.size() < 4 || !std::all_of(digits.begin(), digits.end(), IsHex)) {
      error.message = "`\\u` needs four hexadecimal digits";
    } else if (digits[0] == 'd' || digits[0] == 'D') {
      bool low = digits[1] >= 'c' || (digits[1] >= 'C' && digits[1] <= 'F');
      bool paired = digits[1] >= '8' && !low && text.substr(at + 6, 3).starts_with("\\u");
      if (low || !paired) error.message = "`\\uD8..` and `\\uDC..` stand only as a pair";
    }
  } else if (std::string_view("\"\\/bfnrt").find(text[at + 1]) == std::string_view::npos) {
    size_t length = 1 + Utf8Length(text[at + 1]);
    error.message = absl::StrFormat("`%s` is no escape; a backslash itself is written `\\\\`",
                                    text.substr(at, length));
  }
  return error;
}

JsonError StringError(std::string_view text, size_t start) {
  for (size_t at = start + 1; at < text.size();) {
    char c = text[at];
    if (c == '"') {
      // Characters and escapes look sound, so its bytes are not.
      return {start, at + 1 - start, "this string is not UTF-8; save the file as UTF-8"};
    }
    if (c == '\n' || c == '\r') break;
    if (static_cast<unsigned char>(c) < 0x20) {
      return {at, 1,
              c == '\t' ? "a tab in a string is written `\\t`"
                        : "control characters in a string are written `\\u00..`"};
    }
    if (c == '\\') {
      JsonError error = EscapeError(text, at);
      if (!error.message.empty()) return error;
      at += 2;
      continue;
    }
    ++at;
  }
  return {start, 1, "this string does not end on its line; the closing `\"` is missing"};
}

// A value is wanted at `at`, and a parser refused what stands there.
JsonError ValueError(std::string_view text, size_t at, std::string_view expected) {
  if (at >= text.size()) return Expected(text, at, expected);
  char c = text[at];
  if (c == '"') return StringError(text, at);
  JsonError error = Expected(text, at, expected);
  if (c == '\'') error.message = "strings stand in double quotes; write `\"` for `'`";
  if (c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9')) {
    size_t end = std::min(text.find_first_of(" \t\r\n,:]}", at), text.size());
    error.length = end - at;
    error.message = absl::StrFormat("`%s` is not a number as JSON writes it, or is out of range",
                                    text.substr(at, std::min(end - at, kShownMax)));
  } else if (IsWord(c)) {
    error.message += "; bare words are `true`, `false` and `null`, text stands in double quotes";
  }
  return error;
}

JsonError KeyError(std::string_view text, size_t at, std::string_view expected) {
  if (at < text.size() && text[at] == '"') return StringError(text, at);
  JsonError error = Expected(text, at, expected);
  if (at < text.size() && (IsWord(text[at]) || text[at] == '\'')) {
    error.message += "; keys stand in double quotes";
  }
  return error;
}

// Behind a member or an item: a comma or the closing bracket.
JsonError AfterElement(std::string_view text, size_t at, char close) {
  bool member = close == '}';
  if (at >= text.size() || text[at] != ',') {
    JsonError error = Expected(text, at, member ? "`,` or `}`" : "`,` or `]`");
    if (at < text.size() && text[at] == '"') error.message += "; a comma is missing before it";
    if (at < text.size() && IsWord(text[at]) && (text[at] < '0' || text[at] > '9')) {
      error.message += "; is a `\"` before it missing, or one too many?";
    }
    return error;
  }
  size_t next = SkipBlanks(text, at + 1);
  if (next < text.size() && text[next] == close) {
    return {at, 1, absl::StrFormat("the last `,` before `%c` is one too many", close)};
  }
  return member ? KeyError(text, next, "a key") : ValueError(text, next, "a value");
}

}  // namespace

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size()) {
    if (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' || text[at] == '\n') {
      ++at;
    } else if (text.substr(at, 2) == "//") {
      at = std::min(text.find('\n', at), text.size());
    } else if (text.substr(at, 2) == "/*" && text.find("*/", at + 2) != std::string_view::npos) {
      at = text.find("*/", at + 2) + 2;
    } else {
      break;
    }
  }
  return std::min(at, text.size());
}

JsonError DescribeJsonError(std::string_view text, size_t from, JsonContext context) {
  size_t at = SkipBlanks(text, from);
  if (at < text.size() && text[at] == '/') {
    return text.substr(at, 2) == "/*"
               ? JsonError{at, 2, "this comment does not end; `*/` is missing"}
               : JsonError{at, 1, "a comment begins with `//`"};
  }
  switch (context) {
    case JsonContext::kStart:
      return ValueError(text, at, "`{`");
    case JsonContext::kObjectOpened:
      return KeyError(text, at, "a key or `}`");
    case JsonContext::kArrayOpened:
      return ValueError(text, at, "a value or `]`");
    case JsonContext::kKeyRead:
      if (at >= text.size() || text[at] != ':') return Expected(text, at, "`:` after the key");
      return ValueError(text, SkipBlanks(text, at + 1), "a value");
    case JsonContext::kMemberRead:
      return AfterElement(text, at, '}');
    case JsonContext::kItemRead:
      return AfterElement(text, at, ']');
    case JsonContext::kEnd:
      return Expected(text, at, "the end of the file");
  }
  return Expected(text, at, "JSON");
}

}  // namespace verdict::ruleset
