// ISO 4217 currencies and how their minor units read in major ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace verdict::model {

// Digits after the point: 2 for EUR, 0 for JPY, 3 for BHD. None for a code that ISO 4217 does not
// list.
std::optional<int> CurrencyExponent(std::string_view currency);

// 100 for EUR, 1 for JPY. An unknown currency counts as exponent 2.
int64_t MinorUnitsPerMajor(std::string_view currency);

// Major units as a double, for rules and people; never added up. An unknown currency counts as
// exponent 2.
double ToMajorUnits(int64_t minor, std::string_view currency);

// "1,234.50 EUR".
std::string FormatMoney(int64_t minor, std::string_view currency);

}  // namespace verdict::model
