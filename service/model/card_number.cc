#include "model/card_number.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace verdict::model {
namespace {

constexpr size_t kCardDigitsMin = 13;
constexpr size_t kCardDigitsMax = 19;

}  // namespace

bool LooksLikeCardNumber(std::string_view text) {
  std::array<uint8_t, kCardDigitsMax> digits{};
  size_t count = 0;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c < '0' || c > '9' || count == kCardDigitsMax) return false;
    digits[count++] = static_cast<uint8_t>(c - '0');
  }
  if (count < kCardDigitsMin) return false;
  int sum = 0;
  for (size_t i = 0; i < count; ++i) {
    const int digit = digits[count - 1 - i];
    const int doubled = i % 2 == 0 ? digit : digit * 2;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 == 0;
}

}  // namespace verdict::model
