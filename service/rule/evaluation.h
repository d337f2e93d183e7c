// The inside of the typed evaluator; callers use Run in program.h.
#pragma once

#include <span>

#include "rule/arena.h"
#include "rule/program.h"
#include "rule/schema.h"

namespace verdict::rule {

// One run. Thread-compatible.
class Evaluation {
 public:
  // `locals`: room for the variables of macros.
  Evaluation(const Runnable& program, const Record& record, EvaluationArena* arena, Value* locals)
      : steps_(program.steps),
        operands_(program.operands),
        slots_(record.slots.data()),
        arena_(arena),
        locals_(locals) {}

  Value Run(const Step& step) const;

 private:
  Value Operand(const Step& step, uint32_t i) const {
    return Run(steps_[operands_[step.first_operand + i]]);
  }
  // Room for `count` values; null where it is none.
  Value* Room(size_t count) const {
    return static_cast<Value*>(arena_->Allocate(count * sizeof(Value)));
  }

  // One operand more of && (decisive false) or || (decisive true); true where it decides.
  // REQUIRES: a bool, missing or an error.
  static bool Absorb(const Value& v, bool decisive, Value* result) {
    if (v.kind() == Kind::kBool) {
      if (v.boolean() != decisive) return false;
      *result = v;
      return true;
    }
    if (!result->stops() || (v.is_error() && result->is_missing())) *result = v;
    return false;
  }

  // evaluator.cc
  static Value Absent(const Value& v, uint16_t slot);
  Value Fold(const Step& step, bool decisive) const;
  Value OfList(const NamedList& list, const Value& asked) const;
  Value Operation(const Step& step) const;
  Value WithOperand(const Step& step) const;
  Value Pair(const Step& step) const;
  Value Call(const Step& step) const;

  // evaluator_collections.cc
  Value OptionalField(const Step& step) const;
  // An item of a list or a value of a map; false where an optional one is left out.
  bool Item(uint32_t index, Value* item) const;
  Value List(const Step& step) const;
  Value Map(const Step& step) const;
  Value Dispatch(const Step& step) const;

  // evaluator_macros.cc
  Value RunMacro(const Step& step) const;
  Value Bind(const Step& step) const;
  Value OptionalMap(const Step& step) const;
  Value Quantify(const Step& step, const Value& range) const;
  Value ExactlyOne(const Step& step, const Value& range) const;
  Value Filter(const Step& step, const Value& range) const;
  Value Transform(const Step& step, const Value& range) const;

  const Step* steps_;
  const uint32_t* operands_;
  const Value* slots_;
  EvaluationArena* arena_;
  Value* locals_;
};

}  // namespace verdict::rule
