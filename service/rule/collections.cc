// Functions on lists and maps, and on types.
#include <algorithm>

#include "rule/builtins.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

Value SizeOfList(Arguments v, EvaluationArena*) {
  return Value::Int(static_cast<int64_t>(v[0].list().size()));
}
Value SizeOfMap(Arguments v, EvaluationArena*) {
  return Value::Int(static_cast<int64_t>(v[0].map().size()));
}

Value JoinLists(Arguments v, EvaluationArena* arena) {
  const std::span<const Value> a = v[0].list();
  const std::span<const Value> b = v[1].list();
  auto* items = static_cast<Value*>(arena->Allocate(a.size_bytes() + b.size_bytes()));
  if (items == nullptr && a.size() + b.size() > 0) return Value::Error(ErrorCode::kLimit);
  std::uninitialized_copy(b.begin(), b.end(), std::uninitialized_copy(a.begin(), a.end(), items));
  return Value::List({items, a.size() + b.size()});
}

Value TypeOfValue(Arguments v, EvaluationArena*) { return Value::Type(TypeNameOf(v[0])); }
Value Same(Arguments v, EvaluationArena*) { return v[0]; }

using enum TypeKind;

constexpr Overload OfCelOnly(std::string_view name, Type result, Builtin run) {
  return {.name = name,
          .parameters = 1,
          .types = {kTypeA},
          .result = result,
          .run = run,
          .cel_only = true};
}

constexpr Overload kOverloads[] = {
    {"size", false, 1, {kListOfA}, kInt, SizeOfList},
    {"size", true, 1, {kListOfA}, kInt, SizeOfList},
    {"+", false, 2, {kListOfA, kListOfA}, kListOfA, JoinLists},
    {"size", false, 1, {kMapOfAToB}, kInt, SizeOfMap},
    {"size", true, 1, {kMapOfAToB}, kInt, SizeOfMap},
    OfCelOnly("type", kTypeOfA, TypeOfValue),
    OfCelOnly("dyn", kDyn, Same),
};

}  // namespace

Value TypeValue(Type type) { return Value::Type(CelTypeName(type)); }

std::span<const Overload> CollectionOverloads() { return kOverloads; }

}  // namespace verdict::rule
