// Every row of runs is tried from each of its runs on: a date before a number does not hide it.
#include "model/card_mask.h"

#include <cstddef>
#include <string_view>

#include "model/card_number.h"

namespace verdict::model {
namespace {

constexpr size_t kBytesMax = 2 * 19;  // 19 digits, with a blank or dash after each

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t EndOfRun(const std::string& text, size_t at) {
  while (at < text.size() && IsDigit(text[at])) ++at;
  return at;
}

// The end of the longest card number that begins with the run at `begin`; `begin` where none does.
size_t EndOfCardNumber(const std::string& text, size_t begin) {
  size_t longest = begin;
  for (size_t at = begin; at < text.size() && IsDigit(text[at]) && at - begin < kBytesMax;) {
    const size_t end = EndOfRun(text, at);
    if (LooksLikeCardNumber(std::string_view(text).substr(begin, end - begin))) {
      longest = end;
    }
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

}  // namespace verdict::model
