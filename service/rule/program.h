// What the tagged evaluator runs: a checked tree laid out flat, its frequent shapes fused.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rule/checked_tree.h"
#include "rule/constant_set.h"
#include "rule/expression.h"

namespace verdict::rule {

enum class Op : uint8_t {
  kConstant,
  kField,              // slot, of kind
  kAnyField,           // slot, of whatever kind
  kLocal,              // the variable of a macro, by slot
  kHas,                // slot
  kFieldTestInt,       // int slot against a constant int
  kFieldTestDouble,    // double slot against a constant double
  kFieldEqualString,   // string slot == or != a constant
  kFieldsEqualString,  // string slot == or != string slot
  kFieldInStrings,     // string slot in a StringSet
  kTestInt,            // two ints
  kTestDouble,         // two doubles
  kTest,               // two values
  kDoubleArithmetic,   // two doubles, by sign
  kInStrings,          // first, a string, in a StringSet
  kInInts,             // first, an int, in an IntSet
  kNamedList,          // what AskList says of first; txn.time counts where entries expire
  kIn,                 // first in second, a list or a map
  kAnd,                // all of the operands
  kOr,                 // any of the operands
  kNot,
  kConditional,  // first ? second : third
  kMatches,
  kCalendar,
  kPart,           // first[second]
  kOptionalPart,   // first[?second]
  kFieldOf,        // first.constant
  kOptionalField,  // slot, of kind: an optional
  kHasField,       // has(first.constant)
  kList,           // a new list of the operands
  kMap,            // a new map: key, value, key, value
  kOptionalItem,   // among those: first is an optional, left out where it is none
  kOrElse,         // what first holds, or first itself (part: 1, 0); where it holds nothing second
  kCall,           // a builtin on the operands, which are of the kinds it takes
  kDispatch,       // the builtin among candidates that takes the operands
  kMacro,  // macro (part), its variable in slot; the operands as in Macro, less the variable
  kExpect  // first, where it is of kind
};

// Whoever makes a step sees to it that its operands are of the kinds it looks for, by kExpect where
// no step before says so: no evaluation relies on what the checker found.
struct Step {
  Op op = Op::kConstant;
  Test test = Test::kEqual;
  Kind kind = Kind::kMissing;
  uint8_t part = 0;  // CalendarPart, Macro, or the sign of an arithmetic
  uint16_t slot = 0;
  uint16_t second_slot = 0;
  uint32_t first_operand = 0;  // into Program::operands
  uint32_t operands = 0;       // how many
  Value constant = {};
  union {
    Builtin run = nullptr;
    const std::span<const Overload>* candidates;
    const StringSet* strings;
    const IntSet* ints;
    const NamedList* list;
    const Pattern* pattern;
    const absl::TimeZone* zone;
  };
};

struct Program {
  CheckedTree checked;  // owns constants, candidates, patterns and zones
  std::vector<Step> steps;
  std::vector<uint32_t> operands;  // steps, by index
  std::vector<std::unique_ptr<const StringSet>> string_sets;
  std::vector<std::unique_ptr<const IntSet>> int_sets;
  uint32_t root = 0;
};

// REQUIRES: a tree without errors. It cannot fail.
Program Lower(CheckedTree checked);

Runnable RunnableOf(const Program& program);

// As Evaluate, but that the arena was reset.
Value Run(const Runnable& program, const Record& record, EvaluationArena* arena);

}  // namespace verdict::rule
