// Findings to diagnostics.
#include "rule/report.h"

#include <algorithm>
#include <string_view>

#include "rule/text.h"

namespace verdict::rule {
namespace {

// The code point at a byte offset, from 0.
size_t CodePointAt(std::string_view text, uint32_t offset) {
  return static_cast<size_t>(CodePointCount(text.substr(0, offset)));
}

Source::Position PositionOf(const Source& source, size_t code_point) {
  if (source.place_of.empty()) return {1, static_cast<int>(code_point) + 1};
  return source.place_of[std::min(code_point, source.place_of.size() - 1)];
}

Place PlaceOf(const Source& source, Span span) {
  const size_t begin = CodePointAt(source.text, span.begin);
  const size_t end = CodePointAt(source.text, span.end);
  const Source::Position from = PositionOf(source, begin);
  const Source::Position to = PositionOf(source, end);
  // Through the file's escapes a stretch may be longer there than here.
  const int length = from.line == to.line ? to.column - from.column : static_cast<int>(end - begin);
  return {source.file, from.line, from.column, length};
}

std::string Repaired(const std::string& text, std::vector<Edit> edits) {
  std::stable_sort(edits.begin(), edits.end(),
                   [](const Edit& a, const Edit& b) { return a.span.begin < b.span.begin; });
  std::string out;
  size_t at = 0;
  for (const Edit& edit : edits) {
    if (edit.span.begin < at) return text;  // edits that overlap mend nothing
    out.append(text, at, edit.span.begin - at).append(edit.text);
    at = edit.span.end;
  }
  return out.append(text, at, std::string::npos);
}

// Whether the fixes of all errors (of all hints), applied at once, mend the text: `a and b and c`.
bool MendedTogether(const std::string& text, const Findings& findings, bool errors,
                    const std::function<bool(const std::string& repaired)>& compiles) {
  std::vector<Edit> all;
  for (const Finding& finding : findings) {
    if ((finding.severity == Severity::kError) != errors) continue;
    if (finding.edits.empty() && errors) return false;
    all.insert(all.end(), finding.edits.begin(), finding.edits.end());
  }
  return !all.empty() && compiles(Repaired(text, std::move(all)));
}

// Each is a compilation.
constexpr size_t kMaxTries = 8;

}  // namespace

Diagnostic DiagnosticOf(const Source& source, const Finding& finding) {
  Diagnostic d;
  d.code = finding.code;
  d.severity = finding.severity;
  d.place = PlaceOf(source, finding.span);
  d.pointer = source.pointer;
  d.rule_id = source.rule_id;
  d.message = finding.message;
  d.expression = source.text;
  d.caret_column = static_cast<int>(CodePointAt(source.text, finding.span.begin)) + 1;
  d.caret_length =
      static_cast<int>(CodePointAt(source.text, finding.span.end)) + 1 - d.caret_column;
  d.label = finding.label;
  return d;
}

void Report(const Source& source, const Findings& findings,
            const std::function<bool(const std::string& repaired)>& compiles,
            std::vector<Diagnostic>* diagnostics) {
  const bool errors_together = MendedTogether(source.text, findings, /*errors=*/true, compiles);
  const bool hints_together =
      !HasErrors(findings) && MendedTogether(source.text, findings, /*errors=*/false, compiles);
  size_t tries = kMaxTries;
  for (size_t i = 0; i < findings.size() && i < kMaxFindings; ++i) {
    const Finding& finding = findings[i];
    Diagnostic d = DiagnosticOf(source, finding);
    const bool error = finding.severity == Severity::kError;
    bool offered = !finding.edits.empty() && (error ? errors_together : hints_together);
    if (!offered && !finding.edits.empty() && tries > 0) {
      --tries;
      offered = compiles(Repaired(source.text, finding.edits));
    }
    if (offered) {
      if (!finding.fix_label.empty()) d.label += (d.label.empty() ? "" : "; ") + finding.fix_label;
      for (const Edit& edit : finding.edits)
        d.fixes.push_back({PlaceOf(source, edit.span), edit.text});
    }
    diagnostics->push_back(std::move(d));
  }
}

}  // namespace verdict::rule
