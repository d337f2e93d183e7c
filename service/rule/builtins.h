// The functions of the language: one table of overloads, and comparison of values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "rule/arena.h"
#include "rule/token.h"
#include "rule/type.h"
#include "rule/value.h"

namespace verdict::rule {

// Gets no missing or error argument, and arguments of the kinds the overload names.
using Builtin = Value (*)(std::span<const Value> arguments, EvaluationArena* arena);

inline constexpr size_t kMaxParameters = 4;
// Of a call in a rule: so many of an overload that repeats its last parameter.
inline constexpr size_t kMaxArguments = 16;

struct Overload {
  std::string_view name;  // of an operator: its sign; negation is "-" with one parameter
  bool method = false;    // the first parameter is the target
  uint8_t parameters = 0;
  std::array<Type, kMaxParameters> types = {};
  Type result = {};
  Builtin run = nullptr;
  bool repeats = false;   // the last parameter, any number of times
  bool cel_only = false;  // of the standard alone: rules have no dyn
  bool takes(size_t arguments) const {
    return repeats ? arguments >= parameters : arguments == parameters;
  }
  Type parameter(size_t i) const { return types[i < parameters ? i : parameters - size_t{1}]; }
  // True where values of these kinds are what it takes.
  bool Takes(std::span<const Value> arguments) const;
};

// All overloads, by name and then as listed; without logic, comparison, `in` and indexing.
std::span<const Overload> Overloads();
// Those of one name.
std::span<const Overload> FindOverloads(std::string_view name, bool method);
// `int` as a value.
Value TypeValue(Type type);

// The parts of `Overloads`, by file.
std::span<const Overload> ArithmeticOverloads();
std::span<const Overload> ConversionOverloads();
std::span<const Overload> TextOverloads();
std::span<const Overload> CollectionOverloads();  // and of types
std::span<const Overload> CalendarOverloads();
std::span<const Overload> StringOverloads();
std::span<const Overload> MathOverloads();
std::span<const Overload> OptionalOverloads();
std::span<const Overload> NetworkOverloads();

// The value of a key, by EqualValues; null where there is none. REQUIRES: a map.
const Value* FindKey(const Value& map, const Value& key);

// Equality: numbers across types too, of other kinds only a value of the same.
bool EqualValues(const Value& a, const Value& b);

enum class Test : uint8_t { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };
Test TestOf(TokenKind op);  // REQUIRES: a comparison

// A bool. Values of one ordered type, or numbers of any two types; what is not a number at all
// (NaN) is neither below nor above anything.
Value CompareValues(Test test, const Value& a, const Value& b);

}  // namespace verdict::rule
