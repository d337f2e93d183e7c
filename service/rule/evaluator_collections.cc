// The typed evaluator: optional fields, new lists and maps, calls that are known only when they
// run.
#include <new>

#include "rule/evaluation.h"
#include "rule/parts.h"

namespace verdict::rule {

Value Evaluation::OptionalField(const Step& step) const {
  const Value& v = slots_[step.slot];
  if (v.is_missing()) return Value::Optional(nullptr);
  if (v.is_error()) return v;
  const bool fits = step.kind == Kind::kMissing || v.kind() == step.kind;
  return fits ? arena_->Hold(v) : Value::Error(ErrorCode::kType);
}

bool Evaluation::Item(uint32_t index, Value* item) const {
  const Step& step = steps_[index];
  const bool optional = step.op == Op::kOptionalItem;
  *item = optional ? Operand(step, 0) : Run(steps_[index]);
  if (!optional || item->stops()) return true;
  if (item->held() == nullptr) return false;
  *item = *item->held();
  return true;
}

Value Evaluation::List(const Step& step) const {
  Value* items = Room(step.operands);
  if (items == nullptr && step.operands > 0) return Value::Error(ErrorCode::kLimit);
  size_t count = 0;
  for (uint32_t i = 0; i < step.operands; ++i) {
    Value item;
    if (!Item(operands_[step.first_operand + i], &item)) continue;
    if (item.stops()) return item;
    new (items + count++) Value(item);
  }
  return Value::List({items, count});
}

Value Evaluation::Map(const Step& step) const {
  auto* entries = static_cast<MapEntry*>(arena_->Allocate(step.operands / 2 * sizeof(MapEntry)));
  if (entries == nullptr && step.operands > 0) return Value::Error(ErrorCode::kLimit);
  size_t count = 0;
  for (uint32_t i = 0; i + 1 < step.operands; i += 2) {
    const Value key = Operand(step, i);
    if (key.stops()) return key;
    Value value;
    const bool there = Item(operands_[step.first_operand + i + 1], &value);
    if (there && value.stops()) return value;
    if (!IsKey(key)) return Value::Error(ErrorCode::kType);
    if (!there) continue;
    if (FindKey(Value::Map({entries, count}), key) != nullptr) {
      return Value::Error(ErrorCode::kRepeatedKey);
    }
    new (entries + count++) MapEntry{key, value};
  }
  return Value::Map({entries, count});
}

Value Evaluation::Dispatch(const Step& step) const {
  Value* arguments = Room(step.operands);
  if (arguments == nullptr && step.operands > 0) return Value::Error(ErrorCode::kLimit);
  for (uint32_t i = 0; i < step.operands; ++i) {
    const Value v = Operand(step, i);
    if (v.stops()) return v;
    new (arguments + i) Value(v);
  }
  const std::span<const Value> values{arguments, step.operands};
  for (const Overload& one : *step.candidates) {
    if (one.Takes(values)) return one.run(values, arena_);
  }
  return Value::Error(step.candidates->empty() ? ErrorCode::kUnbound : ErrorCode::kType);
}

}  // namespace verdict::rule
