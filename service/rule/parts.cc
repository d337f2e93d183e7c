// Parts of values.
#include "rule/parts.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "rule/builtins.h"

namespace verdict::rule {
namespace {

// The place that a number names, whatever its type; nothing where it names none.
std::optional<size_t> PlaceIn(size_t size, const Value& key) {
  uint64_t place = size;
  if (key.kind() == Kind::kInt) place = static_cast<uint64_t>(key.integer());
  if (key.kind() == Kind::kUint) place = key.unsigned_integer();
  if (key.kind() == Kind::kDouble) {
    const double d = key.real();
    if (d >= 0 && d < static_cast<double>(size) && std::floor(d) == d) {
      place = static_cast<uint64_t>(d);
    }
  }
  return place < size ? std::optional<size_t>(place) : std::nullopt;
}

// Of what is no optional.
Value PlainPart(const Value& object, const Value& key) {
  if (object.kind() == Kind::kMap) {
    const Value* found = FindKey(object, key);
    return found == nullptr ? Value::Missing() : *found;
  }
  if (object.kind() != Kind::kList) return Value::Error(ErrorCode::kType);
  const std::optional<size_t> place = PlaceIn(object.list().size(), key);
  return place.has_value() ? object.list()[*place] : Value::Error(ErrorCode::kIndex);
}

}  // namespace

bool IsKey(const Value& v) {
  return v.kind() == Kind::kInt || v.kind() == Kind::kUint || v.kind() == Kind::kBool ||
         v.kind() == Kind::kString;
}

Value OptionalPartOf(const Value& object, const Value& key, EvaluationArena* arena) {
  const bool optional = object.kind() == Kind::kOptional;
  if (optional && object.held() == nullptr) return object;
  const Value part = PlainPart(optional ? *object.held() : object, key);
  const bool absent = part.is_missing() || (part.is_error() && part.error() == ErrorCode::kIndex);
  if (absent) return Value::Optional(nullptr);
  return part.is_error() ? part : arena->Hold(part);
}

Value PartOf(const Value& object, const Value& key, EvaluationArena* arena) {
  return object.kind() == Kind::kOptional ? OptionalPartOf(object, key, arena)
                                          : PlainPart(object, key);
}

Value FieldOf(const Value& object, const Value& field, EvaluationArena* arena) {
  if (object.kind() == Kind::kOptional) return OptionalPartOf(object, field, arena);
  return object.kind() == Kind::kMap ? PlainPart(object, field) : Value::Error(ErrorCode::kType);
}

Value HasField(const Value& object, const Value& field, EvaluationArena* arena) {
  if (object.kind() == Kind::kOptional) {
    const Value part = OptionalPartOf(object, field, arena);
    return part.stops() ? part : Value::Bool(part.held() != nullptr);
  }
  if (object.kind() != Kind::kMap) return Value::Error(ErrorCode::kType);
  return Value::Bool(FindKey(object, field) != nullptr);
}

Value Contains(const Value& item, const Value& container) {
  if (container.kind() == Kind::kMap) return Value::Bool(FindKey(container, item) != nullptr);
  if (container.kind() != Kind::kList) return Value::Error(ErrorCode::kType);
  return Value::Bool(std::any_of(container.list().begin(), container.list().end(),
                                 [&](const Value& one) { return EqualValues(item, one); }));
}

Value AskList(const NamedList& list, const Value& asked, int64_t at_ms) {
  if (list.kind() == ListKind::kCidr && asked.kind() == Kind::kIp) {
    return Value::Bool(list.ContainsIp(*asked.address(), at_ms));
  }
  if (asked.kind() != Kind::kString) return Value::Error(ErrorCode::kType);
  if (list.kind() == ListKind::kSet) return Value::Bool(list.Contains(asked.string(), at_ms));
  if (list.kind() == ListKind::kPrefix) {
    return Value::Bool(list.ContainsPrefixOf(asked.string(), at_ms));
  }
  const std::optional<IpAddress> ip = ParseIp(asked.string());
  return ip ? Value::Bool(list.ContainsIp(*ip, at_ms)) : Value::Error(ErrorCode::kConversion);
}

}  // namespace verdict::rule
