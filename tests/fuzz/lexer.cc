// Any text becomes tokens that cover it in order, or findings within it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "rule/token.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using verdict::rule::Token;
  const std::string text(reinterpret_cast<const char*>(data), size);
  verdict::rule::Findings findings;
  uint32_t at = 0;
  for (const Token& token : verdict::rule::Lex(text, &findings)) {
    CHECK(token.span.begin >= at && token.span.end >= token.span.begin);
    CHECK(token.span.end <= text.size());
    at = token.span.end;
  }
  for (const verdict::rule::Finding& finding : findings) {
    CHECK(finding.span.begin <= finding.span.end && finding.span.end <= text.size());
  }
  return 0;
}
