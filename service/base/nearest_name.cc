// Levenshtein's distance by rows, over names short enough that its cost does not matter.
#include "base/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace verdict::base {
namespace {

constexpr size_t kNameLengthMax = 160;

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string NearestName(std::string_view name, const std::vector<std::string>& names) {
  std::string nearest;
  if (name.empty() || name.size() > kNameLengthMax) return nearest;
  size_t allowed = std::max<size_t>(1, name.size() / 3);
  for (const std::string& candidate : names) {
    if (candidate.size() > kNameLengthMax) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance > allowed) continue;
    nearest = candidate;
    if (distance == 0) break;
    allowed = distance - 1;
  }
  return nearest;
}

}  // namespace verdict::base
