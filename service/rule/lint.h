// The linter's inside; callers use Lint in checked_tree.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rule/checked_tree.h"

namespace verdict::rule {

inline constexpr NodeId kNoNode = UINT32_MAX;

// Looks at each node of a tree without errors. Thread-compatible.
class Linter {
 public:
  Linter(const CheckedTree& checked, Findings* findings) : checked_(checked), findings_(findings) {}
  // `guards`: canonical texts of what other clauses hold to be above or below zero.
  void Run(std::vector<std::string> guards);
  void DoubleQuotes();  // R005

  // Canonical texts of what is not zero where `id` is true.
  void Guards(NodeId id, std::vector<std::string>* guards) const;

 private:
  // lint.cc: logic and division.
  void Visit(NodeId id);
  void VisitLogic(NodeId id);
  void VisitChain(NodeId id, TokenKind op);
  void VisitConditional(NodeId id);
  void VisitMacro(const Node& macro);
  void ConstantCondition(NodeId id);
  void Division(NodeId id);
  // What is not zero where the comparison `id` is true (or where it is false).
  bool GuardedText(NodeId id, bool where_true, std::string* text) const;
  void Alternatives(NodeId id, std::vector<std::string>* guards) const;
  bool ReadsNothing(NodeId id, int32_t own = INT32_MAX) const;

  // lint_comparisons.cc
  void Comparison(NodeId id);
  void LostFraction(NodeId id, NodeId side, NodeId other);
  NodeId IntDivisionWithin(NodeId id) const;
  void DoubleEquality(NodeId id);
  void OrderOfTexts(NodeId id);
  void TextsThatNeverCome(NodeId id);
  void TextThatNeverComes(const Field& field, NodeId text);
  const Field* FieldOfFewTexts(NodeId id) const;  // null: it may be any text

  // lint_calls.cc
  void Call(NodeId id);
  void UnanchoredPattern(NodeId id);
  void Calendar(NodeId id);
  // R320: a zero-based getter compared with what it never yields.
  void NeverTrueDates(NodeId id);

  const Node& node(NodeId id) const { return checked_.tree.at(id); }
  const Meaning& of(NodeId id) const { return checked_.of(id); }
  std::string text(NodeId id) const { return Unparse(checked_.tree, id); }
  // What a variable of `cel.bind` stands for; else the node itself.
  NodeId Bound(NodeId id) const;
  Finding* Add(std::string_view code, Severity severity, Span span, std::string message,
               std::string label);

  const CheckedTree& checked_;
  Findings* findings_;
  std::vector<std::string> guards_;
  std::vector<NodeId> bound_;     // by local: its value in `cel.bind`, kNoNode in other macros
  NodeId told_getter_ = kNoNode;  // of the last R320, which says all that R321 would
};

// How many `x` there are where a zero-based getter yields 0..x-1; 0 for other parts.
int ZeroBasedRange(CalendarPart part);

}  // namespace verdict::rule
