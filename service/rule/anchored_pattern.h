// The patterns that rules mostly are made of, `^[a-z]+[0-9]{4,}@`, without RE2: a quarter of its
// time on a short text.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace verdict::rule {

// Sets of ASCII characters in a row, each so many times, from the start of the text on. Taken are
// only patterns where no set that may stop early shares a character with what may come after it:
// then taking as many as there are is the one way to match, and no step is taken twice.
// Immutable. Thread-safe.
class AnchoredPattern {
 public:
  // Nothing where RE2 is needed. REQUIRES: RE2 takes `pattern` (its default syntax).
  static std::optional<AnchoredPattern> From(std::string_view pattern);
  // The same as RE2's partial match, of any bytes.
  bool MatchesStartOf(std::string_view text) const;

 private:
  friend class AnchoredPatternReader;
  struct Run {
    std::bitset<256> set;
    uint32_t least = 1;
    uint32_t most = 1;  // kUnbounded: no end
  };
  static constexpr uint32_t kUnbounded = UINT32_MAX;

  bool TakesOneWayOnly() const;

  std::vector<Run> runs_;
  bool to_end_ = false;  // `$`
};

}  // namespace verdict::rule
