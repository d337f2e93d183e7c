// Scalars to and from their CEL spelling.
#include "rule/text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace verdict::rule {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Scientific form for exponents below -4 or from 21 up; amounts are read by people.
std::string ShortestGeneral(double d) {
  char buffer[64];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::scientific).ptr;
  const std::string scientific(buffer, end);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  if (exponent < -4 || exponent >= 21) return scientific;
  end = std::to_chars(buffer, buffer + sizeof(buffer), d, std::chars_format::fixed).ptr;
  return std::string(buffer, end);
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// The length of the UTF-8 sequence at the start of `text`, 0 where there is none.
size_t SequenceLength(std::string_view text) {
  const auto b0 = static_cast<unsigned char>(text[0]);
  const size_t length = b0 < 0x80   ? 1
                        : b0 < 0xC2 ? 0
                        : b0 < 0xE0 ? 2
                        : b0 < 0xF0 ? 3
                        : b0 < 0xF5 ? 4
                                    : 0;
  if (length == 0 || length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
  }
  if (length < 3) return length;
  const auto b1 = static_cast<unsigned char>(text[1]);
  if (b0 == 0xE0 && b1 < 0xA0) return 0;   // overlong
  if (b0 == 0xED && b1 >= 0xA0) return 0;  // surrogates
  if (b0 == 0xF0 && b1 < 0x90) return 0;   // overlong
  if (b0 == 0xF4 && b1 >= 0x90) return 0;  // beyond U+10FFFF
  return length;
}

void AppendEscaped(char c, char quote, std::string* out) {
  switch (c) {
    case '\n':
      *out += "\\n";
      return;
    case '\r':
      *out += "\\r";
      return;
    case '\t':
      *out += "\\t";
      return;
    case '\\':
      *out += "\\\\";
      return;
    default:
      break;
  }
  if (c == quote) {
    out->append(1, '\\').append(1, c);
  } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
    absl::StrAppendFormat(out, "\\x%02x", static_cast<unsigned char>(c));
  } else {
    *out += c;
  }
}

