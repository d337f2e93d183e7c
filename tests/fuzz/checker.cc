// No text crashes the checker or the linter; what is refused is told, each offered fix compiles,
// and what compiles is bounded.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "rule/cel.h"
#include "rule/rule_fixture.h"
#include "rule/tree.h"

namespace {

using verdict::rule::Compiled;
using verdict::rule::Diagnostic;

void AsRule(const std::string& text) {
  const Compiled compiled = verdict::rule::Compile(text);
  for (const Diagnostic& d : compiled.diagnostics) verdict::rule::FormatDiagnostic(d, true);
  CHECK((compiled.expression == nullptr) == HasErrors(compiled.diagnostics));
  if (compiled.expression != nullptr) {
    CHECK(compiled.expression->cost().units < verdict::rule::kCostMax);
  }
}

void AsCel(const std::string& text) {
  static const verdict::rule::CelEnvironment& environment = *[] {
    auto* made = new verdict::rule::CelEnvironment("a.b");
    made->AddVariable("x", verdict::rule::TypeKind::kDyn);
    made->AddVariable("a.y", verdict::rule::TypeKind::kInt);
    return made;
  }();
  verdict::rule::Findings findings;
  verdict::rule::ParsedTree parsed =
      verdict::rule::Parse(text, &findings, verdict::rule::Profile::kCel);
  if (parsed.whole) verdict::rule::CheckCel(std::move(parsed.tree), environment, &findings);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  AsRule(text);
  AsCel(text);
  return 0;
}
