// Unification of types, with dyn.
#include <algorithm>

#include "rule/type.h"

namespace verdict::rule {
namespace {

// Beyond, a type is taken for dyn: types grow with the tree, which is bounded.
constexpr int kMaxDepth = 300;

}  // namespace

Type Substitution::Resolve(Type type) const {
  while (type.is(TypeKind::kParameter) && type.number() < bound_.size() &&
         bound_[type.number()] != nullptr) {
    type = Type(bound_[type.number()]);
  }
  return type;
}

bool Substitution::Occurs(Type parameter, Type in) const {
  in = Resolve(in);
  if (in.is(TypeKind::kParameter)) return in.number() == parameter.number();
  if (!in.has_parts()) return false;
  return Occurs(parameter, in.element()) ||
         (in.node()->second != nullptr && Occurs(parameter, in.value()));
}

Type Substitution::FreshKey() {
  const Type key = Fresh();
  of_keys_.resize(key.number() + size_t{1});
  of_keys_[key.number()] = true;
  return key;
}

void Substitution::Set(uint32_t parameter, const TypeNode* type) {
  if (bound_.size() <= parameter) bound_.resize(parameter + size_t{1}, nullptr);
  trail_.emplace_back(parameter, bound_[parameter]);
  bound_[parameter] = type;
}

void Substitution::Restore(size_t saved) {
  while (trail_.size() > saved) {
    bound_[trail_.back().first] = trail_.back().second;
    trail_.pop_back();
  }
}

bool Substitution::Bind(Type parameter, Type other) {
  if (Occurs(parameter, other)) return false;
  const uint32_t number = parameter.number();
  if (number < of_keys_.size() && of_keys_[number]) {
    if (!IsKeyType(other)) return false;
    // Not taken back: that refuses more than is needed, never less.
    if (other.is(TypeKind::kParameter)) {
      if (of_keys_.size() <= other.number()) of_keys_.resize(other.number() + size_t{1});
      of_keys_[other.number()] = true;
    }
  }
  Set(number, other.node());
  return true;
}

// The last of a row of parameters that stand for each other; any other type is itself.
Type Substitution::Last(Type type) const {
  while (type.is(TypeKind::kParameter) && type.number() < bound_.size() &&
         bound_[type.number()] != nullptr && Type(bound_[type.number()]).is(TypeKind::kParameter)) {
    type = Type(bound_[type.number()]);
  }
  return type;
}

bool Substitution::Match(Type to, Type from) {
  const Type parameter = Last(to);
  to = Resolve(to);
  from = Resolve(from);
  if (to.is(TypeKind::kParameter) && from.is(TypeKind::kParameter) &&
      to.number() == from.number()) {
    return true;
  }
  if (to.is(TypeKind::kParameter)) return Bind(to, from);
  if (from.is(TypeKind::kParameter)) return Bind(from, to);
  if (to.is_open()) return true;
  if (from.is_open()) {
    // What stands for an int here and for dyn there is dyn.
    const bool widens = parameter.is(TypeKind::kParameter) && from.is(TypeKind::kDyn);
    if (widens) Set(parameter.number(), from.node());
    return true;
  }
  // null stands for an optional.
  if (to.is(TypeKind::kOptional) && from.is(TypeKind::kNull)) return true;
  if (to.is(TypeKind::kNull) && from.is(TypeKind::kOptional)) return true;
  if (to.kind() != from.kind()) return false;
  if (!to.has_parts() || to.is(TypeKind::kType)) return true;
  if (!Match(to.element(), from.element())) return false;
  return to.node()->second == nullptr || Match(to.value(), from.value());
}

bool Substitution::AssignAll(std::span<const Type> to, std::span<const Type> from) {
  const size_t before = Save();
  for (size_t i = 0; i < to.size(); ++i) {
    if (Match(to[i], from[i])) continue;
    Restore(before);
    return false;
  }
  return true;
}

Type Substitution::Replace(Type type, int depth) {
  type = Resolve(type);
  if (type.is(TypeKind::kParameter) || depth > kMaxDepth) return TypeKind::kDyn;
  if (!type.has_parts()) return type;
  const Type first = Replace(type.element(), depth + 1);
  const Type second = type.node()->second == nullptr ? Type() : Replace(type.value(), depth + 1);
  return pool_->Like(type, first, second);
}

Type Substitution::Wider(Type a, Type b) {
  a = Resolve(a);
  b = Resolve(b);
  if (a.unknown() || a.is(TypeKind::kNull) || b.is(TypeKind::kDyn)) return b;
  if (b.unknown() || a.is(TypeKind::kDyn) || !a.has_parts() || !b.has_parts() ||
      a.kind() != b.kind()) {
    return a;
  }
  const Type first = Wider(a.element(), b.element());
  return pool_->Like(a, first, a.node()->second == nullptr ? Type() : Wider(a.value(), b.value()));
}

Type Substitution::Rename(Type type, Renaming* renaming) {
  if (type.is(TypeKind::kParameter) && type.number() < kTableParameters) {
    const TypeNode*& fresh = renaming->fresh[type.number()];
    if (fresh == nullptr) fresh = Fresh().node();
    return Type(fresh);
  }
  if (!type.has_parts()) return type;
  return pool_->Like(type, Rename(type.element(), renaming),
                     type.node()->second == nullptr ? Type() : Rename(type.value(), renaming));
}

}  // namespace verdict::rule
