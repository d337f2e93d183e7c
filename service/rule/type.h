// Types of expressions: plain ones, and those made of others, as list(string).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rule/schema.h"
#include "rule/value.h"

namespace verdict::rule {

enum class TypeKind : uint8_t {
  kUnknown,  // of a part that was reported already; fits everything, so that one mistake is one
             // report
  kDyn,      // known only when it runs
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kIp,
  kCidr,
  kParameter,  // stands for a type, of an overload or as the item of `[]`; by number
  kList,       // of first
  kMap,        // first to second
  kOptional,   // of first
  kType        // the type of a type: first
};

struct TypeNode {
  TypeKind kind = TypeKind::kUnknown;
  uint32_t number = 0;  // kParameter
  const TypeNode* first = nullptr;
  const TypeNode* second = nullptr;
};

inline constexpr TypeNode kPlainTypes[] = {
    {TypeKind::kUnknown}, {TypeKind::kDyn},       {TypeKind::kNull},     {TypeKind::kBool},
    {TypeKind::kInt},     {TypeKind::kUint},      {TypeKind::kDouble},   {TypeKind::kString},
    {TypeKind::kBytes},   {TypeKind::kTimestamp}, {TypeKind::kDuration}, {TypeKind::kIp},
    {TypeKind::kCidr}};

// Trivially copyable; made of nodes that somebody else owns: this file, or a TypePool.
class Type {
 public:
  constexpr Type() : node_(&kPlainTypes[0]) {}
  // REQUIRES: a kind before kParameter.
  constexpr Type(TypeKind kind) : node_(&kPlainTypes[static_cast<size_t>(kind)]) {}
  constexpr explicit Type(const TypeNode* node) : node_(node) {}

  constexpr TypeKind kind() const { return node_->kind; }
  constexpr uint32_t number() const { return node_->number; }
  constexpr bool unknown() const { return is(TypeKind::kUnknown); }
  constexpr bool is(TypeKind kind) const { return node_->kind == kind; }
  // Known only when it runs, or not yet, or reported already.
  constexpr bool is_open() const {
    return unknown() || is(TypeKind::kDyn) || is(TypeKind::kParameter);
  }
  constexpr bool is_list() const { return is(TypeKind::kList); }
  constexpr bool numeric() const {
    return is(TypeKind::kInt) || is(TypeKind::kUint) || is(TypeKind::kDouble);
  }
  constexpr bool has_parts() const { return node_->first != nullptr; }
  // Of a list or optional what it holds, of a map the key. REQUIRES: has_parts().
  constexpr Type element() const { return Type(node_->first); }
  // REQUIRES: a map.
  constexpr Type value() const { return Type(node_->second); }
  constexpr const TypeNode* node() const { return node_; }

  friend bool operator==(const Type& a, const Type& b) { return Same(a.node_, b.node_); }

 private:
  static bool Same(const TypeNode* a, const TypeNode* b);

  const TypeNode* node_;
};

// Owns what types are made of. Thread-compatible.
class TypePool {
 public:
  Type List(Type element) { return Make({TypeKind::kList, 0, element.node(), nullptr}); }
  Type Map(Type key, Type value) { return Make({TypeKind::kMap, 0, key.node(), value.node()}); }
  Type Optional(Type held) { return Make({TypeKind::kOptional, 0, held.node(), nullptr}); }
  Type OfType(Type named) { return Make({TypeKind::kType, 0, named.node(), nullptr}); }
  Type Parameter(uint32_t number) { return Make({TypeKind::kParameter, number, nullptr, nullptr}); }
  // Of `shape`'s kind, of other parts.
  Type Like(Type shape, Type first, Type second);

 private:
  Type Make(TypeNode node);

