#include "base/thousands.h"

namespace verdict::base {

std::string WithThousands(int64_t value) {
  std::string digits = std::to_string(value);
  const size_t first = value < 0 ? 1 : 0;
  for (size_t i = digits.size(); i > first + 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string Counted(int64_t count, std::string_view what, std::string_view plural_end) {
  std::string text = WithThousands(count);
  text.append(" ").append(what);
  if (count != 1) text.append(plural_end);
  return text;
}

}  // namespace verdict::base
