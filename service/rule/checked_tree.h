// A tree whose every node has its type, and what it reads or runs.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rule/arena.h"
#include "rule/builtins.h"
#include "rule/calendar.h"
#include "rule/expression.h"
#include "rule/pattern.h"
#include "rule/tree.h"
#include "rule/type.h"

namespace verdict::rule {

inline constexpr int32_t kNoSlot = -1;

// What the checker found out about one node.
struct Meaning {
  Type type = {};
  int32_t slot = kNoSlot;   // a field, or the field `has` asks for
  int32_t local = kNoSlot;  // a variable of a macro, by how many are around it
  std::optional<Type> names_type = std::nullopt;  // `int` as a value
  std::span<const Overload> candidates = {};      // of a call or an operator, by name
  bool qualified = false;              // `math.least(..)`: the first child is part of the name
  const Overload* overload = nullptr;  // of a call or an operator, where it is known before it runs
  bool constant = false;               // then `value` is it
  Value value = {};
  const NamedList* list = nullptr;   // `lists.NAME`, or what a call asks of it
  const Pattern* pattern = nullptr;  // `matches`; its text is child 0
  bool calendar = false;             // a getter of a timestamp
  CalendarPart part = CalendarPart::kHours;
  absl::TimeZone zone = {};
};

struct CheckedTree {
  Tree tree;
  std::vector<Meaning> meanings;  // by NodeId
  size_t locals = 0;              // variables of macros that are known at once, at most
  std::unique_ptr<TypePool> types = std::make_unique<TypePool>();
  std::vector<std::unique_ptr<const Pattern>> patterns;
  EvaluationArenaPtr constants = MakeEvaluationArena();  // owns constant strings and lists
  const Schema* schema = nullptr;
  const Meaning& of(NodeId id) const { return meanings[id]; }
};

// REQUIRES: a whole tree. The result is to be used only where no finding is an error.
CheckedTree Check(Tree tree, const CompileOptions& options, Findings* findings);

// Warnings and hints on a tree without errors; and the few mistakes that need the whole tree (R230,
// R320, R324). `guards`: what GuardsOf found in the clauses joined to this one.
void Lint(const CheckedTree& checked, const Source& source, const std::vector<std::string>& guards,
          Findings* findings);

// Canonical texts of what is not zero where the expression is true.
std::vector<std::string> GuardsOf(const CheckedTree& checked);

// The fields a checked tree may read, ascending; txn.time where a list's entries expire.
std::vector<uint16_t> SlotsOf(const CheckedTree& checked);

}  // namespace verdict::rule
