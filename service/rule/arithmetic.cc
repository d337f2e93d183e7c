// + - * / % and negation: checked for ints, uints, times and durations; IEEE 754 for doubles.
#include <cstdint>
#include <limits>
#include <optional>

#include "rule/builtins.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;
constexpr int64_t kMinInt = std::numeric_limits<int64_t>::min();
constexpr int64_t kNanosPerMs = 1'000'000;

const Value kOverflow = Value::Error(ErrorCode::kOverflow);
const Value kDivideByZero = Value::Error(ErrorCode::kDivideByZero);

Value AddInt(Arguments v, EvaluationArena*) {
  int64_t out;
  return __builtin_add_overflow(v[0].integer(), v[1].integer(), &out) ? kOverflow : Value::Int(out);
}
Value SubtractInt(Arguments v, EvaluationArena*) {
  int64_t out;
  return __builtin_sub_overflow(v[0].integer(), v[1].integer(), &out) ? kOverflow : Value::Int(out);
}
Value MultiplyInt(Arguments v, EvaluationArena*) {
  int64_t out;
  return __builtin_mul_overflow(v[0].integer(), v[1].integer(), &out) ? kOverflow : Value::Int(out);
}
Value DivideInt(Arguments v, EvaluationArena*) {
  if (v[1].integer() == 0) return kDivideByZero;
  if (v[0].integer() == kMinInt && v[1].integer() == -1) return kOverflow;
  return Value::Int(v[0].integer() / v[1].integer());
}
Value RemainderInt(Arguments v, EvaluationArena*) {
  if (v[1].integer() == 0) return kDivideByZero;
  if (v[0].integer() == kMinInt && v[1].integer() == -1) return kOverflow;
  return Value::Int(v[0].integer() % v[1].integer());
}
Value NegateInt(Arguments v, EvaluationArena*) {
  return v[0].integer() == kMinInt ? kOverflow : Value::Int(-v[0].integer());
}

Value AddUint(Arguments v, EvaluationArena*) {
  uint64_t out;
  return __builtin_add_overflow(v[0].unsigned_integer(), v[1].unsigned_integer(), &out)
             ? kOverflow
             : Value::Uint(out);
}
Value SubtractUint(Arguments v, EvaluationArena*) {
  uint64_t out;
  return __builtin_sub_overflow(v[0].unsigned_integer(), v[1].unsigned_integer(), &out)
             ? kOverflow
             : Value::Uint(out);
}
Value MultiplyUint(Arguments v, EvaluationArena*) {
  uint64_t out;
  return __builtin_mul_overflow(v[0].unsigned_integer(), v[1].unsigned_integer(), &out)
             ? kOverflow
             : Value::Uint(out);
}
Value DivideUint(Arguments v, EvaluationArena*) {
  if (v[1].unsigned_integer() == 0) return kDivideByZero;
  return Value::Uint(v[0].unsigned_integer() / v[1].unsigned_integer());
}
Value RemainderUint(Arguments v, EvaluationArena*) {
  if (v[1].unsigned_integer() == 0) return kDivideByZero;
  return Value::Uint(v[0].unsigned_integer() % v[1].unsigned_integer());
}

Value AddDouble(Arguments v, EvaluationArena*) { return Value::Double(v[0].real() + v[1].real()); }
Value SubtractDouble(Arguments v, EvaluationArena*) {
  return Value::Double(v[0].real() - v[1].real());
}
Value MultiplyDouble(Arguments v, EvaluationArena*) {
  return Value::Double(v[0].real() * v[1].real());
}
Value DivideDouble(Arguments v, EvaluationArena*) {
  return Value::Double(v[0].real() / v[1].real());
}
Value NegateDouble(Arguments v, EvaluationArena*) { return Value::Double(-v[0].real()); }

Value AddString(Arguments v, EvaluationArena* arena) {
  return arena->Join(v[0].string(), v[1].string());
}
Value AddBytes(Arguments v, EvaluationArena* arena) {
  const Value joined = arena->Join(v[0].string(), v[1].string());
  return joined.is_error() ? joined : Value::Bytes(joined.string());
}

__int128 Nanos(const Value& timestamp) {
  return static_cast<__int128>(timestamp.integer()) * kNanosPerMs + timestamp.nanos_of_ms();
}

