// Numbers as files write them, read exactly: no double stands between a text and minor units.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace verdict::mapping {

// "1234", "-5", "+7": all of the text. Errors: InvalidArgument.
absl::StatusOr<int64_t> ParseWhole(std::string_view text);

// "12.34" with 2 `decimals` is 1234; "12", "12.3" and "12.3400" are taken too, "12.345" is not.
// Errors: InvalidArgument.
absl::StatusOr<int64_t> ParseDecimal(std::string_view text, int decimals);

}  // namespace verdict::mapping
