// The two halves of ValidateTransaction that lie in files of their own.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "model/transaction.h"
#include "rule/schema.h"

namespace verdict::decide {

enum class ControlCharacters : uint8_t { kRefused, kAllowed };

// Well-formed UTF-8 (RFC 3629). Errors: InvalidArgument naming `field` and the byte.
absl::Status CheckText(std::string_view field, std::string_view text, ControlCharacters controls);

// Declared attributes have their type, required ones are there and within their limits. Undeclared
// ones pass, and so do optional ones beyond a limit: both are left out of the record (a payer can
// cause the latter).
absl::Status ValidateAttributes(const model::Transaction& txn, const rule::Schema& schema);

}  // namespace verdict::decide