Value TimestampOfNanos(__int128 nanos) {
  constexpr __int128 kNanosPerSecond = 1'000'000'000;
  if (nanos < kMinTimestampSeconds * kNanosPerSecond ||
      nanos >= (kMaxTimestampSeconds + 1) * kNanosPerSecond) {
    return kOverflow;
  }
  int64_t ms = static_cast<int64_t>(nanos / kNanosPerMs);
  int64_t rest = static_cast<int64_t>(nanos % kNanosPerMs);
  if (rest < 0) {
    rest += kNanosPerMs;
    --ms;
  }
  return Value::Timestamp(ms, static_cast<uint32_t>(rest));
}

Value AddTimestampDuration(Arguments v, EvaluationArena*) {
  return TimestampOfNanos(Nanos(v[0]) + v[1].integer());
}
Value AddDurationTimestamp(Arguments v, EvaluationArena*) {
  return TimestampOfNanos(Nanos(v[1]) + v[0].integer());
}
Value SubtractTimestampDuration(Arguments v, EvaluationArena*) {
  return TimestampOfNanos(Nanos(v[0]) - v[1].integer());
}
Value SubtractTimestamps(Arguments v, EvaluationArena*) {
  const __int128 nanos = Nanos(v[0]) - Nanos(v[1]);
  if (nanos > std::numeric_limits<int64_t>::max() || nanos < kMinInt) return kOverflow;
  return Value::Duration(static_cast<int64_t>(nanos));
}
Value AddDurations(Arguments v, EvaluationArena* arena) {
  const Value sum = AddInt(v, arena);
  return sum.is_error() ? sum : Value::Duration(sum.integer());
}
Value SubtractDurations(Arguments v, EvaluationArena* arena) {
  const Value difference = SubtractInt(v, arena);
  return difference.is_error() ? difference : Value::Duration(difference.integer());
}
Value NegateDuration(Arguments v, EvaluationArena* arena) {
  const Value negative = NegateInt(v, arena);
  return negative.is_error() ? negative : Value::Duration(negative.integer());
}

using enum TypeKind;

constexpr Overload kOverloads[] = {
    {"+", false, 2, {kInt, kInt}, kInt, AddInt},
    {"-", false, 2, {kInt, kInt}, kInt, SubtractInt},
    {"*", false, 2, {kInt, kInt}, kInt, MultiplyInt},
    {"/", false, 2, {kInt, kInt}, kInt, DivideInt},
    {"%", false, 2, {kInt, kInt}, kInt, RemainderInt},
    {"-", false, 1, {kInt}, kInt, NegateInt},
    {"+", false, 2, {kUint, kUint}, kUint, AddUint},
    {"-", false, 2, {kUint, kUint}, kUint, SubtractUint},
    {"*", false, 2, {kUint, kUint}, kUint, MultiplyUint},
    {"/", false, 2, {kUint, kUint}, kUint, DivideUint},
    {"%", false, 2, {kUint, kUint}, kUint, RemainderUint},
    {"+", false, 2, {kDouble, kDouble}, kDouble, AddDouble},
    {"-", false, 2, {kDouble, kDouble}, kDouble, SubtractDouble},
    {"*", false, 2, {kDouble, kDouble}, kDouble, MultiplyDouble},
    {"/", false, 2, {kDouble, kDouble}, kDouble, DivideDouble},
    {"-", false, 1, {kDouble}, kDouble, NegateDouble},
    {"+", false, 2, {kString, kString}, kString, AddString},
    {"+", false, 2, {kBytes, kBytes}, kBytes, AddBytes},
    {"+", false, 2, {kTimestamp, kDuration}, kTimestamp, AddTimestampDuration},
    {"+", false, 2, {kDuration, kTimestamp}, kTimestamp, AddDurationTimestamp},
    {"-", false, 2, {kTimestamp, kDuration}, kTimestamp, SubtractTimestampDuration},
    {"-", false, 2, {kTimestamp, kTimestamp}, kDuration, SubtractTimestamps},
    {"+", false, 2, {kDuration, kDuration}, kDuration, AddDurations},
    {"-", false, 2, {kDuration, kDuration}, kDuration, SubtractDurations},
    {"-", false, 1, {kDuration}, kDuration, NegateDuration},
};

}  // namespace

std::span<const Overload> ArithmeticOverloads() { return kOverloads; }

}  // namespace verdict::rule
