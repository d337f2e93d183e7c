// The phases in their order, behind one face.
#include "rule/expression.h"

#include <utility>

#include "base/check.h"
#include "rule/program.h"
#include "rule/report.h"
#include "rule/tagged.h"

namespace verdict::rule {
namespace {

bool AnyError(const Findings& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kError) return true;
  }
  return false;
}

// Immutable. Thread-safe.
class CompiledExpression : public Expression {
 public:
  CompiledExpression(Program program, FieldType type)
      : program_(std::move(program)),
        type_(type),
        slots_(SlotsOf(program_.checked)),
        slots_needed_(slots_.empty() ? 0 : slots_.back() + size_t{1}),
        canonical_(Unparse(program_.checked.tree)) {}

  Value Evaluate(const Record& record, EvaluationArena* arena) const override {
    CHECK(record.slots.size() >= slots_needed_);
    arena->Reset();
    return Run(program_, record, arena);
  }
  Value EvaluateByReference(const Record& record, EvaluationArena* arena) const override {
    CHECK(record.slots.size() >= slots_needed_);
    arena->Reset();
    return RunTagged(program_.checked, record.slots, arena);
  }
  FieldType type() const override { return type_; }
  const std::vector<uint16_t>& slots() const override { return slots_; }
  const std::string& canonical() const override { return canonical_; }

 private:
  Program program_;
  FieldType type_;
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
    if (AnyError(ignored)) continue;
    for (std::string& guard : GuardsOf(checked)) guards.push_back(std::move(guard));
  }
  return guards;
}

// Source to checked tree; usable where `findings` got no error.
CheckedTree Analyse(const Source& source, const CompileOptions& options, Findings* findings) {
  ParsedTree parsed = Parse(source.text, findings);
  if (!parsed.whole) return {};
  CheckedTree checked = Check(std::move(parsed.tree), options, findings);
  if (!AnyError(*findings)) Lint(checked, source, GuardsOfOthers(options), findings);
  return checked;
}

}  // namespace

std::unique_ptr<const Expression> Expression::Compile(const Source& source,
                                                      const CompileOptions& options,
                                                      std::vector<Diagnostic>* diagnostics) {
  CHECK(options.schema != nullptr);
  Findings findings;
  CheckedTree checked = Analyse(source, options, &findings);
  const auto compiles = [&](const std::string& repaired) {
    Source mended;
    mended.text = repaired;
    Findings left;
    Analyse(mended, options, &left);
    return !AnyError(left);
  };
  Report(source, findings, compiles, diagnostics);
  if (AnyError(findings)) return nullptr;
  FieldType type = options.result;
  ToFieldType(checked.of(checked.tree.root).type, &type);
  return std::make_unique<CompiledExpression>(Lower(std::move(checked), options.list_sets), type);
}

}  // namespace verdict::rule
