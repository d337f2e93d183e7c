// Whole numbers for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace verdict::base {

std::string WithThousands(int64_t value);  // 1,234,567
// "1 rule", "2,000 rules"; "2 fixes" with "es".
std::string Counted(int64_t count, std::string_view what, std::string_view plural_end = "s");

}  // namespace verdict::base
