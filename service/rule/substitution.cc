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

bool Substitution::Bind(Type parameter, Type other) {
  if (Occurs(parameter, other)) return false;
  if (bound_.size() <= parameter.number()) bound_.resize(parameter.number() + 1, nullptr);
  bound_[parameter.number()] = other.node();
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
    if (widens) bound_[parameter.number()] = from.node();
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
  const std::vector<const TypeNode*> before = bound_;
  for (size_t i = 0; i < to.size(); ++i) {
    if (Match(to[i], from[i])) continue;
    bound_ = before;
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
