// Regular expressions by RE2, but for the simple ones.
#include "rule/pattern.h"

#include <re2/re2.h>

#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "rule/anchored_pattern.h"

namespace verdict::rule {
namespace {

// Immutable. Thread-safe.
class Re2Pattern : public Pattern {
 public:
  Re2Pattern(std::string_view text, const re2::RE2::Options& options)
      : re2_(re2::StringPiece(text.data(), text.size()), options) {}

  bool FoundIn(std::string_view text) const override {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), re2_);
  }
  int program() const override { return re2_.ProgramSize(); }
  const re2::RE2& re2() const { return re2_; }

 private:
  re2::RE2 re2_;
};

// Immutable. Thread-safe.
class SimplePattern : public Pattern {
 public:
  SimplePattern(AnchoredPattern pattern, int program)
      : pattern_(std::move(pattern)), program_(program) {}

  bool FoundIn(std::string_view text) const override { return pattern_.MatchesStartOf(text); }
  int program() const override { return program_; }

 private:
  AnchoredPattern pattern_;
  int program_;
};

}  // namespace

std::unique_ptr<const Pattern> Pattern::Compile(std::string_view text, std::string* error) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(kTableBytes);
  auto pattern = std::make_unique<Re2Pattern>(text, options);
  if (!pattern->re2().ok()) {
    *error = pattern->re2().error();
    return nullptr;
  }
  if (pattern->re2().ProgramSize() > kMaxProgram) {
    *error = absl::StrFormat("it is too large: %d steps of at most %d",
                             pattern->re2().ProgramSize(), kMaxProgram);
    return nullptr;
  }
  if (std::optional<AnchoredPattern> anchored = AnchoredPattern::From(text)) {
    return std::make_unique<SimplePattern>(*std::move(anchored), pattern->program());
  }
  return pattern;
}

}  // namespace verdict::rule
