// A rule author's mistake, as data: code, place, message, and how to mend it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace verdict::rule {

enum class Severity : uint8_t { kError, kWarning, kHint };

// A stretch of a file. Line and column count from 1, in code points; length in code points.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  int length = 0;
};

// Text to put in place of `place`. Offered only where the repaired text compiles.
struct Fix {
  Place place;
  std::string text;
};

struct Diagnostic {
  std::string
      code;  // "R102"; R0xx syntax, R1xx names, R2xx types, R3xx literals, R4xx cost, R5xx files
  Severity severity = Severity::kError;
  Place place;
  std::string pointer;     // JSON pointer within the file: "/rules/0/when_all/0"
  std::string rule_id;     // empty outside a rule
  std::string rule_title;  // as printed: `rule a_b "Name", clause 1`; empty: made of rule_id
  std::string message;     // stands alone
  std::string expression;  // the expression as written, empty where there is none
  int caret_column = 0;    // from 1, in code points of `expression`; 0: no caret
  int caret_length = 0;
  std::string label;               // beside the caret, ends in the fix where there is one
  std::vector<std::string> notes;  // a line each, below
  std::vector<Fix> fixes;          // one mending; it may need several, all of them
};

inline bool HasErrors(const std::vector<Diagnostic>& diagnostics) {
  for (const Diagnostic& d : diagnostics) {
    if (d.severity == Severity::kError) return true;
  }
  return false;
}

// As people read it (RULES.md section 7); several lines, the last ends in '\n'.
std::string FormatDiagnostic(const Diagnostic& diagnostic, bool color);

}  // namespace verdict::rule
