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
  kHas,                // slot
  kFieldTestInt,       // int slot against a constant int
  kFieldTestDouble,    // double slot against a constant double
  kFieldEqualString,   // string slot == or != a constant
  kFieldsEqualString,  // string slot == or != string slot
  kTestInt,            // two ints
  kTestDouble,         // two doubles
  kTest,               // two values of one type, or two numbers
  kDoubleArithmetic,   // two doubles, by sign
  kInStrings,          // first in a StringSet
  kInInts,             // first in an IntSet
  kInList,             // first in second
  kAnd,                // all of the operands
  kOr,                 // any of the operands
  kNot,
  kConditional,  // first ? second : third
  kMatches,
  kCalendar,
  kIndex,  // item of a list
  kList,   // a new list of the operands
  kCall,   // a builtin on the operands
  kTagged  // the tagged evaluator on the node
};

struct Step {
  Op op = Op::kConstant;
  Test test = Test::kEqual;
  Kind kind = Kind::kMissing;
  uint8_t part = 0;  // CalendarPart, or the sign of an arithmetic
  uint16_t slot = 0;
  uint16_t second_slot = 0;
  uint32_t first_operand = 0;  // into Program::operands; of kTagged the node
  uint32_t operands = 0;       // how many
  Value constant = {};
  union {
    Builtin run = nullptr;
    const StringSet* strings;
    const IntSet* ints;
    const Pattern* pattern;
    const absl::TimeZone* zone;
  };
};

struct Program {
  CheckedTree checked;  // owns constants, patterns and zones
  std::vector<Step> steps;
  std::vector<uint32_t> operands;  // steps, by index
  std::vector<std::shared_ptr<const StringSet>> string_sets;
  std::vector<std::unique_ptr<const IntSet>> int_sets;
  uint32_t root = 0;
};

// REQUIRES: a tree without errors. It cannot fail. `list_sets` as in CompileOptions.
Program Lower(CheckedTree checked, SharedListSets* list_sets);

// REQUIRES: `record` has a slot for every field of the schema; the arena was reset.
Value Run(const Program& program, const Record& record, EvaluationArena* arena);

}  // namespace verdict::rule
