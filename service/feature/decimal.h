// An int128 in decimal digits, as no library prints it.
#pragma once

#include <string>

#include "feature/tile.h"

namespace verdict::feature {

inline std::string Decimal(Int128 value) {
  const bool negative = value < 0;
  auto rest = static_cast<unsigned __int128>(value);
  if (negative) rest = -rest;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  return negative ? "-" + digits : digits;
}

}  // namespace verdict::feature
