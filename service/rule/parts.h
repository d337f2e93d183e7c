// Parts of values: what `object.field`, `object[key]`, their optional forms, `has` and `in` yield.
// Both evaluators ask here.
#pragma once

#include "rule/arena.h"
#include "rule/value.h"

namespace verdict::rule {

// No argument is missing or an error. Of an optional each yields an optional.

// `object.field`; missing where a map has no such field.
Value FieldOf(const Value& object, const Value& field, EvaluationArena* arena);
// `object[key]`; missing where a map has no such key.
Value PartOf(const Value& object, const Value& key, EvaluationArena* arena);
// `object.?field` and `object[?key]`: an optional; none where it is absent.
Value OptionalPartOf(const Value& object, const Value& key, EvaluationArena* arena);
// `has(object.field)`.
Value HasField(const Value& object, const Value& field, EvaluationArena* arena);
// `item in container`.
Value Contains(const Value& item, const Value& container);

// What may be a key of a map.
bool IsKey(const Value& v);

}  // namespace verdict::rule
