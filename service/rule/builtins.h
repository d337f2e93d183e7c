// The functions of the language: one table of overloads, and comparison of values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "rule/arena.h"
#include "rule/type.h"
#include "rule/value.h"

namespace verdict::rule {

// Gets no missing or error argument, and arguments of the kinds the overload names.
using Builtin = Value (*)(std::span<const Value> arguments, EvaluationArena* arena);

inline constexpr size_t kMaxParameters = 3;

struct Overload {
  std::string_view name;  // of an operator: its sign; negation is "-" with one parameter
  bool method = false;    // the first parameter is the target
  uint8_t parameters = 0;
  std::array<Type, kMaxParameters> types = {};
  Type result = {};
  Builtin run = nullptr;
  std::span<const Type> parameter_types() const { return {types.data(), parameters}; }
};

// All overloads of the rule profile, without logic, comparison, `in`, indexing, `matches` and the
// getters of timestamps, which the checker knows by itself.
std::span<const Overload> Overloads();

// The parts of `Overloads`, by file.
std::span<const Overload> ArithmeticOverloads();
std::span<const Overload> ConversionOverloads();
std::span<const Overload> TextOverloads();

// Equality of two values of one type; of numbers across types too.
bool EqualValues(const Value& a, const Value& b);

enum class Test : uint8_t { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };

// A bool; an error where a side is not a number at all (NaN) and an order is asked for.
// Values of one ordered type, or numbers of any two types.
Value CompareValues(Test test, const Value& a, const Value& b);

}  // namespace verdict::rule
