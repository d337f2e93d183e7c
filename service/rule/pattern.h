// A regular expression of a rule: RE2, compiled when the rule is loaded, bounded in size.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace verdict::rule {

// Immutable. Thread-safe.
class Pattern {
 public:
  // In instructions of the compiled program.
  static constexpr int kMaxProgram = 2000;

  // Null, with `*error` for people, where the text is no pattern or one too large.
  static std::unique_ptr<const Pattern> Compile(std::string_view text, std::string* error);
  virtual ~Pattern() = default;
  // True where some part of `text` matches.
  virtual bool FoundIn(std::string_view text) const = 0;
};

}  // namespace verdict::rule
