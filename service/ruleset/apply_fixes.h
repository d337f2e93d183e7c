// The fixes of diagnostics put into the text of their file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rule/diagnostic.h"

namespace verdict::ruleset {

// One diagnostic that was mended.
struct AppliedFix {
  std::string code;
  rule::Place place;   // of the diagnostic, before anything was mended
  std::string before;  // as it stood in the file, and as it stands there now
  std::string after;
};

struct MendedText {
  std::string text;
  std::vector<AppliedFix> applied;  // in the order of the file
  size_t left = 0;                  // diagnostics whose fix overlaps one that was applied
};

// The fixes of those `diagnostics` that are in `file`. What one diagnostic offers is applied whole
// or not at all, and where two overlap the first wins. Fixes are of expressions, so new text is
// written as it stands within a JSON string; no line is added or taken away.
// REQUIRES: `text` is what the diagnostics were found in.
MendedText ApplyFixes(const std::string& file, std::string_view text,
                      const std::vector<rule::Diagnostic>& diagnostics);

}  // namespace verdict::ruleset
