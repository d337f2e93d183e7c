// Every row of runs is tried from each of its runs on: a date before a number does not hide it.
#include "cli/card_mask.h"

#include <cstddef>

namespace verdict::cli {
namespace {

constexpr size_t kDigitsMin = 13;
constexpr size_t kDigitsMax = 19;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t EndOfRun(const std::string& text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

bool PassesLuhn(const std::string& text, size_t begin, size_t end) {
  int sum = 0;
  bool doubled = false;
  for (size_t i = end; i-- > begin;) {
    if (!IsDigit(text[i])) continue;
    const int digit = (text[i] - '0') * (doubled ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
    doubled = !doubled;
  }
  return sum % 10 == 0;
}

// The end of the longest card number that begins with the run at `begin`; `begin` where none does.
size_t EndOfCardNumber(const std::string& text, size_t begin) {
  size_t longest = begin;
  size_t digits = 0;
  for (size_t at = begin; at < text.size() && IsDigit(text[at]);) {
    const size_t end = EndOfRun(text, at);
    digits += end - at;
    if (digits > kDigitsMax) break;
    if (digits >= kDigitsMin && PassesLuhn(text, begin, end)) longest = end;
    if (end == text.size() || (text[end] != ' ' && text[end] != '-')) break;
    at = end + 1;
  }
  return longest;
}

}  // namespace

void MaskCardNumbers(std::string* text) {
  for (size_t at = 0; at < text->size();) {
    if (!IsDigit((*text)[at])) {
      ++at;
      continue;
    }
    const size_t end = EndOfCardNumber(*text, at);
    for (size_t i = at; i < end; ++i) {
      if (IsDigit((*text)[i])) (*text)[i] = '*';
    }
    at = end > at ? end : EndOfRun(*text, at);
  }
}

}  // namespace verdict::cli
