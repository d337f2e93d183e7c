// Types of the rule profile: names and conversions.
#include "rule/type.h"

#include <utility>

namespace verdict::rule {
namespace {

std::string_view ScalarName(Scalar scalar) {
  switch (scalar) {
    case Scalar::kUnknown:
      return "unknown";
    case Scalar::kAny:
      return "any";
    case Scalar::kNull:
      return "null";
    case Scalar::kBool:
      return "bool";
    case Scalar::kInt:
      return "int";
    case Scalar::kUint:
      return "uint";
    case Scalar::kDouble:
      return "double";
    case Scalar::kString:
      return "string";
    case Scalar::kBytes:
      return "bytes";
    case Scalar::kTimestamp:
      return "timestamp";
    case Scalar::kDuration:
      return "duration";
  }
  return "unknown";
}

constexpr std::pair<FieldType, Type> kFieldTypes[] = {
    {FieldType::kBool, {Scalar::kBool}},
    {FieldType::kInt, {Scalar::kInt}},
    {FieldType::kDouble, {Scalar::kDouble}},
    {FieldType::kString, {Scalar::kString}},
    {FieldType::kTimestamp, {Scalar::kTimestamp}},
    {FieldType::kDuration, {Scalar::kDuration}},
    {FieldType::kStringList, {Scalar::kString, 1}},
    {FieldType::kIntList, {Scalar::kInt, 1}}};

}  // namespace

std::string TypeName(Type type) {
  if (type.list_depth == 1 && type.scalar == Scalar::kAny) return "list";
  std::string name;
  for (int i = 0; i < type.list_depth; ++i) name += "list(";
  name += ScalarName(type.scalar);
  return name.append(type.list_depth, ')');
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

Kind KindOf(Type type) {
  if (type.is_list()) return Kind::kList;
  switch (type.scalar) {
    case Scalar::kUnknown:
    case Scalar::kAny:
      return Kind::kError;
    case Scalar::kNull:
      return Kind::kNull;
    case Scalar::kBool:
      return Kind::kBool;
    case Scalar::kInt:
      return Kind::kInt;
    case Scalar::kUint:
      return Kind::kUint;
    case Scalar::kDouble:
      return Kind::kDouble;
    case Scalar::kString:
      return Kind::kString;
    case Scalar::kBytes:
      return Kind::kBytes;
    case Scalar::kTimestamp:
      return Kind::kTimestamp;
    case Scalar::kDuration:
      return Kind::kDuration;
  }
  return Kind::kError;
}

}  // namespace verdict::rule
