// Whole numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace verdict::base {

std::string WithThousands(int64_t value);  // 1,234,567

}  // namespace verdict::base
