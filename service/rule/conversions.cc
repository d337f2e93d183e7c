// int(), uint(), double(), string(), bytes(), bool(), timestamp(), duration(): range-checked.
#include <charconv>
#include <cmath>
#include <system_error>

#include "rule/builtins.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;
constexpr int64_t kNanosPerSecond = 1'000'000'000;

Value Unreadable() { return Value::Error(ErrorCode::kConversion); }

Value Same(Arguments v, EvaluationArena*) { return v[0]; }

template <typename Number>
bool ReadNumber(std::string_view text, Number* out) {
  const bool plus = text.starts_with('+');
  if (plus) text.remove_prefix(1);
  const bool two_signs = plus && text.starts_with('-');
  if (text.empty() || text.front() == '+' || two_signs) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size();
}

// The limits are exclusive: a double cannot tell 2^63 - 1 from 2^63.
Value IntOfDouble(Arguments v, EvaluationArena*) {
  const double d = v[0].real();
  return d > -kTwoTo63 && d < kTwoTo63 ? Value::Int(static_cast<int64_t>(d)) : Unreadable();
}
Value IntOfUint(Arguments v, EvaluationArena*) {
  const uint64_t u = v[0].unsigned_integer();
  return u <= INT64_MAX ? Value::Int(static_cast<int64_t>(u)) : Unreadable();
}
Value IntOfString(Arguments v, EvaluationArena*) {
  int64_t i = 0;
  return ReadNumber(v[0].string(), &i) ? Value::Int(i) : Unreadable();
}
Value IntOfTimestamp(Arguments v, EvaluationArena*) {
  const int64_t ms = v[0].integer();
  return Value::Int(ms / 1000 - (ms % 1000 < 0 ? 1 : 0));
}

Value UintOfInt(Arguments v, EvaluationArena*) {
  return v[0].integer() >= 0 ? Value::Uint(static_cast<uint64_t>(v[0].integer())) : Unreadable();
}
Value UintOfDouble(Arguments v, EvaluationArena*) {
  const double d = v[0].real();
  return d >= 0 && d < kTwoTo64 ? Value::Uint(static_cast<uint64_t>(d)) : Unreadable();
}
Value UintOfString(Arguments v, EvaluationArena*) {
  uint64_t u = 0;
  return ReadNumber(v[0].string(), &u) ? Value::Uint(u) : Unreadable();
}

Value DoubleOfInt(Arguments v, EvaluationArena*) {
  return Value::Double(static_cast<double>(v[0].integer()));
}
Value DoubleOfUint(Arguments v, EvaluationArena*) {
  return Value::Double(static_cast<double>(v[0].unsigned_integer()));
}
Value DoubleOfString(Arguments v, EvaluationArena*) {
  double d = 0;
  return ReadNumber(v[0].string(), &d) ? Value::Double(d) : Unreadable();
}

Value StringOfInt(Arguments v, EvaluationArena* arena) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), v[0].integer()).ptr;
  return arena->CopyString({buffer, static_cast<size_t>(end - buffer)});
}
Value StringOfUint(Arguments v, EvaluationArena* arena) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof(buffer), v[0].unsigned_integer()).ptr;
  return arena->CopyString({buffer, static_cast<size_t>(end - buffer)});
}
Value StringOfDouble(Arguments v, EvaluationArena* arena) {
  return arena->CopyString(DoubleText(v[0].real()));
}
Value StringOfBool(Arguments v, EvaluationArena*) {
  return Value::String(v[0].boolean() ? "true" : "false");
}
Value StringOfBytes(Arguments v, EvaluationArena*) {
  return IsUtf8(v[0].string()) ? Value::String(v[0].string()) : Unreadable();
}
Value StringOfTimestamp(Arguments v, EvaluationArena* arena) {
  return arena->CopyString(TimestampText(v[0]));
}
Value StringOfDuration(Arguments v, EvaluationArena* arena) {
  return arena->CopyString(DurationText(v[0].integer()));
}

Value BytesOfString(Arguments v, EvaluationArena*) { return Value::Bytes(v[0].string()); }

