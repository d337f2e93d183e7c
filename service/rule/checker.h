// The checker's inside; callers use Check in checked_tree.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rule/cel.h"
#include "rule/checked_tree.h"

namespace verdict::rule {

// CEL's types. The rule profile refuses more, and says how to mend it. Thread-compatible.
class Checker {
 public:
  // `environment`: of the cel profile, else null; then `options` has a schema.
  Checker(CheckedTree* checked, const CompileOptions& options, const CelEnvironment* environment,
          Findings* findings);
  void Run();

 private:
  // checker.cc: each kind of node.
  Type Visit(NodeId id);
  Type VisitKind(NodeId id);
  Type Literal(NodeId id, TypeKind kind);
  Type ListLiteral(NodeId id);
  Type Index(NodeId id);
  Type Not(NodeId id);
  Type Conditional(NodeId id);
  void CheckResult();
  void CheckOpenTypes();

  // checker_collections.cc: maps, macros and optionals.
  Type MapLiteral(NodeId id);
  bool KeyJoins(NodeId id, Type* key);
  bool FoldMap(NodeId id);
  Type Item(NodeId id);
  Type MacroCall(NodeId id);
  Type MacroResult(NodeId id, Type variable);
  Type BoolBody(NodeId id, NodeId body);
  Type OptionalSelect(NodeId id);
  Type OptionalIndex(NodeId id);
  void CheckVariable(NodeId variable);
  // What `object[key]` yields; of an optional an optional.
  Type PartOf(NodeId id, Type object, Type key);
  Type FieldOf(NodeId id, Type object);
  // Of what was reported already, that.
  Type OptionalOf(Type held);
  Type ListOf(Type item);
  // The type of both; in the cel profile dyn where they differ.
  bool Join(Type* type, Type other);
  bool cel() const { return environment_ != nullptr; }

  // checker_names.cc: fields, objects and lists.
  Type Name(NodeId id);
  Type Select(NodeId id);
  Type Has(NodeId id);
  Type LinkedName(NodeId id);
  // The path of a chain of selects over a name: "card", "count_1h"; false where it begins
  // otherwise.
  bool Path(NodeId id, std::string* object, std::string* field) const;
  Type UnknownField(NodeId id, std::string_view object, std::string_view field);
  Type FieldMeaning(NodeId id, const Field& field);
  const NamedList* FindList(NodeId id, std::string_view name);
  static std::string ListAdvice(ListKind kind, std::string_view name);
  Type ListName(NodeId id, std::string_view name, bool right_of_in);
  bool ListCall(NodeId id, Type* result);
  Type FeatureAspect(NodeId id, std::string_view suffix);

  // checker_operators.cc: binary operators and negation.
  Type Binary(NodeId id);
  Type Logic(NodeId id);
  Type Comparison(NodeId id);
  Type Membership(NodeId id);
  Type RightOfIn(NodeId id);
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
  // Without the name of a library in front.
  std::span<const NodeId> ArgumentsOf(NodeId id) const;
  std::string FunctionName(NodeId id) const;  // with it
  bool BadTimeLiteral(NodeId id);
  // By the table alone: what the cel profile knows of functions.
  Type PlainCall(NodeId id);
  // The first that takes arguments of these types; then *result is what it yields, or dyn where
  // several do that yield different types.
  const Overload* FindOverload(std::span<const Overload> candidates,
                               std::span<const NodeId> arguments, Type* result);
  // A call whose overload is known before it runs.
  void Settle(NodeId id, const Overload& overload, std::span<const NodeId> arguments);
  // Runs a call whose arguments are all constant.
  void Fold(NodeId id, std::span<const NodeId> arguments);

  // checker_unknown_calls.cc: calls of what is not there.
  static bool HasAdvice(std::string_view name);
  Type UnknownFunction(NodeId id);
  bool UnknownOfLibrary(NodeId id);
  Type NotInRules(NodeId id);  // R106
  Type NoOverload(NodeId id);

  const Node& node(NodeId id) const { return checked_->tree.at(id); }
  Meaning& meaning(NodeId id) { return checked_->meanings[id]; }
  Type type(NodeId id) const { return types_.Resolve(checked_->meanings[id].type); }
  // May a value of type `from` stand for one of `to`?
  bool Fits(Type to, Type from) { return types_.Assign(to, from); }
  // Open, it or what it holds.
  bool AnyOpen(Type type) const;
  bool HoldsNull(Type type) const;  // `null` stands in what is of this type
  // Of a list.
  Type ElementOf(Type list) const { return types_.Resolve(list.element()); }
  std::string text(NodeId id) const { return std::string(checked_->tree.text(node(id).span)); }
  Finding* Error(std::string_view code, Span span, std::string message, std::string label);

  CheckedTree* checked_;
  const CompileOptions& options_;
  const CelEnvironment* environment_;
  Findings* findings_;
  Substitution types_;
  std::vector<Type> locals_;  // of the variables of the macros around
  std::vector<std::string_view> local_names_;
  int loops_ = 0;  // around
};

}  // namespace verdict::rule
