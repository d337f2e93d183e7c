// Optionals, and sets.intersects.
#include <algorithm>

#include "rule/builtins.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

bool IsZero(const Value& v) {
  switch (v.kind()) {
    case Kind::kNull:
      return true;
    case Kind::kBool:
    case Kind::kInt:
    case Kind::kDuration:
      return v.integer() == 0;
    case Kind::kUint:
      return v.unsigned_integer() == 0;
    case Kind::kDouble:
      return v.real() == 0;
    case Kind::kString:
    case Kind::kBytes:
      return v.string().empty();
    case Kind::kList:
      return v.list().empty();
    case Kind::kMap:
      return v.map().empty();
    case Kind::kOptional:
      return v.held() == nullptr;
    default:
      return false;
  }
}

Value Of(Arguments v, EvaluationArena* arena) { return arena->Hold(v[0]); }
Value OfNonZero(Arguments v, EvaluationArena* arena) {
  return IsZero(v[0]) ? Value::Optional(nullptr) : arena->Hold(v[0]);
}
Value None(Arguments, EvaluationArena*) { return Value::Optional(nullptr); }
Value HasValue(Arguments v, EvaluationArena*) { return Value::Bool(v[0].held() != nullptr); }
Value HeldValue(Arguments v, EvaluationArena*) {
  return v[0].held() == nullptr ? Value::Error(ErrorCode::kNoValue) : *v[0].held();
}
// The evaluator looks at the second only where the first is none.
Value Or(Arguments v, EvaluationArena*) { return v[0].held() == nullptr ? v[1] : v[0]; }
Value OrValue(Arguments v, EvaluationArena*) {
  return v[0].held() == nullptr ? v[1] : *v[0].held();
}

Value Intersects(Arguments v, EvaluationArena*) {
  const std::span<const Value> b = v[1].list();
  return Value::Bool(std::any_of(v[0].list().begin(), v[0].list().end(), [&](const Value& item) {
    return std::any_of(b.begin(), b.end(),
                       [&](const Value& other) { return EqualValues(item, other); });
  }));
}

using enum TypeKind;

constexpr Overload kOverloads[] = {
    {"optional.of", false, 1, {kTypeA}, kOptionalOfA, Of},
    {"optional.ofNonZeroValue", false, 1, {kTypeA}, kOptionalOfA, OfNonZero},
    {"optional.none", false, 0, {}, kOptionalOfA, None},
    {"hasValue", true, 1, {kOptionalOfA}, kBool, HasValue},
    {"value", true, 1, {kOptionalOfA}, kTypeA, HeldValue},
    {"or", true, 2, {kOptionalOfA, kOptionalOfA}, kOptionalOfA, Or},
    {"orValue", true, 2, {kOptionalOfA, kTypeA}, kTypeA, OrValue},
    {"sets.intersects", false, 2, {kListOfA, kListOfA}, kBool, Intersects},
};

}  // namespace

std::span<const Overload> OptionalOverloads() { return kOverloads; }

}  // namespace verdict::rule
