// The nearest of some names, for "did you mean".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace verdict::rule {

// Empty where none is near: at most a third of the letters may differ (a swap of neighbours counts
// once).
std::string Nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace verdict::rule
