// The checker's inside; callers use Check in checked_tree.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rule/checked_tree.h"

namespace verdict::rule {

// The rule profile: CEL's types, with more refusals. Thread-compatible.
class Checker {
 public:
  Checker(CheckedTree* checked, const CompileOptions& options, Findings* findings);
  void Run();

 private:
  // checker.cc: each kind of node.
  Type Visit(NodeId id);
  Type VisitKind(NodeId id);
  Type Literal(NodeId id, Scalar scalar);
  Type ListLiteral(NodeId id);
  Type Index(NodeId id);
  Type Not(NodeId id);
  Type Conditional(NodeId id);
  void CheckResult();

  // checker_names.cc: fields, objects and lists.
  Type Name(NodeId id);
  Type Select(NodeId id);
  Type Has(NodeId id);
  // The path of a chain of selects over a name: "card", "count_1h"; false where it begins
  // otherwise.
  bool Path(NodeId id, std::string* object, std::string* field) const;
  Type UnknownField(NodeId id, std::string_view object, std::string_view field);
  Type FieldMeaning(NodeId id, const Field& field);
  Type NamedList(NodeId id, std::string_view name);
  Type FeatureAspect(NodeId id, std::string_view suffix);

  // checker_operators.cc: binary operators and negation.
  Type Binary(NodeId id);
  Type Logic(NodeId id);
  Type Comparison(NodeId id);
  Type Membership(NodeId id);
  Type Arithmetic(NodeId id);
  Type Negate(NodeId id);
  // R210: numbers of two types where one is needed. True where that is so.
  bool MixedNumbers(NodeId id, NodeId left, NodeId right, Type left_type, Type right_type);
  // What makes `id` a number (or list of numbers) of type `wanted`; false where nothing does.
  bool ConvertEdits(NodeId id, Type wanted, std::vector<Edit>* edits) const;
  void MistypedOperands(NodeId id, Type left, Type right);

  // checker_calls.cc: functions and methods.
  Type Call(NodeId id);
  Type Matches(NodeId id);
  Type CalendarGetter(NodeId id, CalendarPart part);
  bool SpecialCall(NodeId id, Type* type);
  Type UnknownFunction(NodeId id);
  Type NoOverload(NodeId id);
  bool BadTimeLiteral(NodeId id);
  const Overload* FindOverload(const Node& node, bool method) const;
  // Runs a call whose arguments are all constant.
  void Fold(NodeId id);

  const Node& node(NodeId id) const { return checked_->tree.at(id); }
  Meaning& meaning(NodeId id) { return checked_->meanings[id]; }
  Type type(NodeId id) const { return checked_->meanings[id].type; }
  std::string text(NodeId id) const { return std::string(checked_->tree.text(node(id).span)); }
  Finding* Error(std::string_view code, Span span, std::string message, std::string label);

  CheckedTree* checked_;
  const CompileOptions& options_;
  Findings* findings_;
  bool list_allowed_ = false;  // right of `in`
};

}  // namespace verdict::rule
