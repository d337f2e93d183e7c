// Findings, and the nearest name to a misspelt one.
#include "ruleset/findings.h"

#include <algorithm>
#include <numeric>

namespace verdict::ruleset {
namespace {

constexpr size_t kNamesShownMax = 24;
constexpr size_t kNameLengthMax = 64;  // longer names are not compared: the table would be large

// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  std::iota(d[0].begin(), d[0].end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

rule::Diagnostic& Findings::Error(std::string code, rule::Place place, std::string message) {
  rule::Diagnostic& diagnostic = list_.emplace_back();
  diagnostic.code = std::move(code);
  diagnostic.place = std::move(place);
  diagnostic.message = std::move(message);
  diagnostic.rule_id = rule_id_;
  return diagnostic;
}

rule::Diagnostic& Findings::ErrorAt(std::string code, const JsonDocument& document,
                                    const JsonValue& value, std::string message) {
  rule::Diagnostic& diagnostic =
      Error(std::move(code), document.PlaceOf(value), std::move(message));
  diagnostic.pointer = JsonDocument::PointerTo(value);
  return diagnostic;
}

rule::Diagnostic& Findings::ErrorAtKey(std::string code, const JsonDocument& document,
                                       const JsonValue& member, std::string message) {
  rule::Diagnostic& diagnostic =
      Error(std::move(code), document.PlaceOfKey(member), std::move(message));
  diagnostic.pointer = JsonDocument::PointerTo(member);
  return diagnostic;
}

rule::Diagnostic& Findings::ErrorInFile(std::string code, std::string file, std::string message) {
  return Error(std::move(code), {.file = std::move(file), .line = 1, .column = 1, .length = 0},
               std::move(message));
}

size_t Findings::errors() const {
  return std::count_if(list_.begin(), list_.end(), [](const rule::Diagnostic& d) {
    return d.severity == rule::Severity::kError;
  });
}

std::string NearestName(std::string_view name, const std::vector<std::string>& names) {
  if (name.size() > kNameLengthMax) return "";
  size_t best = std::max<size_t>(1, name.size() / 3) + 1;
  std::string nearest;
  for (const std::string& candidate : names) {
    if (candidate.size() > kNameLengthMax) continue;
    size_t distance = EditDistance(name, candidate);
    if (distance < best) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string JoinNames(const std::vector<std::string>& names, std::string_view last_word) {
  std::string joined;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) joined += i + 1 == names.size() ? " " + std::string(last_word) + " " : ", ";
    joined += "`" + names[i] + "`";
  }
  return joined;
}

std::string NameAdvice(std::string_view name, const std::vector<std::string>& names) {
  std::string nearest = NearestName(name, names);
  if (!nearest.empty()) return "; did you mean `" + nearest + "`?";
  if (names.empty() || names.size() > kNamesShownMax) return "";
  return "; known " + std::string(names.size() == 1 ? "is " : "are ") + JoinNames(names, "and");
}

}  // namespace verdict::ruleset
