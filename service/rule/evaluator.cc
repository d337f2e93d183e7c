// The tagged evaluator: one switch over the steps of a program.
//
// Invariants:
// 1. && and || follow the symmetric tables: false (true) wins, else error, else missing, else the
// neutral value.
// 2. Any other step stops at its leftmost missing or error operand and yields that.
// 3. Nothing is allocated but in the arena.
#include <cmath>

#include "base/check.h"
#include "rule/calendar.h"
#include "rule/program.h"
#include "rule/tagged_evaluation.h"

namespace verdict::rule {
namespace {

bool Stops(const Value& v) { return v.kind() <= Kind::kError; }
static_assert(Kind::kMissing < Kind::kError && Kind::kError < Kind::kNull);

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

Value TestDoubles(Test test, double a, double b) {
  if (std::isunordered(a, b) && test != Test::kEqual && test != Test::kNotEqual) [[unlikely]] {
    return Value::Error(ErrorCode::kNotANumber);
  }
  return Value::Bool(Holds(test, a, b));
}

// `sign` is one of + - * /.
double Arithmetic(uint8_t sign, double a, double b) {
  if (sign == '/') return a / b;
  if (sign == '*') return a * b;
  return sign == '+' ? a + b : a - b;
}

// Thread-compatible: one run.
class Evaluation {
 public:
  Evaluation(const Program& program, const Record& record, EvaluationArena* arena)
      : checked_(program.checked),
        record_(record.slots),
        steps_(program.steps.data()),
        operands_(program.operands.data()),
        slots_(record.slots.data()),
        arena_(arena) {}

  // One op a case.
  Value Run(uint32_t index) const {
    const Step& step = steps_[index];
    switch (step.op) {
      case Op::kConstant:
        return step.constant;
      case Op::kField: {
        const Value& v = slots_[step.slot];
        return v.kind() == step.kind ? v : Absent(v, step.slot);
      }
      case Op::kHas:
        return Value::Bool(!slots_[step.slot].is_missing());
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
        return TestDoubles(step.test, v.real(), step.constant.real());
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
      case Op::kAnd:
        return Fold(step, false);
      case Op::kOr:
        return Fold(step, true);
      case Op::kNot: {
        const Value v = Operand(step, 0);
        return Stops(v) ? v : Value::Bool(!v.boolean());
      }
      case Op::kInStrings: {
        const Value v = Operand(step, 0);
        return Stops(v) ? v : Value::Bool(step.strings->Contains(v.string()));
      }
      case Op::kInInts: {
        const Value v = Operand(step, 0);
        return Stops(v) ? v : Value::Bool(step.ints->Contains(v.integer()));
      }
      case Op::kMatches: {
        const Value v = Operand(step, 0);
        return Stops(v) ? v : Value::Bool(step.pattern->FoundIn(v.string()));
      }
      case Op::kCalendar: {
        const Value v = Operand(step, 0);
        return Stops(v) ? v : ReadCalendar(static_cast<CalendarPart>(step.part), v, *step.zone);
      }
      case Op::kConditional: {
        const Value v = Operand(step, 0);
        return Stops(v) ? v : Operand(step, v.boolean() ? 1 : 2);
      }
      case Op::kTestInt:
      case Op::kTestDouble:
      case Op::kDoubleArithmetic:
      case Op::kTest:
      case Op::kInList:
      case Op::kIndex:
        return Pair(step);
      case Op::kList:
        return List(step);
      case Op::kCall:
        return Call(step);
      case Op::kTagged:
        return TaggedEvaluation(checked_, record_, arena_).Run(step.first_operand);
    }
    return Value::Error(ErrorCode::kType);
  }

 private:
  Value Operand(const Step& step, uint32_t i) const {
    return Run(operands_[step.first_operand + i]);
  }

  // What a slot yields that does not hold its type: who filled it left it out, or erred.
  static Value Absent(const Value& v, uint16_t slot) {
    if (v.is_missing()) return Value::Missing(slot);
    return v.is_error() ? v : Value::Error(ErrorCode::kType);
  }

  // && (decisive false) and || (decisive true).
  Value Fold(const Step& step, bool decisive) const {
    Value trouble = Value::Bool(!decisive);
    for (uint32_t i = 0; i < step.operands; ++i) {
      const Value v = Operand(step, i);
      if (v.kind() == Kind::kBool) [[likely]] {
        if (v.boolean() == decisive) return v;
      } else if (!Stops(trouble) || (v.is_error() && trouble.is_missing())) {
        trouble = v;
      }
    }
    return trouble;
  }

  Value Pair(const Step& step) const {
    const Value a = Operand(step, 0);
    if (Stops(a)) return a;
    const Value b = Operand(step, 1);
    if (Stops(b)) return b;
    if (step.op == Op::kTestInt) return Value::Bool(Holds(step.test, a.integer(), b.integer()));
    if (step.op == Op::kTestDouble) return TestDoubles(step.test, a.real(), b.real());
    if (step.op == Op::kDoubleArithmetic)
      return Value::Double(Arithmetic(step.part, a.real(), b.real()));
    if (step.op == Op::kTest) return CompareValues(step.test, a, b);
    if (step.op == Op::kIndex) {
      const auto at = static_cast<uint64_t>(b.integer());
      return at < a.list().size() ? a.list()[at] : Value::Error(ErrorCode::kIndex);
    }
    for (const Value& item : b.list()) {
      if (EqualValues(a, item)) return Value::Bool(true);
    }
    return Value::Bool(false);
  }

  Value List(const Step& step) const {
    auto* items = static_cast<Value*>(arena_->Allocate(step.operands * sizeof(Value)));
    if (items == nullptr) return Value::Error(ErrorCode::kLimit);
    for (uint32_t i = 0; i < step.operands; ++i) {
      const Value v = Operand(step, i);
      if (Stops(v)) return v;
      new (items + i) Value(v);
    }
    return Value::List({items, step.operands});
  }

  Value Call(const Step& step) const {
    std::array<Value, kMaxParameters> arguments;
    for (uint32_t i = 0; i < step.operands; ++i) {
      arguments[i] = Operand(step, i);
      if (Stops(arguments[i])) return arguments[i];
    }
    return step.run({arguments.data(), step.operands}, arena_);
  }

  const CheckedTree& checked_;
  std::span<const Value> record_;
  const Step* steps_;
  const uint32_t* operands_;
  const Value* slots_;
  EvaluationArena* arena_;
};

}  // namespace

Value Run(const Program& program, const Record& record, EvaluationArena* arena) {
  return Evaluation(program, record, arena).Run(program.root);
}

}  // namespace verdict::rule
