// Any text becomes a tree whose canonical spelling parses to the same spelling, or findings.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "rule/tree.h"

namespace {

void Parse(const std::string& text, verdict::rule::Profile profile) {
  verdict::rule::Findings findings;
  const verdict::rule::ParsedTree parsed = verdict::rule::Parse(text, &findings, profile);
  if (!parsed.whole) {
    CHECK(!findings.empty());
    return;
  }
  const std::string canonical = Unparse(parsed.tree);
  // Escapes may lengthen a text beyond the limit; then there is nothing to compare with.
  verdict::rule::Findings again;
  const verdict::rule::ParsedTree second = verdict::rule::Parse(canonical, &again, profile);
  CHECK(!second.whole || Unparse(second.tree) == canonical);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  Parse(text, verdict::rule::Profile::kRule);
  Parse(text, verdict::rule::Profile::kCel);
  return 0;
}