// `.5`, `.25`, nothing for 0.
std::string Decimals(int64_t nanos) {
  if (nanos == 0) return "";
  std::string digits = absl::StrFormat(".%09d", nanos);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

// Reads exactly `count` digits.
bool TakeDigits(std::string_view* text, int count, int* value) {
  if (text->size() < static_cast<size_t>(count)) return false;
  *value = 0;
  for (int i = 0; i < count; ++i) {
    const char c = (*text)[static_cast<size_t>(i)];
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  text->remove_prefix(static_cast<size_t>(count));
  return true;
}

bool TakeChar(std::string_view* text, std::string_view any_of) {
  if (text->empty() || any_of.find(text->front()) == std::string_view::npos) return false;
  text->remove_prefix(1);
  return true;
}

// After the point: one to nine digits of a second.
bool TakeNanos(std::string_view* text, int64_t* nanos) {
  int digits = 0;
  *nanos = 0;
  while (!text->empty() && text->front() >= '0' && text->front() <= '9' && digits < 9) {
    *nanos = *nanos * 10 + (text->front() - '0');
    text->remove_prefix(1);
    ++digits;
  }
  for (int i = digits; i < 9; ++i) *nanos *= 10;
  return digits > 0;
}

// `Z`, `+01:00`; the whole rest of `text`.
bool TakeOffset(std::string_view* text, int64_t* seconds) {
  *seconds = 0;
  if (TakeChar(text, "Zz")) return text->empty();
  if (text->empty()) return false;
  const int64_t sign = text->front() == '-' ? -1 : 1;
  int hours = 0;
  int minutes = 0;
  if (!TakeChar(text, "+-") || !TakeDigits(text, 2, &hours) || !TakeChar(text, ":") ||
      !TakeDigits(text, 2, &minutes) || hours > 23 || minutes > 59) {
    return false;
  }
  *seconds = sign * (hours * 3600 + minutes * 60);
  return text->empty();
}

struct DurationUnit {
  std::string_view name;
  int64_t nanos;
};
// Longer names first, so that `m` does not eat the start of `ms`.
constexpr DurationUnit kDurationUnits[] = {{"ns", 1},
                                           {"us", 1'000},
                                           {"\u00b5s", 1'000},
                                           {"\u03bcs", 1'000},
                                           {"ms", 1'000'000},
                                           {"s", kNanosPerSecond},
                                           {"m", 60 * kNanosPerSecond},
                                           {"h", 3600 * kNanosPerSecond}};

// One `1.5h`; its nanoseconds are added to `sum`.
bool TakeDurationPart(std::string_view* text, __int128* sum) {
  __int128 whole = 0;
  bool digits = false;
  auto digit = [&] { return !text->empty() && text->front() >= '0' && text->front() <= '9'; };
  for (; digit(); text->remove_prefix(1), digits = true) {
    whole = whole * 10 + (text->front() - '0');
    if (whole > __int128{1} << 63) return false;
  }
  int64_t fraction = 0;
  int64_t scale = 1;
  if (TakeChar(text, ".")) {
    for (; digit(); text->remove_prefix(1), digits = true) {
      if (scale > kNanosPerSecond * kNanosPerSecond / 10) continue;  // beyond what can count
      fraction = fraction * 10 + (text->front() - '0');
      scale *= 10;
    }
  }
  if (!digits) return false;
  for (const DurationUnit& unit : kDurationUnits) {
    if (!text->starts_with(unit.name)) continue;
    text->remove_prefix(unit.name.size());
    *sum += whole * unit.nanos + static_cast<__int128>(fraction) * unit.nanos / scale;
    return true;
  }
  return false;
}

}  // namespace

std::string DoubleText(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d > 0 ? "+Inf" : "-Inf";
  return ShortestGeneral(d);
}

std::string DoubleLiteral(double d) {
  std::string text = DoubleText(d);
  if (text.find_first_of(".eIN") == std::string::npos) text += ".0";
  return text;
}

std::string QuotedText(std::string_view text, char quote) {
  std::string out(1, quote);
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length > 1) {
      out += text.substr(0, length);
    } else if (length == 1) {
      AppendEscaped(text[0], quote, &out);
    } else {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(text[0]));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + quote;
}

std::string QuotedBytes(std::string_view bytes, char quote) {
  std::string out(1, quote);
  for (char c : bytes) {
    if (static_cast<unsigned char>(c) >= 0x80) {
      absl::StrAppendFormat(&out, "\\x%02x", static_cast<unsigned char>(c));
    } else {
      AppendEscaped(c, quote, &out);
    }
  }
  return out + quote;
}

std::string TimestampText(const Value& timestamp) {
  int64_t seconds = timestamp.integer() / 1000;
  int64_t ms = timestamp.integer() % 1000;
  if (ms < 0) {
    ms += 1000;
    --seconds;
  }
  const absl::CivilSecond civil =
      absl::ToCivilSecond(absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d%sZ", civil.year(), civil.month(),
                         civil.day(), civil.hour(), civil.minute(), civil.second(),
                         Decimals(ms * 1'000'000 + timestamp.nanos_of_ms()));
}

std::string DurationText(int64_t nanos) {
  const bool negative = nanos < 0;
  const uint64_t size = negative ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  return absl::StrFormat("%s%d%ss", negative ? "-" : "", size / kNanosPerSecond,
                         Decimals(static_cast<int64_t>(size % kNanosPerSecond)));
}

std::optional<Value> ParseTimestamp(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (!TakeDigits(&text, 4, &year) || !TakeChar(&text, "-") || !TakeDigits(&text, 2, &month) ||
      !TakeChar(&text, "-") || !TakeDigits(&text, 2, &day) || !TakeChar(&text, "Tt") ||
      !TakeDigits(&text, 2, &hour) || !TakeChar(&text, ":") || !TakeDigits(&text, 2, &minute) ||
      !TakeChar(&text, ":") || !TakeDigits(&text, 2, &second)) {
    return std::nullopt;
  }
  int64_t nanos = 0;
  int64_t offset = 0;
  if (TakeChar(&text, ".") && !TakeNanos(&text, &nanos)) return std::nullopt;
  if (!TakeOffset(&text, &offset)) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const absl::CivilDay date(year, month, day);
  if (year < 1 || date.month() != month || date.day() != day) return std::nullopt;
  const int64_t days = date - absl::CivilDay(1970, 1, 1);
  const int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
  if (seconds < kMinTimestampSeconds || seconds > kMaxTimestampSeconds) return std::nullopt;
  return Value::Timestamp(seconds * 1000 + nanos / 1'000'000,
                          static_cast<uint32_t>(nanos % 1'000'000));
}

std::optional<int64_t> ParseDuration(std::string_view text) {
  const bool negative = !text.empty() && text.front() == '-';
  TakeChar(&text, "+-");
  if (text == "0") return 0;
  if (text.empty()) return std::nullopt;
  __int128 sum = 0;
  while (!text.empty()) {
    if (!TakeDurationPart(&text, &sum)) return std::nullopt;
  }
  if (negative) sum = -sum;
  if (sum > std::numeric_limits<int64_t>::max() || sum < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(sum);
}

bool IsName(std::string_view text) {
  for (const char& c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    const bool digit = c >= '0' && c <= '9' && &c != text.data();
    if (!letter && !digit) return false;
  }
  return !text.empty();
}

int64_t CodePointCount(std::string_view text) {
  int64_t count = 0;
  for (char c : text) count += !IsContinuation(c);
  return count;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

void AppendUtf8(uint32_t code, std::string* out) {
  auto put = [out](uint32_t byte) { *out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace verdict::rule
