// A reader of the small part of RE2's syntax that is simple everywhere; at anything else it gives
// up.
#include "rule/anchored_pattern.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace verdict::rule {

// One use. Each step is false, or nothing, where RE2 is needed.
class AnchoredPatternReader {
 public:
  explicit AnchoredPatternReader(std::string_view text) : rest_(text) {}

  bool Read(AnchoredPattern* out) {
    if (!Take('^')) return false;
    while (!rest_.empty()) {
      if (rest_ == "$") return out->to_end_ = true;
      AnchoredPattern::Run run;
      if (!ReadSet(&run.set) || !ReadCount(&run)) return false;
      out->runs_.push_back(run);
    }
    return true;
  }

 private:
  static constexpr uint32_t kMostTimes = 1000;  // RE2's own

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  static void AddRange(unsigned char first, unsigned char last, std::bitset<256>* set) {
    for (unsigned c = first; c <= last; ++c) set->set(c);
  }

  bool ReadSet(std::bitset<256>* set) {
    if (Take('[')) return ReadClass(set);
    if (Take('\\')) return ReadEscape(set);
    const char c = rest_.front();
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) return false;
    if (std::string_view(".|()[]{}*+?^$\\").find(c) != std::string_view::npos) return false;
    set->set(static_cast<unsigned char>(c));
    return Take(c);
  }

  // After the backslash.
  bool ReadEscape(std::bitset<256>* set) {
    if (rest_.empty()) return false;
    const auto c = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    if (c == 'd' || c == 'w') AddRange('0', '9', set);
    if (c == 'w') {
      AddRange('a', 'z', set);
      AddRange('A', 'Z', set);
      set->set('_');
    }
    if (c == 'd' || c == 'w') return true;
    if (!absl::ascii_ispunct(c)) return false;
    set->set(c);
    return true;
  }

  // After the bracket. A `-` that is no range may stand first or last alone.
  bool ReadClass(std::bitset<256>* set) {
    if (rest_.empty() || rest_.front() == '^' || rest_.front() == ']') return false;
    for (bool first = true; !Take(']'); first = false) {
      if (rest_.empty() || rest_.front() == '[') return false;
      if (Take('\\')) {
        if (!ReadEscape(set) || (!rest_.empty() && rest_.front() == '-')) return false;
        continue;
      }
      const auto c = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (!absl::ascii_isprint(c)) return false;
      const bool last = !rest_.empty() && rest_.front() == ']';
      if (c == '-' && !first && !last) return false;
      const bool range = rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']';
      if (!range) {
        set->set(c);
        continue;
      }
      const auto end = static_cast<unsigned char>(rest_[1]);
      rest_.remove_prefix(2);
      if (c == '-' || !absl::ascii_isalnum(end) || end < c) return false;
      AddRange(c, end, set);
    }
    return true;
  }

  std::optional<uint32_t> ReadNumber() {
    uint32_t number = 0;
    size_t digits = 0;
    while (digits < rest_.size() &&
           absl::ascii_isdigit(static_cast<unsigned char>(rest_[digits]))) {
      number = number * 10 + static_cast<uint32_t>(rest_[digits] - '0');
      if (++digits > 4 || number > kMostTimes) return std::nullopt;
    }
    rest_.remove_prefix(digits);
    return digits > 0 ? std::optional<uint32_t>(number) : std::nullopt;
  }

  bool ReadCount(AnchoredPattern::Run* run) {
    if (Take('?')) {
      run->least = 0;
    } else if (Take('*')) {
      run->least = 0;
      run->most = AnchoredPattern::kUnbounded;
    } else if (Take('+')) {
      run->most = AnchoredPattern::kUnbounded;
    } else if (Take('{')) {
      const std::optional<uint32_t> least = ReadNumber();
      if (!least) return false;
      run->least = run->most = *least;
      if (Take(',')) {
        run->most = AnchoredPattern::kUnbounded;
        if (const std::optional<uint32_t> most = ReadNumber()) run->most = *most;
      }
      if (!Take('}') || run->most < run->least) return false;
    }
    // Lazy ones and counts of counts.
    return rest_.empty() || std::string_view("?*+{").find(rest_.front()) == std::string_view::npos;
  }

  std::string_view rest_;
};

std::optional<AnchoredPattern> AnchoredPattern::From(std::string_view pattern) {
  AnchoredPattern anchored;
  if (!AnchoredPatternReader(pattern).Read(&anchored)) return std::nullopt;
  return anchored.TakesOneWayOnly() ? std::optional(std::move(anchored)) : std::nullopt;
}

bool AnchoredPattern::TakesOneWayOnly() const {
  for (size_t i = 0; i < runs_.size(); ++i) {
    if (runs_[i].least == runs_[i].most) continue;
    for (size_t next = i + 1; next < runs_.size(); ++next) {
      if ((runs_[i].set & runs_[next].set).any()) return false;
      if (runs_[next].least > 0) break;
    }
  }
  return true;
}

bool AnchoredPattern::MatchesStartOf(std::string_view text) const {
  size_t at = 0;
  for (const Run& run : runs_) {
    const size_t end = run.most < text.size() - at ? at + run.most : text.size();
    const size_t least = at + run.least;
    while (at < end && run.set[static_cast<unsigned char>(text[at])]) ++at;
    if (at < least) return false;
  }
  return !to_end_ || at == text.size();
}

}  // namespace verdict::rule
