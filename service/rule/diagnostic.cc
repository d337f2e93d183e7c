// A diagnostic as people read it: place, severity, code and message; then the rule, the expression
// and the caret.
#include "rule/diagnostic.h"

#include <string_view>

#include "absl/strings/str_format.h"

namespace verdict::rule {
namespace {

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kCaretColor = "\x1b[1;32m";

struct SeverityLook {
  std::string_view name;
  std::string_view color;
};

SeverityLook LookOf(Severity severity) {
  switch (severity) {
    case Severity::kError:
      return {"error", "\x1b[1;31m"};
    case Severity::kWarning:
      return {"warning", "\x1b[1;35m"};
    case Severity::kHint:
      return {"hint", "\x1b[1;36m"};
  }
  return {"error", ""};
}

std::string Heading(const Diagnostic& d, bool color) {
  const SeverityLook look = LookOf(d.severity);
  std::string place = d.place.file;
  if (d.place.line > 0) {
    place += absl::StrFormat("%s%d:%d", place.empty() ? "" : ":", d.place.line, d.place.column);
  }
  if (!place.empty()) place += ": ";
  if (!color) return absl::StrFormat("%s%s[%s]: %s\n", place, look.name, d.code, d.message);
  return absl::StrFormat("%s%s%s%s[%s]%s%s: %s%s\n", kBold, place, look.color, look.name, d.code,
                         kPlain, kBold, d.message, kPlain);
}

// What lies under each code point before the caret: tabs stay tabs so that the caret stands right.
std::string Indent(std::string_view line, int columns) {
  std::string indent;
  for (size_t i = 0; i < line.size() && columns > 0; ++i) {
    if ((static_cast<unsigned char>(line[i]) & 0xC0) == 0x80) continue;
    indent += line[i] == '\t' ? '\t' : ' ';
    --columns;
  }
  if (columns > 0) indent.append(static_cast<size_t>(columns), ' ');
  return indent;
}

int CodePoints(std::string_view text) {
  int count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// The expression may have several lines; the caret stands under the one it points into.
std::string Picture(const Diagnostic& d, bool color) {
  std::string out;
  std::string_view rest = d.expression;
  int before = d.caret_column - 1;  // code points from the start of the line to the caret
  bool pointed = d.caret_column <= 0;
  while (true) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    absl::StrAppendFormat(&out, "    |  %s\n", line);
    const int length = CodePoints(line);
    if (!pointed && before <= length) {
      pointed = true;
      int carets = d.caret_length > 1 ? d.caret_length : 1;
      if (carets > length - before) carets = length - before > 0 ? length - before : 1;
      const std::string marks(static_cast<size_t>(carets), '^');
      absl::StrAppendFormat(&out, "    |  %s%s%s%s%s%s\n", Indent(line, before),
                            color ? kCaretColor : "", marks, d.label.empty() ? "" : " ", d.label,
                            color ? kPlain : "");
    }
    before -= length + 1;
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  if (d.caret_column <= 0 && !d.label.empty()) absl::StrAppendFormat(&out, "    |  %s\n", d.label);
  return out;
}

}  // namespace

std::string FormatDiagnostic(const Diagnostic& diagnostic, bool color) {
  std::string out = Heading(diagnostic, color);
  if (!diagnostic.rule_title.empty()) {
    out += "  " + diagnostic.rule_title + "\n";
  } else if (!diagnostic.rule_id.empty()) {
    out += "  rule " + diagnostic.rule_id + "\n";
  }
  if (!diagnostic.expression.empty()) {
    out += Picture(diagnostic, color);
  } else if (!diagnostic.label.empty()) {
    out += "    " + diagnostic.label + "\n";
  }
  for (const std::string& note : diagnostic.notes) out += "  " + note + "\n";
  return out;
}

}  // namespace verdict::rule
