#include "mapping/exact_number.h"

#include <charconv>
#include <string>

#include "absl/strings/str_format.h"

namespace verdict::mapping {
namespace {

constexpr size_t kShownBytes = 64;

}  // namespace

absl::StatusOr<int64_t> ParseWhole(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size()) return value;
  return absl::InvalidArgumentError(
      absl::StrFormat("`%s` is not a whole number of 64 bits", text.substr(0, kShownBytes)));
}

absl::StatusOr<int64_t> ParseDecimal(std::string_view text, int decimals) {
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrFormat("`%s` %s", text.substr(0, kShownBytes), why));
  };
  const size_t point = text.find('.');
  if (point == std::string_view::npos && decimals == 0) return ParseWhole(text);
  std::string_view fraction = point == std::string_view::npos ? "" : text.substr(point + 1);
  std::string digits(text.substr(0, point));
  if (digits.empty() || digits.find_first_of("0123456789") == std::string::npos) {
    return refuse("is not an amount like 12.34");
  }
  if (fraction.find_first_not_of("0123456789") != std::string_view::npos) {
    return refuse("is not an amount like 12.34");
  }
  while (fraction.size() > static_cast<size_t>(decimals) && fraction.ends_with('0')) {
    fraction.remove_suffix(1);
  }
  if (fraction.size() > static_cast<size_t>(decimals)) {
    return refuse(absl::StrFormat("has more than the %d decimals of its currency", decimals));
  }
  digits.append(fraction);
  digits.append(static_cast<size_t>(decimals) - fraction.size(), '0');
  const absl::StatusOr<int64_t> value = ParseWhole(digits);
  if (!value.ok()) return refuse("is not an amount like 12.34, or too large");
  return value;
}

}  // namespace verdict::mapping
