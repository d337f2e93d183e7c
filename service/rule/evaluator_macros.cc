// The typed evaluator: what runs a step for each item.
#include <new>

#include "rule/evaluation.h"

namespace verdict::rule {
namespace {

// The items of a list, the keys of a map.
size_t ItemCount(const Value& range) {
  return range.kind() == Kind::kMap ? range.map().size() : range.list().size();
}
const Value& ItemAt(const Value& range, size_t i) {
  return range.kind() == Kind::kMap ? range.map()[i].key : range.list()[i];
}

}  // namespace

Value Evaluation::RunMacro(const Step& step) const {
  const auto macro = static_cast<Macro>(step.part);
  if (macro == Macro::kBind) return Bind(step);
  if (macro == Macro::kOptMap || macro == Macro::kOptFlatMap) return OptionalMap(step);
  const Value range = Operand(step, 0);
  if (range.stops()) return range;
  if (range.kind() != Kind::kList && range.kind() != Kind::kMap) {
    return Value::Error(ErrorCode::kType);
  }
  switch (macro) {
    case Macro::kExists:
    case Macro::kAll:
      return Quantify(step, range);
    case Macro::kExistsOne:
      return ExactlyOne(step, range);
    case Macro::kFilter:
      return Filter(step, range);
    default:
      return Transform(step, range);
  }
}

// What is missing or an error is so where the variable is read.
Value Evaluation::Bind(const Step& step) const {
  const Value v = Operand(step, 0);
  locals_[step.slot] = v;
  return Operand(step, 1);
}

Value Evaluation::OptionalMap(const Step& step) const {
  const Value optional = Operand(step, 0);
  if (optional.stops() || optional.held() == nullptr) return optional;
  locals_[step.slot] = *optional.held();
  const Value body = Operand(step, 1);
  const bool hold = static_cast<Macro>(step.part) == Macro::kOptMap && !body.stops();
  return hold ? arena_->Hold(body) : body;
}

// `exists` is || over the items, `all` is &&.
Value Evaluation::Quantify(const Step& step, const Value& range) const {
  const bool decisive = static_cast<Macro>(step.part) == Macro::kExists;
  Value result = Value::Bool(!decisive);
  for (size_t i = 0; i < ItemCount(range); ++i) {
    locals_[step.slot] = ItemAt(range, i);
    if (Absorb(Operand(step, 1), decisive, &result)) break;
  }
  return result;
}

Value Evaluation::ExactlyOne(const Step& step, const Value& range) const {
  size_t found = 0;
  for (size_t i = 0; i < ItemCount(range); ++i) {
    locals_[step.slot] = ItemAt(range, i);
    const Value v = Operand(step, 1);
    if (v.stops()) return v;
    found += v.boolean() ? 1 : 0;
  }
  return Value::Bool(found == 1);
}

Value Evaluation::Filter(const Step& step, const Value& range) const {
  Value* kept = Room(ItemCount(range));
  if (kept == nullptr && ItemCount(range) > 0) return Value::Error(ErrorCode::kLimit);
  size_t count = 0;
  for (size_t i = 0; i < ItemCount(range); ++i) {
    locals_[step.slot] = ItemAt(range, i);
    const Value v = Operand(step, 1);
    if (v.stops()) return v;
    if (v.boolean()) new (kept + count++) Value(ItemAt(range, i));
  }
  return Value::List({kept, count});
}

// Operands: the range, which items where that is asked, the new item.
Value Evaluation::Transform(const Step& step, const Value& range) const {
  const bool filtered = static_cast<Macro>(step.part) == Macro::kMapFiltered;
  Value* made = Room(ItemCount(range));
  if (made == nullptr && ItemCount(range) > 0) return Value::Error(ErrorCode::kLimit);
  size_t count = 0;
  for (size_t i = 0; i < ItemCount(range); ++i) {
    locals_[step.slot] = ItemAt(range, i);
    if (filtered) {
      const Value wanted = Operand(step, 1);
      if (wanted.stops()) return wanted;
      if (!wanted.boolean()) continue;
    }
    const Value v = Operand(step, filtered ? 2 : 1);
    if (v.stops()) return v;
    new (made + count++) Value(v);
  }
  return Value::List({made, count});
}

}  // namespace verdict::rule
