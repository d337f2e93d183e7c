// The math library.
#include <cmath>

#include "rule/builtins.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;
constexpr int64_t kBits = 64;

bool IsNumber(const Value& v) {
  return v.kind() == Kind::kInt || v.kind() == Kind::kUint || v.kind() == Kind::kDouble;
}

// The first of those that stand before all others by `test`.
Value Extreme(Arguments numbers, Test test) {
  Value best = Value::Error(ErrorCode::kConversion);  // of an empty list
  for (const Value& v : numbers) {
    if (!IsNumber(v)) return Value::Error(ErrorCode::kType);
    if (v.kind() == Kind::kDouble && std::isnan(v.real()) && numbers.size() > 1) {
      return Value::Error(ErrorCode::kNotANumber);
    }
    const Value before = best.is_error() ? Value::Bool(true) : CompareValues(test, v, best);
    if (before.boolean()) best = v;
  }
  return best;
}
Value Greatest(Arguments v, EvaluationArena*) { return Extreme(v, Test::kGreater); }
Value Least(Arguments v, EvaluationArena*) { return Extreme(v, Test::kLess); }
Value GreatestOf(Arguments v, EvaluationArena*) { return Extreme(v[0].list(), Test::kGreater); }
Value LeastOf(Arguments v, EvaluationArena*) { return Extreme(v[0].list(), Test::kLess); }

template <double (*kFunction)(double)>
Value OfDouble(Arguments v, EvaluationArena*) {
  return Value::Double(kFunction(v[0].real()));
}
double Ceil(double d) { return std::ceil(d); }
double Floor(double d) { return std::floor(d); }
double Round(double d) { return std::round(d); }
double Trunc(double d) { return std::trunc(d); }
double Sqrt(double d) { return std::sqrt(d); }
Value SqrtOfInt(Arguments v, EvaluationArena*) {
  return Value::Double(std::sqrt(static_cast<double>(v[0].integer())));
}
Value SqrtOfUint(Arguments v, EvaluationArena*) {
  return Value::Double(std::sqrt(static_cast<double>(v[0].unsigned_integer())));
}

Value AbsOfInt(Arguments v, EvaluationArena*) {
  const int64_t i = v[0].integer();
  return i == INT64_MIN ? Value::Error(ErrorCode::kOverflow) : Value::Int(i < 0 ? -i : i);
}
Value Same(Arguments v, EvaluationArena*) { return v[0]; }
Value AbsOfDouble(Arguments v, EvaluationArena*) { return Value::Double(std::fabs(v[0].real())); }
Value SignOfInt(Arguments v, EvaluationArena*) {
  const int64_t i = v[0].integer();
  return Value::Int(i > 0 ? 1 : i < 0 ? -1 : 0);
}
Value SignOfUint(Arguments v, EvaluationArena*) {
  return Value::Uint(v[0].unsigned_integer() > 0 ? 1 : 0);
}
Value SignOfDouble(Arguments v, EvaluationArena*) {
  const double d = v[0].real();
  return Value::Double(std::isnan(d) ? d : d > 0 ? 1.0 : d < 0 ? -1.0 : 0.0);
}

Value IsNan(Arguments v, EvaluationArena*) { return Value::Bool(std::isnan(v[0].real())); }
Value IsInf(Arguments v, EvaluationArena*) { return Value::Bool(std::isinf(v[0].real())); }
Value IsFinite(Arguments v, EvaluationArena*) { return Value::Bool(std::isfinite(v[0].real())); }

uint64_t And(uint64_t a, uint64_t b) { return a & b; }
uint64_t Or(uint64_t a, uint64_t b) { return a | b; }
uint64_t Xor(uint64_t a, uint64_t b) { return a ^ b; }
// Bits that are moved in are 0, also of a negative int.
uint64_t Left(uint64_t a, uint64_t by) { return a << by; }
uint64_t Right(uint64_t a, uint64_t by) { return a >> by; }

using BitFunction = uint64_t (*)(uint64_t, uint64_t);

template <BitFunction kFunction>
Value BitsOfInt(Arguments v, EvaluationArena*) {
  return Value::Int(static_cast<int64_t>(
      kFunction(static_cast<uint64_t>(v[0].integer()), static_cast<uint64_t>(v[1].integer()))));
}
template <BitFunction kFunction>
Value BitsOfUint(Arguments v, EvaluationArena*) {
  return Value::Uint(kFunction(v[0].unsigned_integer(), v[1].unsigned_integer()));
}
template <BitFunction kFunction>
Value ShiftInt(Arguments v, EvaluationArena* arena) {
  if (v[1].integer() < 0) return Value::Error(ErrorCode::kConversion);
  return v[1].integer() >= kBits ? Value::Int(0) : BitsOfInt<kFunction>(v, arena);
}
template <BitFunction kFunction>
Value ShiftUint(Arguments v, EvaluationArena*) {
  if (v[1].integer() < 0) return Value::Error(ErrorCode::kConversion);
  if (v[1].integer() >= kBits) return Value::Uint(0);
  return Value::Uint(kFunction(v[0].unsigned_integer(), static_cast<uint64_t>(v[1].integer())));
}
Value NotOfInt(Arguments v, EvaluationArena*) { return Value::Int(~v[0].integer()); }
Value NotOfUint(Arguments v, EvaluationArena*) { return Value::Uint(~v[0].unsigned_integer()); }

