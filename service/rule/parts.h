// Parts of values: what `object.field`, `object[key]`, their optional forms, `has` and `in` yield.
// Both evaluators ask here.
#pragma once

#include "rule/arena.h"
#include "rule/named_list.h"
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

// What a named list says of a text or an address, at a time; an error where the list is of networks
// and the text is no address, or where the kind is not one it takes.
Value AskList(const NamedList& list, const Value& asked, int64_t at_ms);

// What may be a key of a map.
bool IsKey(const Value& v);

}  // namespace verdict::rule