  std::deque<TypeNode> nodes_;
};

// Types that tables name.
inline constexpr TypeNode kParameterNodes[] = {{TypeKind::kParameter, 0},
                                               {TypeKind::kParameter, 1}};
inline constexpr Type kTypeA{&kParameterNodes[0]};
inline constexpr Type kTypeB{&kParameterNodes[1]};
inline constexpr TypeNode kListNodes[] = {
    {TypeKind::kList, 0, kTypeA.node(), nullptr},
    {TypeKind::kList, 0, Type(TypeKind::kString).node(), nullptr},
    {TypeKind::kList, 0, Type(TypeKind::kInt).node(), nullptr}};
inline constexpr Type kListOfA{&kListNodes[0]};
inline constexpr Type kStringList{&kListNodes[1]};
inline constexpr Type kIntList{&kListNodes[2]};
inline constexpr TypeNode kCompoundNodes[] = {{TypeKind::kMap, 0, kTypeA.node(), kTypeB.node()},
                                              {TypeKind::kOptional, 0, kTypeA.node(), nullptr},
                                              {TypeKind::kType, 0, kTypeA.node(), nullptr}};
inline constexpr Type kMapOfAToB{&kCompoundNodes[0]};
inline constexpr Type kOptionalOfA{&kCompoundNodes[1]};
inline constexpr Type kTypeOfA{&kCompoundNodes[2]};
// As many parameters as tables name; others are numbered from here.
inline constexpr uint32_t kTableParameters = 2;

// For people: "list(string)", "timestamp".
std::string TypeName(Type type);
// The names by which expressions speak of a type, without its parts, and of a value's: "list",
// "null_type", "google.protobuf.Timestamp".
std::string_view CelTypeName(Type type);
std::string_view TypeNameOf(const Value& value);
// The type of that name; nothing where none has it.
std::optional<Type> FindType(std::string_view name);
Type TypeOf(FieldType field);
Kind KindOf(Type type);  // REQUIRES: a known type, no dyn and no parameter
// False for types that no field has, such as uint.
bool ToFieldType(Type type, FieldType* field);
// May it be the key of a map? What is not known may.
bool IsKeyType(Type type);
// True where a value may be of the type, as far as its outside tells.
bool MayHave(Type type, const Value& value);

// What parameters stand for, as far as is known. Thread-compatible.
class Substitution {
 public:
  explicit Substitution(TypePool* pool) : pool_(pool) {}
  // A parameter that no one has.
  Type Fresh() { return pool_->Parameter(next_++); }
  // The same for the keys of a map: it stands for nothing else (see IsKeyType), so that types grow
  // with their text and no faster.
  Type FreshKey();
  // True where a value of type `from` may stand where `to` is asked for; then parameters of both
  // stand for what that needs. Otherwise nothing changes.
  bool Assign(Type to, Type from) { return AssignAll({&to, 1}, {&from, 1}); }
  bool AssignAll(std::span<const Type> to, std::span<const Type> from);
  // What is known now, and back to it.
  size_t Save() const { return trail_.size(); }
  void Restore(size_t saved);
  // What a parameter stands for; its parts are left as they are.
  Type Resolve(Type type) const;
  // Parameters replaced by what they stand for, by dyn where nothing is known.
  Type Finish(Type type) { return Replace(type, 0); }
  // The wider of two types that may stand for each other.
  Type Wider(Type a, Type b);
  // The same with parameters of its own, for those numbered below kTableParameters.
  struct Renaming {
    const TypeNode* fresh[kTableParameters] = {};
  };
  Type Rename(Type type, Renaming* renaming);

 private:
  bool Match(Type to, Type from);
  bool Bind(Type parameter, Type other);
  void Set(uint32_t parameter, const TypeNode* type);
  bool Occurs(Type parameter, Type in) const;
  Type Last(Type type) const;
  Type Replace(Type type, int depth);

  TypePool* pool_;
  uint32_t next_ = kTableParameters;
  std::vector<const TypeNode*> bound_;  // by number; null: nothing known
  std::vector<bool> of_keys_;           // by number
  // What was changed, oldest first: the number, and what was known before.
  std::vector<std::pair<uint32_t, const TypeNode*>> trail_;
};

}  // namespace verdict::rule
