// Functions on texts, and the table of all overloads.
#include "rule/builtins.h"

#include <algorithm>
#include <vector>

#include "rule/text.h"

namespace verdict::rule {
namespace {

using Arguments = std::span<const Value>;

Value SizeOfString(Arguments v, EvaluationArena*) {
  return Value::Int(CodePointCount(v[0].string()));
}
Value SizeOfBytes(Arguments v, EvaluationArena*) {
  return Value::Int(static_cast<int64_t>(v[0].string().size()));
}
Value StartsWith(Arguments v, EvaluationArena*) {
  return Value::Bool(v[0].string().starts_with(v[1].string()));
}
Value EndsWith(Arguments v, EvaluationArena*) {
  return Value::Bool(v[0].string().ends_with(v[1].string()));
}
Value Contains(Arguments v, EvaluationArena*) {
  return Value::Bool(v[0].string().find(v[1].string()) != std::string_view::npos);
}

// Folds `from`..`to` (ASCII letters) by the distance to `base`.
Value FoldCase(std::string_view text, char from, char base, EvaluationArena* arena) {
  const Value copy = arena->CopyString(text);
  if (copy.is_error()) return copy;
  // The arena's own copy, not yet seen by anyone.
  char* letters = const_cast<char*>(copy.string().data());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] >= from && text[i] <= from + 25)
      letters[i] = static_cast<char>(text[i] - from + base);
  }
  return copy;
}
Value LowerAscii(Arguments v, EvaluationArena* arena) {
  return FoldCase(v[0].string(), 'A', 'a', arena);
}
Value UpperAscii(Arguments v, EvaluationArena* arena) {
  return FoldCase(v[0].string(), 'a', 'A', arena);
}

using enum TypeKind;

constexpr Overload kOverloads[] = {
    {"size", false, 1, {kString}, kInt, SizeOfString},
    {"size", true, 1, {kString}, kInt, SizeOfString},
    {"size", false, 1, {kBytes}, kInt, SizeOfBytes},
    {"size", true, 1, {kBytes}, kInt, SizeOfBytes},
    {"startsWith", true, 2, {kString, kString}, kBool, StartsWith},
    {"endsWith", true, 2, {kString, kString}, kBool, EndsWith},
    {"contains", true, 2, {kString, kString}, kBool, Contains},
    {"lowerAscii", true, 1, {kString}, kString, LowerAscii},
    {"upperAscii", true, 1, {kString}, kString, UpperAscii},
};

bool ByName(const Overload& a, const Overload& b) {
  return a.name != b.name ? a.name < b.name : a.method < b.method;
}

}  // namespace

std::span<const Overload> TextOverloads() { return kOverloads; }

std::span<const Overload> Overloads() {
  static const std::vector<Overload>& all = *[] {
    auto* joined = new std::vector<Overload>;
    for (std::span<const Overload> part :
         {ArithmeticOverloads(), ConversionOverloads(), TextOverloads(), CollectionOverloads(),
          CalendarOverloads(), StringOverloads(), MathOverloads(), OptionalOverloads(),
          NetworkOverloads()}) {
      joined->insert(joined->end(), part.begin(), part.end());
    }
    std::stable_sort(joined->begin(), joined->end(), ByName);
    return joined;
  }();
  return all;
}

std::span<const Overload> FindOverloads(std::string_view name, bool method) {
  const Overload wanted{.name = name, .method = method};
  const std::span<const Overload> all = Overloads();
  const auto [begin, end] = std::equal_range(all.begin(), all.end(), wanted, ByName);
  return {begin, end};
}

bool Overload::Takes(std::span<const Value> arguments) const {
  if (!takes(arguments.size())) return false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!MayHave(parameter(i), arguments[i])) return false;
  }
  return true;
}

}  // namespace verdict::rule
