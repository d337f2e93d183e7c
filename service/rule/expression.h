// The face of the room: one expression, from source text to a value. The phases lie in files of
// their own names.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rule/cost.h"
#include "rule/diagnostic.h"
#include "rule/named_list.h"
#include "rule/schema.h"
#include "rule/value.h"

namespace verdict::rule {

// An expression's text and the map from its columns to places in the file it came from.
struct Source {
  std::string text;  // decoded UTF-8
  std::string file;
  std::string pointer;  // JSON pointer of the string
  std::string rule_id;
  // place_of[i]: line and column in the file of the i-th code point of `text`; one more entry for
  // the end. Empty: line 1, column i + 1.
  struct Position {
    int line = 1;
    int column = 1;
  };
  std::vector<Position> place_of;
};

struct CompileOptions {
  const Schema* schema = nullptr;       // must outlive the expression
  const NamedLists* lists = nullptr;    // may be null; must outlive the expression
  FieldType result = FieldType::kBool;  // what the expression must yield, where check_result
  bool check_result = true;
  // The other clauses of the same `when_all`: a divisor they keep from zero is not warned of
  // (R231).
  std::vector<std::string> other_clauses = {};
};

// Scratch memory of one evaluating thread: lists and strings an evaluation makes.
// Thread-compatible.
class EvaluationArena;
struct EvaluationArenaDeleter {
  void operator()(EvaluationArena* arena) const;
};
using EvaluationArenaPtr = std::unique_ptr<EvaluationArena, EvaluationArenaDeleter>;
EvaluationArenaPtr MakeEvaluationArena();

// All that an evaluation touches of an expression: whoever evaluates many keeps these side by side.
// Lives as long as its expression.
struct Step;
struct Runnable {
  const Step* root = nullptr;
  const Step* steps = nullptr;
  const uint32_t* operands = nullptr;
  size_t locals = 0;
};
// As Expression::Evaluate. REQUIRES: `record` has a slot for every field of the schema.
Value Evaluate(const Runnable& runnable, const Record& record, EvaluationArena* arena);
// Asks for the memory that Evaluate will need first.
inline void Prefetch(const Runnable& runnable) {
  __builtin_prefetch(runnable.root);
  __builtin_prefetch(runnable.operands);
}

// Immutable. Thread-safe.
class Expression {
 public:
  virtual ~Expression() = default;
  // Null where `diagnostics` got an error; warnings and hints may come with an expression.
  static std::unique_ptr<const Expression> Compile(const Source& source,
                                                   const CompileOptions& options,
                                                   std::vector<Diagnostic>* diagnostics);
  // A value, missing or an error; never fails otherwise. Strings and lists in it live until the
  // next Evaluate with this arena. Allocates nothing once the arena has grown to its size, but
  // where `string(..)` writes a number, a time or an address.
  virtual Value Evaluate(const Record& record, EvaluationArena* arena) const = 0;
  // The same by the reference evaluator (tagged.h), which is slower and allocates: what Evaluate
  // yields is compared with it where a rule set is loaded and where rules are tested.
  virtual Value EvaluateByReference(const Record& record, EvaluationArena* arena) const = 0;
  virtual Runnable runnable() const = 0;
  // What it looked at, for people (trace.h): `742.5 > 500`. Slow, and allocates.
  virtual std::string Seen(const Record& record, EvaluationArena* arena) const = 0;
  virtual FieldType type() const = 0;
  // Slots the expression may read, ascending.
  virtual const std::vector<uint16_t>& slots() const = 0;
  // The worst case of one Evaluate.
  virtual const CostBound& cost() const = 0;
  // The text in one canonical spelling: what definition hashes are made of.
  virtual const std::string& canonical() const = 0;
};

// For people: `742.5`, `"FR"`, `missing: card.country`, `error: integer overflow`.
std::string FormatValue(const Value& value, const Schema* schema);
std::string_view ErrorText(ErrorCode code);  // "integer overflow"

}  // namespace verdict::rule
