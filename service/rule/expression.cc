// The phases in their order, behind one face.
#include "rule/expression.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/thousands.h"
#include "rule/program.h"
#include "rule/report.h"
#include "rule/tagged.h"
#include "rule/trace.h"

namespace verdict::rule {
namespace {

// Immutable. Thread-safe.
class CompiledExpression : public Expression {
 public:
  CompiledExpression(Program program, FieldType type, CostBound cost)
      : program_(std::move(program)),
        type_(type),
        cost_(std::move(cost)),
        slots_(SlotsOf(program_.checked)),
        slots_needed_(slots_.empty() ? 0 : slots_.back() + size_t{1}),
        canonical_(Unparse(program_.checked.tree)) {}

  Value Evaluate(const Record& record, EvaluationArena* arena) const override {
    CHECK(record.slots.size() >= slots_needed_);
    return rule::Evaluate(runnable(), record, arena);
  }
  Value EvaluateByReference(const Record& record, EvaluationArena* arena) const override {
    CHECK(record.slots.size() >= slots_needed_);
    arena->Reset();
    return RunTagged(program_.checked, record.slots, arena);
  }
  Runnable runnable() const override { return RunnableOf(program_); }
  std::string Seen(const Record& record, EvaluationArena* arena) const override {
    CHECK(record.slots.size() >= slots_needed_);
    return Trace(program_.checked, record, arena);
  }
  FieldType type() const override { return type_; }
  const std::vector<uint16_t>& slots() const override { return slots_; }
  const CostBound& cost() const override { return cost_; }
  const std::string& canonical() const override { return canonical_; }

 private:
  Program program_;
  FieldType type_;
  CostBound cost_;
  std::vector<uint16_t> slots_;
  size_t slots_needed_;
  std::string canonical_;
};

// What the other clauses keep from zero; their own mistakes are reported where they are compiled.
std::vector<std::string> GuardsOfOthers(const CompileOptions& options) {
  std::vector<std::string> guards;
  for (const std::string& clause : options.other_clauses) {
    Findings ignored;
    ParsedTree parsed = Parse(clause, &ignored);
    if (!parsed.whole) continue;
    const CheckedTree checked = Check(std::move(parsed.tree), options, &ignored);
    if (HasErrors(ignored)) continue;
    for (std::string& guard : GuardsOf(checked)) guards.push_back(std::move(guard));
  }
  return guards;
}

struct Analysed {
  CheckedTree checked = {};
  CostBound cost = {};
};

// Usable where `findings` got no error.
Analysed Analyse(const Source& source, const CompileOptions& options, Findings* findings) {
  ParsedTree parsed = Parse(source.text, findings);
  if (!parsed.whole) return {};
  Analysed analysed = {.checked = Check(std::move(parsed.tree), options, findings)};
  if (HasErrors(*findings)) return analysed;
  Lint(analysed.checked, source, GuardsOfOthers(options), findings);
  analysed.cost = BoundCost(analysed.checked);
  if (analysed.cost.units < kCostMax) return analysed;
  findings->push_back({.code = "R401",
                       .span = analysed.cost.place,
                       .message = absl::StrFormat("this may cost %s units or more; no expression "
                                                  "may cost that",
                                                  base::WithThousands(kCostMax)),
                       .label = ExplainCost(analysed.cost, kCostMax, *options.schema)});
  return analysed;
}

}  // namespace

std::unique_ptr<const Expression> Expression::Compile(const Source& source,
                                                      const CompileOptions& options,
                                                      std::vector<Diagnostic>* diagnostics) {
  CHECK(options.schema != nullptr);
  Findings findings;
  Analysed analysed = Analyse(source, options, &findings);
  const auto compiles = [&](const std::string& repaired) {
    Source mended;
    mended.text = repaired;
    Findings left;
    Analyse(mended, options, &left);
    return !HasErrors(left);
  };
  Report(source, findings, compiles, diagnostics);
  if (HasErrors(findings)) return nullptr;
  FieldType type = options.result;
  ToFieldType(analysed.checked.of(analysed.checked.tree.root).type, &type);
  return std::make_unique<CompiledExpression>(Lower(std::move(analysed.checked)), type,
                                              std::move(analysed.cost));
}

}  // namespace verdict::rule
