// Scalars to and from their CEL spelling.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rule/value.h"

namespace verdict::rule {

// The shortest decimal that reads back as `d`: `742.5`, `1e+21`, `NaN`, `+Inf`.
std::string DoubleText(double d);
// As a literal of the language: `742.5`, `500.0`.
std::string DoubleLiteral(double d);
// With quotes and escapes. Bytes that are not UTF-8 come out as \x.. (QuotedBytes alone reads those
// back).
std::string QuotedText(std::string_view text, char quote);
std::string QuotedBytes(std::string_view bytes, char quote);
// RFC 3339 in UTC with as many decimals as are needed: `2026-11-20T19:16:12.5Z`.
std::string TimestampText(const Value& timestamp);
// Seconds: `600s`, `0.25s`.
std::string DurationText(int64_t nanos);

// RFC 3339, years 0001 to 9999, up to nine decimals of a second.
std::optional<Value> ParseTimestamp(std::string_view text);
// CEL's (and Go's) durations: `1h30m`, `-1.5s`. Nothing where unreadable or beyond int64
// nanoseconds.
std::optional<int64_t> ParseDuration(std::string_view text);

// Seconds since the epoch of 0001-01-01T00:00:00Z and of the last second of 9999.
inline constexpr int64_t kMinTimestampSeconds = -62135596800;
inline constexpr int64_t kMaxTimestampSeconds = 253402300799;

// A word as names are: letters, digits and `_`, no digit in front.
bool IsName(std::string_view text);
// Length in code points.
int64_t CodePointCount(std::string_view text);
// False where `text` is not UTF-8 (overlong forms, surrogates and beyond U+10FFFF included).
bool IsUtf8(std::string_view text);
// REQUIRES: `code` is a Unicode scalar value.
void AppendUtf8(uint32_t code, std::string* out);

}  // namespace verdict::rule
