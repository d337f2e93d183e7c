// Maps, macros and optionals.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "rule/checker.h"

namespace verdict::rule {
namespace {

constexpr int kMaxLoops = 2;  // in each other, in a rule

}  // namespace

bool Checker::Join(Type* type, Type other) {
  if (Fits(*type, other)) {
    *type = types_.Wider(*type, other);
    return true;
  }
  if (cel()) *type = TypeKind::kDyn;
  return cel();
}

// `?x` is there where x has a value.
Type Checker::Item(NodeId id) {
  if (node(id).kind != NodeKind::kOptionalItem) return Visit(id);
  const NodeId inside = node(id).children[0];
  const Type found = Visit(inside);
  if (found.is_open()) return found;
  if (!found.is(TypeKind::kOptional)) {
    Error("R201", node(inside).span,
          absl::StrFormat("after `?` stands an optional, this is %s", TypeName(found)),
          "leave the `?` out");
    return {};
  }
  return ElementOf(found);
}

Type Checker::MapLiteral(NodeId id) {
  const std::vector<NodeId>& parts = node(id).children;
  Type key = types_.FreshKey();
  Type value = types_.Fresh();
  bool sound = true;
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    sound = KeyJoins(parts[i], &key) && sound;
    const Type item = Item(parts[i + 1]);
    sound = sound && !item.unknown();
    if (Join(&value, item)) continue;
    sound = false;
    Error("R205", node(parts[i + 1]).span, "the values of a map need one type",
          "make two maps of it");
  }
  if (!sound || !FoldMap(id)) return {};
  return checked_->types->Map(types_.Resolve(key), types_.Resolve(value));
}

// What is all constant is made once. False where a key stands twice, in a rule.
bool Checker::FoldMap(NodeId id) {
  const std::vector<NodeId>& parts = node(id).children;
  std::vector<MapEntry> entries;
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    if (!meaning(parts[i]).constant || !meaning(parts[i + 1]).constant) return true;
    const Value& key = meaning(parts[i]).value;
    if (FindKey(Value::Map(entries), key) != nullptr) {
      if (cel()) return true;
      Error("R304", node(parts[i]).span, "this key stands in the map already",
            "remove one of them");
      return false;
    }
    entries.push_back({key, meaning(parts[i + 1]).value});
  }
  meaning(id).constant = true;
  meaning(id).value = checked_->constants->CopyMap(entries);
  return true;
}

bool Checker::KeyJoins(NodeId id, Type* key) {
  const Type found = Visit(id);
  if (!IsKeyType(found)) {
    Error("R205", node(id).span,
          absl::StrFormat("the keys of a map are texts, ints, uints or bools, this is %s",
                          TypeName(found)),
          "choose another key");
    return false;
  }
  if (Join(key, found)) return true;
  Error("R205", node(id).span, "the keys of a map need one type", "make two maps of it");
  return false;
}

Type Checker::OptionalOf(Type held) {
  return held.unknown() ? held : checked_->types->Optional(held);
}

Type Checker::ListOf(Type item) { return item.unknown() ? item : checked_->types->List(item); }

Type Checker::PartOf(NodeId id, Type object, Type key) {
  if (object.is_open()) return object.unknown() ? object : Type(TypeKind::kDyn);
  if (object.is(TypeKind::kOptional)) return OptionalOf(PartOf(id, ElementOf(object), key));
  const NodeId place = node(id).children[1];
  if (object.is_list()) {
    if (!Fits(TypeKind::kInt, key)) {
      Error("R201", node(place).span,
            absl::StrFormat("the place in a list is an int, this is %s", TypeName(key)),
            "the first item is `[0]`");
    }
    return ElementOf(object);
  }
  if (object.is(TypeKind::kMap)) {
    if (!Fits(object.element(), key)) {
      Error("R201", node(place).span,
            absl::StrFormat("%s has no key that is %s", TypeName(object), TypeName(key)),
            absl::StrFormat("its keys are %s", TypeName(ElementOf(object))));
    }
    return types_.Resolve(object.value());
  }
  Error("R201", node(id).mark,
        absl::StrFormat("`[ ]` takes an item of a list, this is %s", TypeName(object)),
        object.is(TypeKind::kString) ? "test texts by `startsWith`, `contains` or `matches`"
                                     : "it has no items");
  return {};
}

Type Checker::FieldOf(NodeId id, Type object) {
  if (object.is_open()) return object.unknown() ? object : Type(TypeKind::kDyn);
  if (object.is(TypeKind::kOptional)) return OptionalOf(FieldOf(id, ElementOf(object)));
  if (object.is(TypeKind::kMap) && Fits(object.element(), TypeKind::kString)) {
    return types_.Resolve(object.value());
  }
  Error("R102", node(id).mark,
        absl::StrFormat("%s has no field `%s`", TypeName(object), node(id).text),
        "fields are read from objects, as `txn.amount`");
  return {};
}

