// The name that someone who mistyped probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace verdict::base {

// The first of the nearest among `names`, by edits of one letter; empty where none is near (over a
// third of `name` would have to change) or `name` is longer than any name.
std::string NearestName(std::string_view name, const std::vector<std::string>& names);

}  // namespace verdict::base
