// The typed evaluator: one switch over the steps of a program.
//
// Invariants:
// 1. && and || follow the symmetric tables: false (true) wins, else error, else missing, else the
// neutral value.
// 2. Any other step stops at its leftmost missing or error operand and yields that.
// 3. Nothing is allocated but in the arena.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

#include "rule/calendar.h"
#include "rule/evaluation.h"
#include "rule/parts.h"

namespace verdict::rule {
namespace {

template <typename T>
bool Holds(Test test, T a, T b) {
  switch (test) {
    case Test::kLess:
      return a < b;
    case Test::kLessEqual:
      return a <= b;
    case Test::kGreater:
      return a > b;
    case Test::kGreaterEqual:
      return a >= b;
    case Test::kEqual:
      return a == b;
    case Test::kNotEqual:
      return a != b;
  }
  return false;
}

// `sign` is one of + - * /.
double Arithmetic(uint8_t sign, double a, double b) {
  if (sign == '/') return a / b;
  if (sign == '*') return a * b;
  return sign == '+' ? a + b : a - b;
}

}  // namespace

// What reads slots is written out here: it is most of what rules do.
Value Evaluation::Run(const Step& step) const {
  switch (step.op) {
    case Op::kConstant:
      return step.constant;
    case Op::kField: {
      const Value& v = slots_[step.slot];
      return v.kind() == step.kind ? v : Absent(v, step.slot);
    }
    case Op::kFieldTestInt: {
      const Value& v = slots_[step.slot];
      if (v.kind() != Kind::kInt) [[unlikely]]
        return Absent(v, step.slot);
      return Value::Bool(Holds(step.test, v.integer(), step.constant.integer()));
    }
    case Op::kFieldTestDouble: {
      const Value& v = slots_[step.slot];
      if (v.kind() != Kind::kDouble) [[unlikely]]
        return Absent(v, step.slot);
      return Value::Bool(Holds(step.test, v.real(), step.constant.real()));
    }
    case Op::kFieldEqualString: {
      const Value& v = slots_[step.slot];
      if (v.kind() != Kind::kString) [[unlikely]]
        return Absent(v, step.slot);
      return Value::Bool((v.string() == step.constant.string()) == (step.test == Test::kEqual));
    }
    case Op::kFieldsEqualString: {
      const Value& a = slots_[step.slot];
      const Value& b = slots_[step.second_slot];
      if (a.kind() != Kind::kString) [[unlikely]]
        return Absent(a, step.slot);
      if (b.kind() != Kind::kString) [[unlikely]]
        return Absent(b, step.second_slot);
      return Value::Bool((a.string() == b.string()) == (step.test == Test::kEqual));
    }
    case Op::kFieldInStrings: {
      const Value& v = slots_[step.slot];
      if (v.kind() != Kind::kString) [[unlikely]]
        return Absent(v, step.slot);
      return Value::Bool(step.strings->Contains(v.string()));
    }
    case Op::kHas:
      return Value::Bool(!slots_[step.slot].is_missing());
    case Op::kAnd:
      return Fold(step, false);
    case Op::kOr:
      return Fold(step, true);
    default:
      return Operation(step);
  }
}

// One op a case; those that begin by their first operand are left to WithOperand and Pair.
Value Evaluation::Operation(const Step& step) const {
  switch (step.op) {
    case Op::kNot:
    case Op::kInStrings:
    case Op::kInInts:
    case Op::kNamedList:
    case Op::kMatches:
    case Op::kCalendar:
    case Op::kConditional:
    case Op::kExpect:
    case Op::kFieldOf:
    case Op::kHasField:
    case Op::kOrElse:
      return WithOperand(step);
    case Op::kTestInt:
    case Op::kTestDouble:
    case Op::kDoubleArithmetic:
    case Op::kTest:
    case Op::kIn:
    case Op::kPart:
    case Op::kOptionalPart:
      return Pair(step);
    case Op::kAnyField:
      return slots_[step.slot].is_missing() ? Value::Missing(step.slot) : slots_[step.slot];
    case Op::kLocal:
      return locals_[step.slot];
    case Op::kOptionalField:
      return OptionalField(step);
    case Op::kList:
      return List(step);
    case Op::kMap:
      return Map(step);
    case Op::kCall:
      return Call(step);
    case Op::kDispatch:
      return Dispatch(step);
    case Op::kMacro:
      return RunMacro(step);
    default:
      return Value::Error(ErrorCode::kType);  // kOptionalItem: List and Map look into it
  }
}

Value Evaluation::WithOperand(const Step& step) const {
  const Value v = Operand(step, 0);
  if (v.stops()) return v;
  switch (step.op) {
    case Op::kNot:
      return Value::Bool(!v.boolean());
    case Op::kInStrings:
      return Value::Bool(step.strings->Contains(v.string()));
    case Op::kInInts:
      return Value::Bool(step.ints->Contains(v.integer()));
    case Op::kNamedList:
      return OfList(*step.list, v);
    case Op::kMatches:
      return Value::Bool(step.pattern->FoundIn(v.string()));
    case Op::kCalendar:
      return ReadCalendar(static_cast<CalendarPart>(step.part), v, *step.zone);
    case Op::kConditional:
      return Operand(step, v.boolean() ? 1 : 2);
    case Op::kFieldOf:
      return FieldOf(v, step.constant, arena_);
    case Op::kHasField:
      return HasField(v, step.constant, arena_);
    case Op::kOrElse:
      if (v.held() == nullptr) return Operand(step, 1);
      return step.part == 0 ? v : *v.held();
    default:  // kExpect
      return v.kind() == step.kind ? v : Value::Error(ErrorCode::kType);
  }
}

// What a slot yields that does not hold its type: who filled it left it out, or erred.
Value Evaluation::Absent(const Value& v, uint16_t slot) {
  if (v.is_missing()) return Value::Missing(slot);
  return v.is_error() ? v : Value::Error(ErrorCode::kType);
}

Value Evaluation::OfList(const NamedList& list, const Value& asked) const {
  if (!list.expires()) return AskList(list, asked, 0);
  const Value& time = slots_[kTxnTime];
  return time.kind() == Kind::kTimestamp ? AskList(list, asked, time.integer())
                                         : Absent(time, kTxnTime);
}

// && (decisive false) and || (decisive true).
Value Evaluation::Fold(const Step& step, bool decisive) const {
  Value result = Value::Bool(!decisive);
  for (uint32_t i = 0; i < step.operands; ++i) {
    if (Absorb(Operand(step, i), decisive, &result)) break;
  }
  return result;
}

Value Evaluation::Pair(const Step& step) const {
  const Value a = Operand(step, 0);
  if (a.stops()) return a;
  const Value b = Operand(step, 1);
  if (b.stops()) return b;
  switch (step.op) {
    case Op::kTestInt:
      return Value::Bool(Holds(step.test, a.integer(), b.integer()));
    case Op::kTestDouble:
      return Value::Bool(Holds(step.test, a.real(), b.real()));
    case Op::kDoubleArithmetic:
      return Value::Double(Arithmetic(step.part, a.real(), b.real()));
    case Op::kTest:
      return CompareValues(step.test, a, b);
    case Op::kIn:
      return Contains(a, b);
    case Op::kPart:
      return PartOf(a, b, arena_);
    default:
      return OptionalPartOf(a, b, arena_);
  }
}

Value Evaluation::Call(const Step& step) const {
  alignas(Value) std::byte room[kMaxArguments * sizeof(Value)];  // as much as is written is read
  auto* arguments = reinterpret_cast<Value*>(room);
  for (uint32_t i = 0; i < step.operands; ++i) {
    const Value v = Operand(step, i);
    if (v.stops()) return v;
    new (arguments + i) Value(v);
  }
  return step.run({arguments, step.operands}, arena_);
}

Runnable RunnableOf(const Program& program) {
  return {.root = program.steps.data() + program.root,
          .steps = program.steps.data(),
          .operands = program.operands.data(),
          .locals = program.checked.locals};
}

Value Evaluate(const Runnable& runnable, const Record& record, EvaluationArena* arena) {
  arena->Reset();
  return Run(runnable, record, arena);
}

Value Run(const Runnable& program, const Record& record, EvaluationArena* arena) {
  Value* locals = nullptr;
  if (const size_t count = program.locals; count > 0) {
    locals = static_cast<Value*>(arena->Allocate(count * sizeof(Value)));
    if (locals == nullptr) return Value::Error(ErrorCode::kLimit);
    std::uninitialized_fill_n(locals, count, Value());
  }
  return Evaluation(program, record, arena, locals).Run(*program.root);
}

}  // namespace verdict::rule