Type Checker::Index(NodeId id) {
  const Type object = Visit(node(id).children[0]);
  const Type key = Visit(node(id).children[1]);
  return PartOf(id, object, key);
}

// Of an optional what Index yields is one already.
Type Checker::OptionalIndex(NodeId id) {
  const Type object = Visit(node(id).children[0]);
  const Type part = PartOf(id, object, Visit(node(id).children[1]));
  return object.is(TypeKind::kOptional) ? part : OptionalOf(part);
}

Type Checker::OptionalSelect(NodeId id) {
  if (meaning(id).slot != kNoSlot) return checked_->types->Optional(LinkedName(id));
  const Node& target = node(node(id).children[0]);
  const bool of_object = !cel() && target.kind == NodeKind::kName &&
                         meaning(node(id).children[0]).local == kNoSlot &&
                         options_.schema->HasObject(target.text);
  if (of_object) return UnknownField(id, target.text, node(id).text);
  const Type object = Visit(node(id).children[0]);
  const Type part = FieldOf(id, object);
  return object.is(TypeKind::kOptional) ? part : OptionalOf(part);
}

Type Checker::BoolBody(NodeId id, NodeId body) {
  const Type found = Visit(body);
  if (Fits(TypeKind::kBool, found)) return TypeKind::kBool;
  Error("R201", node(body).span,
        absl::StrFormat("`%s` asks a condition (bool), this is %s", node(id).text, TypeName(found)),
        "compare it with something");
  return TypeKind::kBool;
}

// What runs for each item; the variable is known in it.
Type Checker::MacroCall(NodeId id) {
  const Node& call = node(id);
  const bool bind = call.macro == Macro::kBind;
  const Type range = Visit(call.children[bind ? 1 : 0]);
  const bool of_optional = call.macro == Macro::kOptMap || call.macro == Macro::kOptFlatMap;
  Type variable = bind ? range : Type(TypeKind::kDyn);
  const bool fits =
      of_optional ? range.is(TypeKind::kOptional) : range.is_list() || range.is(TypeKind::kMap);
  if (!bind && fits) variable = ElementOf(range);
  if (!bind && !fits && !range.is_open()) {
    Error("R201", call.mark,
          absl::StrFormat(
              "`%s` looks at %s, this is %s", call.text,
              of_optional ? "what an optional holds" : "the items of a list or the keys of a map",
              TypeName(range)),
          "it has none");
    variable = Type();
  }
  if (variable.is(TypeKind::kParameter)) variable = TypeKind::kDyn;
  const NodeId name = call.children[bind ? 0 : 1];
  const bool loop = !bind && !of_optional;
  meaning(name).type = variable;
  if (!cel()) CheckVariable(name);
  loops_ += loop ? 1 : 0;
  if (loops_ == kMaxLoops + 1 && loop && !cel()) {
    Error("R006", call.mark, absl::StrFormat("loops may be %d deep in each other", kMaxLoops),
          "make two clauses of it, or a list of what is looked for");
  }
  locals_.push_back(variable);
  local_names_.push_back(node(name).text);
  const Type result = MacroResult(id, variable);
  local_names_.pop_back();
  locals_.pop_back();
  loops_ -= loop ? 1 : 0;
  return result;
}

// A name means one thing in a rule.
void Checker::CheckVariable(NodeId variable) {
  const std::string& name = node(variable).text;
  const bool object = name == "lists" || options_.schema->HasObject(name);
  const bool twice =
      std::find(local_names_.begin(), local_names_.end(), name) != local_names_.end();
  if (!object && !twice) return;
  Error("R108", node(variable).span,
        "`" + name + (object ? "` is an object already" : "` stands for another item here"),
        "choose another name");
}

Type Checker::MacroResult(NodeId id, Type variable) {
  const Node& call = node(id);
  const NodeId body = call.children[2];
  switch (call.macro) {
    case Macro::kExists:
    case Macro::kAll:
    case Macro::kExistsOne:
      return BoolBody(id, body);
    case Macro::kFilter:
      BoolBody(id, body);
      return ListOf(variable);
    case Macro::kMap:
      return ListOf(Visit(body));
    case Macro::kMapFiltered:
      BoolBody(id, body);
      return ListOf(Visit(call.children[3]));
    case Macro::kBind:
      return Visit(body);
    case Macro::kOptMap:
      return OptionalOf(Visit(body));
    case Macro::kOptFlatMap:
      break;
  }
  const Type found = Visit(body);
  if (found.is_open() || found.is(TypeKind::kOptional)) return found;
  Error("R201", node(body).span,
        absl::StrFormat("`optFlatMap` yields an optional, this is %s", TypeName(found)),
        "write `optMap`");
  return {};
}

}  // namespace verdict::rule
