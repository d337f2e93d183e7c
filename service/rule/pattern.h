// A regular expression of a rule: RE2's, compiled when the rule is loaded, bounded in size.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace verdict::rule {

// Immutable. Thread-safe.
class Pattern {
 public:
  // In instructions of the compiled program.
  static constexpr int kMaxProgram = 2000;
  // RE2's own tables, in bytes. With its default (8 MiB) a text that makes ever new states costs up
  // to 5 ms, and a pattern up to 200 ms to compile; with this RE2 gives up on its tables early and
  // walks the program: 0.1 ms at most for 256 bytes, while ordinary patterns are as fast as before
  // (0.4 us).
  static constexpr int64_t kTableBytes = 64 << 10;

  // Null, with `*error` for people, where the text is no pattern or one too large.
  static std::unique_ptr<const Pattern> Compile(std::string_view text, std::string* error);
  virtual ~Pattern() = default;
  // True where some part of `text` matches.
  virtual bool FoundIn(std::string_view text) const = 0;
  // Its compiled steps.
  virtual int program() const = 0;
};

}  // namespace verdict::rule
