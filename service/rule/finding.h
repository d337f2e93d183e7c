// What a phase found wrong, by byte span of the expression; becomes a Diagnostic once its place in
// the file is known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rule/diagnostic.h"

namespace verdict::rule {

// Bytes [begin, end) of the expression's text.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;
};

struct Edit {
  Span span;
  std::string text;
};

struct Finding {
  std::string_view code;  // "R102"; a literal
  Severity severity = Severity::kError;
  Span span;
  std::string message = {};
  std::string label = {};
  // One fix; it may need several edits. Its words join the label where the repaired text compiles.
  std::vector<Edit> edits = {};
  std::string fix_label = {};
};

using Findings = std::vector<Finding>;

inline bool HasErrors(const Findings& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kError) return true;
  }
  return false;
}

}  // namespace verdict::rule
