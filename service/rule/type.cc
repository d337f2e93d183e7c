// Names and kinds of types.
#include "rule/type.h"

#include <utility>

namespace verdict::rule {
namespace {

struct PlainName {
  TypeKind kind;
  std::string_view name;  // for people
  std::string_view cel;   // in expressions; empty: none
  Kind value = Kind::kError;
};
constexpr PlainName kNames[] = {
    {TypeKind::kUnknown, "unknown", "", Kind::kError},
    {TypeKind::kDyn, "dyn", "", Kind::kError},
    {TypeKind::kNull, "null", "null_type", Kind::kNull},
    {TypeKind::kBool, "bool", "bool", Kind::kBool},
    {TypeKind::kInt, "int", "int", Kind::kInt},
    {TypeKind::kUint, "uint", "uint", Kind::kUint},
    {TypeKind::kDouble, "double", "double", Kind::kDouble},
    {TypeKind::kString, "string", "string", Kind::kString},
    {TypeKind::kBytes, "bytes", "bytes", Kind::kBytes},
    {TypeKind::kTimestamp, "timestamp", "google.protobuf.Timestamp", Kind::kTimestamp},
    {TypeKind::kDuration, "duration", "google.protobuf.Duration", Kind::kDuration},
    {TypeKind::kIp, "net.IP", "net.IP", Kind::kIp},
    {TypeKind::kCidr, "net.CIDR", "net.CIDR", Kind::kCidr},
    {TypeKind::kParameter, "?", "", Kind::kError},
    {TypeKind::kList, "list", "list", Kind::kList},
    {TypeKind::kMap, "map", "map", Kind::kMap},
    {TypeKind::kOptional, "optional", "optional_type", Kind::kOptional},
    {TypeKind::kType, "type", "type", Kind::kType}};

const PlainName& NameOf(TypeKind kind) { return kNames[static_cast<size_t>(kind)]; }

constexpr std::pair<FieldType, Type> kFieldTypes[] = {
    {FieldType::kBool, TypeKind::kBool},           {FieldType::kInt, TypeKind::kInt},
    {FieldType::kDouble, TypeKind::kDouble},       {FieldType::kString, TypeKind::kString},
    {FieldType::kTimestamp, TypeKind::kTimestamp}, {FieldType::kDuration, TypeKind::kDuration},
    {FieldType::kStringList, kStringList},         {FieldType::kIntList, kIntList}};

// Of list, map, optional and type, of what is not known.
constexpr TypeNode kDynNode{TypeKind::kDyn};
constexpr TypeNode kDynCompounds[] = {{TypeKind::kList, 0, &kDynNode, nullptr},
                                      {TypeKind::kMap, 0, &kDynNode, &kDynNode},
                                      {TypeKind::kOptional, 0, &kDynNode, nullptr},
                                      {TypeKind::kType, 0, &kDynNode, nullptr}};

}  // namespace

bool Type::Same(const TypeNode* a, const TypeNode* b) {
  if (a == b) return true;
  if (a == nullptr || b == nullptr) return false;
  return a->kind == b->kind && a->number == b->number && Same(a->first, b->first) &&
         Same(a->second, b->second);
}

Type TypePool::Make(TypeNode node) {
  nodes_.push_back(node);
  return Type(&nodes_.back());
}

Type TypePool::Like(Type shape, Type first, Type second) {
  const TypeNode* node = shape.node();
  const TypeNode* value = node->second == nullptr ? nullptr : second.node();
  if (node->first == first.node() && node->second == value) return shape;
  return Make({node->kind, node->number, first.node(), value});
}

std::string TypeName(Type type) {
  std::string name(NameOf(type.kind()).name);
  // Of an empty list: nothing more is known.
  const bool open = type.has_parts() && type.element().is(TypeKind::kParameter);
  if (!type.has_parts() || open) return name;
  name += "(" + TypeName(type.element());
  if (type.is(TypeKind::kMap)) name += ", " + TypeName(type.value());
  return name + ")";
}

std::string_view CelTypeName(Type type) { return NameOf(type.kind()).cel; }

std::string_view TypeNameOf(const Value& value) {
  for (const PlainName& known : kNames) {
    if (known.value == value.kind() && value.kind() != Kind::kError) return known.cel;
  }
  return "";
}

std::optional<Type> FindType(std::string_view name) {
  for (const PlainName& known : kNames) {
    if (known.cel != name || name.empty()) continue;
    if (known.kind < TypeKind::kParameter) return Type(known.kind);
    return Type(
        &kDynCompounds[static_cast<size_t>(known.kind) - static_cast<size_t>(TypeKind::kList)]);
  }
  return std::nullopt;
}

Type TypeOf(FieldType field) {
  for (const auto& [field_type, type] : kFieldTypes) {
    if (field_type == field) return type;
  }
  return {};
}

bool ToFieldType(Type type, FieldType* field) {
  for (const auto& [field_type, known] : kFieldTypes) {
    if (known != type) continue;
    *field = field_type;
    return true;
  }
  return false;
}

bool IsKeyType(Type type) {
  return type.is_open() || type.is(TypeKind::kInt) || type.is(TypeKind::kUint) ||
         type.is(TypeKind::kBool) || type.is(TypeKind::kString);
}

Kind KindOf(Type type) { return NameOf(type.kind()).value; }

bool MayHave(Type type, const Value& value) {
  if (type.unknown() || type.is(TypeKind::kDyn) || type.is(TypeKind::kParameter)) return true;
  return KindOf(type) == value.kind();
}

}  // namespace verdict::rule