using enum TypeKind;

constexpr Overload Many(std::string_view name, Type number, Builtin run) {
  return {.name = name,
          .parameters = 1,
          .types = {number},
          .result = number,
          .run = run,
          .repeats = true,
          .cel_only = number.is(kDyn)};
}

constexpr TypeNode kNumberLists[] = {{kList, 0, Type(kUint).node(), nullptr},
                                     {kList, 0, Type(kDouble).node(), nullptr}};
constexpr Type kUintList{&kNumberLists[0]};
constexpr Type kDoubleList{&kNumberLists[1]};

// Lists of anything are the standard's: it looks at the items when it runs.
constexpr Overload OfList(std::string_view name, Type list, Type item, Builtin run) {
  return {.name = name,
          .parameters = 1,
          .types = {list},
          .result = item,
          .run = run,
          .cel_only = item.is(kParameter)};
}

constexpr Overload kOverloads[] = {
    OfList("math.greatest", kIntList, kInt, GreatestOf),
    OfList("math.greatest", kUintList, kUint, GreatestOf),
    OfList("math.greatest", kDoubleList, kDouble, GreatestOf),
    OfList("math.greatest", kListOfA, kTypeA, GreatestOf),
    Many("math.greatest", kInt, Greatest),
    Many("math.greatest", kUint, Greatest),
    Many("math.greatest", kDouble, Greatest),
    Many("math.greatest", kDyn, Greatest),
    OfList("math.least", kIntList, kInt, LeastOf),
    OfList("math.least", kUintList, kUint, LeastOf),
    OfList("math.least", kDoubleList, kDouble, LeastOf),
    OfList("math.least", kListOfA, kTypeA, LeastOf),
    Many("math.least", kInt, Least),
    Many("math.least", kUint, Least),
    Many("math.least", kDouble, Least),
    Many("math.least", kDyn, Least),
    {"math.ceil", false, 1, {kDouble}, kDouble, OfDouble<Ceil>},
    {"math.floor", false, 1, {kDouble}, kDouble, OfDouble<Floor>},
    {"math.round", false, 1, {kDouble}, kDouble, OfDouble<Round>},
    {"math.trunc", false, 1, {kDouble}, kDouble, OfDouble<Trunc>},
    {"math.sqrt", false, 1, {kDouble}, kDouble, OfDouble<Sqrt>},
    {"math.sqrt", false, 1, {kInt}, kDouble, SqrtOfInt},
    {"math.sqrt", false, 1, {kUint}, kDouble, SqrtOfUint},
    {"math.abs", false, 1, {kInt}, kInt, AbsOfInt},
    {"math.abs", false, 1, {kUint}, kUint, Same},
    {"math.abs", false, 1, {kDouble}, kDouble, AbsOfDouble},
    {"math.sign", false, 1, {kInt}, kInt, SignOfInt},
    {"math.sign", false, 1, {kUint}, kUint, SignOfUint},
    {"math.sign", false, 1, {kDouble}, kDouble, SignOfDouble},
    {"math.isNaN", false, 1, {kDouble}, kBool, IsNan},
    {"math.isInf", false, 1, {kDouble}, kBool, IsInf},
    {"math.isFinite", false, 1, {kDouble}, kBool, IsFinite},
    {"math.bitAnd", false, 2, {kInt, kInt}, kInt, BitsOfInt<And>},
    {"math.bitAnd", false, 2, {kUint, kUint}, kUint, BitsOfUint<And>},
    {"math.bitOr", false, 2, {kInt, kInt}, kInt, BitsOfInt<Or>},
    {"math.bitOr", false, 2, {kUint, kUint}, kUint, BitsOfUint<Or>},
    {"math.bitXor", false, 2, {kInt, kInt}, kInt, BitsOfInt<Xor>},
    {"math.bitXor", false, 2, {kUint, kUint}, kUint, BitsOfUint<Xor>},
    {"math.bitNot", false, 1, {kInt}, kInt, NotOfInt},
    {"math.bitNot", false, 1, {kUint}, kUint, NotOfUint},
    {"math.bitShiftLeft", false, 2, {kInt, kInt}, kInt, ShiftInt<Left>},
    {"math.bitShiftLeft", false, 2, {kUint, kInt}, kUint, ShiftUint<Left>},
    {"math.bitShiftRight", false, 2, {kInt, kInt}, kInt, ShiftInt<Right>},
    {"math.bitShiftRight", false, 2, {kUint, kInt}, kUint, ShiftUint<Right>},
};

}  // namespace

std::span<const Overload> MathOverloads() { return kOverloads; }

}  // namespace verdict::rule
