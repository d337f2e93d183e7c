// Findings to diagnostics: byte spans to places of the file, fixes that were tried.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "rule/expression.h"
#include "rule/finding.h"

namespace verdict::rule {

// At most this many diagnostics of one expression.
inline constexpr size_t kMaxFindings = 20;

// One finding, without its fixes.
Diagnostic DiagnosticOf(const Source& source, const Finding& finding);

// `compiles` tells whether a repaired text would compile; only such fixes are offered, alone or
// with those of all other errors.
void Report(const Source& source, const Findings& findings,
            const std::function<bool(const std::string& repaired)>& compiles,
            std::vector<Diagnostic>* diagnostics);

}  // namespace verdict::rule
