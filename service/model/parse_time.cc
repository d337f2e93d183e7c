// Times as people and files write them, read strictly: no field may roll over into the next.
#include <optional>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "model/business_day.h"

namespace verdict::model {
namespace {

// Reads from the front of a text; every function leaves it as it was where it returns nothing or
// false.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }

  bool Take(std::string_view any_of) {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `digits` digits that make a number of at most `max`.
  std::optional<int> Number(size_t digits, int max) {
    if (rest_.size() < digits) return std::nullopt;
    int number = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    if (number > max) return std::nullopt;
    rest_.remove_prefix(digits);
    return number;
  }

  // One to nine digits of a fraction, as milliseconds; finer digits are cut off.
  std::optional<int> FractionMs() {
    size_t digits = 0;
    int ms = 0;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (digits < 3) ms = ms * 10 + (rest_[digits] - '0');
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (size_t i = digits; i < 3; ++i) ms *= 10;
    rest_.remove_prefix(digits);
    return ms;
  }

 private:
  std::string_view rest_;
};

std::optional<absl::CivilDay> ReadDate(TimeReader& reader) {
  const auto year = reader.Number(4, 9'999);
  if (!year || !reader.Take("-")) return std::nullopt;
  const auto month = reader.Number(2, 12);
  if (!month || !reader.Take("-")) return std::nullopt;
  const auto day = reader.Number(2, 31);
  if (!day) return std::nullopt;
  const absl::CivilDay civil(*year, *month, *day);
  if (civil.month() != *month || civil.day() != *day) return std::nullopt;  // 31 April, month 0
  return civil;
}

// "08:15:00", "08:15:00.25", "08:15": milliseconds since midnight.
std::optional<int64_t> ReadTimeOfDay(TimeReader& reader) {
  const auto hour = reader.Number(2, 23);
  if (!hour || !reader.Take(":")) return std::nullopt;
  const auto minute = reader.Number(2, 59);
  if (!minute) return std::nullopt;
  int64_t ms = (int64_t{*hour} * 60 + *minute) * 60'000;
  if (!reader.Take(":")) return ms;
  const auto second = reader.Number(2, 59);
  if (!second) return std::nullopt;
  ms += int64_t{*second} * 1'000;
  if (!reader.Take(".,")) return ms;
  const auto fraction = reader.FractionMs();
  if (!fraction) return std::nullopt;
  return ms + *fraction;
}

// "Z", "+02:00", "-0330", or nothing: milliseconds east of UTC.
std::optional<int64_t> ReadOffset(TimeReader& reader) {
  if (reader.at_end() || reader.Take("Zz")) return 0;
  const bool east = reader.Take("+");
  if (!east && !reader.Take("-")) return std::nullopt;
  const auto hours = reader.Number(2, 23);
  if (!hours) return std::nullopt;
  reader.Take(":");
  const auto minutes = reader.Number(2, 59);
  if (!minutes) return std::nullopt;
  const int64_t ms = (int64_t{*hours} * 60 + *minutes) * 60'000;
  return east ? ms : -ms;
}

std::optional<int64_t> ReadTime(std::string_view text) {
  TimeReader reader(text);
  const auto day = ReadDate(reader);
  if (!day) return std::nullopt;
  const int64_t midnight_ms = (*day - absl::CivilDay(1970, 1, 1)) * int64_t{86'400'000};
  if (reader.at_end()) return midnight_ms;
  if (!reader.Take("Tt ")) return std::nullopt;
  const auto time_of_day_ms = ReadTimeOfDay(reader);
  if (!time_of_day_ms) return std::nullopt;
  const auto offset_ms = ReadOffset(reader);
  if (!offset_ms || !reader.at_end()) return std::nullopt;
  return midnight_ms + *time_of_day_ms - *offset_ms;
}

}  // namespace

absl::StatusOr<int64_t> ParseTimeMs(std::string_view text) {
  const std::optional<int64_t> time_ms = ReadTime(text);
  if (time_ms) return *time_ms;
  constexpr size_t kShownBytes = 64;
  return absl::InvalidArgumentError(absl::StrFormat(
      "`%s` is not a time: write 2019-03-31T08:15:00Z, 2019-03-31 08:15:00.250+02:00 or 2019-03-31",
      text.substr(0, kShownBytes)));
}

}  // namespace verdict::model
