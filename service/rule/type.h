// Types of the rule profile: a scalar, or a list (of lists) of scalars.
#pragma once

#include <cstdint>
#include <string>

#include "rule/schema.h"
#include "rule/value.h"

namespace verdict::rule {

enum class Scalar : uint8_t {
  kUnknown,  // of a part that was reported already; fits everything, so that one mistake is one
             // report
  kAny,      // the element of `[]`
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration
};

struct Type {
  Scalar scalar = Scalar::kUnknown;
  uint8_t list_depth = 0;  // 1: list(scalar)

  constexpr bool unknown() const { return scalar == Scalar::kUnknown; }
  constexpr bool is(Scalar s) const { return list_depth == 0 && scalar == s; }
  constexpr bool is_list() const { return list_depth > 0; }
  constexpr bool numeric() const {
    return is(Scalar::kInt) || is(Scalar::kUint) || is(Scalar::kDouble);
  }
  constexpr Type element() const { return {scalar, static_cast<uint8_t>(list_depth - 1)}; }
  constexpr Type list_of() const { return {scalar, static_cast<uint8_t>(list_depth + 1)}; }
  friend constexpr bool operator==(const Type&, const Type&) = default;
};

// True where a value of one may stand for the other: the same, or one is an empty list or was
// reported already.
constexpr bool Fits(Type a, Type b) {
  if (a.unknown() || b.unknown()) return true;
  if (a.scalar == Scalar::kAny && b.list_depth >= a.list_depth) return true;
  if (b.scalar == Scalar::kAny && a.list_depth >= b.list_depth) return true;
  return a == b;
}

std::string TypeName(Type type);  // "list(string)"
Type TypeOf(FieldType field);
Kind KindOf(Type type);  // REQUIRES: a known type
// False for types that no field has, such as uint.
bool ToFieldType(Type type, FieldType* field);

}  // namespace verdict::rule
