// Card numbers, which must never come in, nor stand in anything that is written.
#pragma once

#include <string_view>

namespace verdict::model {

// 13 to 19 digits that pass the Luhn check (ISO/IEC 7812-1), with or without blanks and dashes
// between them, and nothing else.
bool LooksLikeCardNumber(std::string_view text);

}  // namespace verdict::model