Value BoolOfString(Arguments v, EvaluationArena*) {
  const std::string_view text = v[0].string();
  for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (text == yes) return Value::Bool(true);
  }
  for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (text == no) return Value::Bool(false);
  }
  return Unreadable();
}

Value TimestampOfString(Arguments v, EvaluationArena*) {
  return ParseTimestamp(v[0].string()).value_or(Unreadable());
}
Value TimestampOfInt(Arguments v, EvaluationArena*) {
  const int64_t seconds = v[0].integer();
  if (seconds < kMinTimestampSeconds || seconds > kMaxTimestampSeconds) return Unreadable();
  return Value::TimestampMs(seconds * 1000);
}
Value DurationOfString(Arguments v, EvaluationArena*) {
  const std::optional<int64_t> nanos = ParseDuration(v[0].string());
  return nanos.has_value() ? Value::Duration(*nanos) : Unreadable();
}

template <int64_t kNanosPerUnit>
Value WholeUnits(Arguments v, EvaluationArena*) {
  return Value::Int(v[0].integer() / kNanosPerUnit);
}
Value MillisecondsOfDuration(Arguments v, EvaluationArena*) {
  return Value::Int(v[0].integer() % kNanosPerSecond / 1'000'000);
}

using enum TypeKind;

constexpr Overload kOverloads[] = {
    {"int", false, 1, {kInt}, kInt, Same},
    {"int", false, 1, {kUint}, kInt, IntOfUint},
    {"int", false, 1, {kDouble}, kInt, IntOfDouble},
    {"int", false, 1, {kString}, kInt, IntOfString},
    {"int", false, 1, {kTimestamp}, kInt, IntOfTimestamp},
    {"uint", false, 1, {kUint}, kUint, Same},
    {"uint", false, 1, {kInt}, kUint, UintOfInt},
    {"uint", false, 1, {kDouble}, kUint, UintOfDouble},
    {"uint", false, 1, {kString}, kUint, UintOfString},
    {"double", false, 1, {kDouble}, kDouble, Same},
    {"double", false, 1, {kInt}, kDouble, DoubleOfInt},
    {"double", false, 1, {kUint}, kDouble, DoubleOfUint},
    {"double", false, 1, {kString}, kDouble, DoubleOfString},
    {"string", false, 1, {kString}, kString, Same},
    {"string", false, 1, {kInt}, kString, StringOfInt},
    {"string", false, 1, {kUint}, kString, StringOfUint},
    {"string", false, 1, {kDouble}, kString, StringOfDouble},
    {"string", false, 1, {kBool}, kString, StringOfBool},
    {"string", false, 1, {kBytes}, kString, StringOfBytes},
    {"string", false, 1, {kTimestamp}, kString, StringOfTimestamp},
    {"string", false, 1, {kDuration}, kString, StringOfDuration},
    {"bytes", false, 1, {kBytes}, kBytes, Same},
    {"bytes", false, 1, {kString}, kBytes, BytesOfString},
    {"bool", false, 1, {kBool}, kBool, Same},
    {"bool", false, 1, {kString}, kBool, BoolOfString},
    {"timestamp", false, 1, {kTimestamp}, kTimestamp, Same},
    {"timestamp", false, 1, {kString}, kTimestamp, TimestampOfString},
    {"timestamp", false, 1, {kInt}, kTimestamp, TimestampOfInt},
    {"duration", false, 1, {kDuration}, kDuration, Same},
    {"duration", false, 1, {kString}, kDuration, DurationOfString},
    {"getHours", true, 1, {kDuration}, kInt, WholeUnits<3600 * kNanosPerSecond>},
    {"getMinutes", true, 1, {kDuration}, kInt, WholeUnits<60 * kNanosPerSecond>},
    {"getSeconds", true, 1, {kDuration}, kInt, WholeUnits<kNanosPerSecond>},
    {"getMilliseconds", true, 1, {kDuration}, kInt, MillisecondsOfDuration},
};

}  // namespace

std::span<const Overload> ConversionOverloads() { return kOverloads; }

}  // namespace verdict::rule
