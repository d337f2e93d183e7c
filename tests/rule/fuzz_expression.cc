// libFuzzer: no phase may crash on any text, and what compiles keeps its canonical spelling and its
// value, which both evaluators yield.
// Build: clang++ -std=c++20 -fsanitize=fuzzer,address,undefined -Iservice -Itests,
//   tests/rule/fuzz_expression.cc, service/rule/*.cc,
//   -lre2 $(pkg-config --libs absl_strings absl_str_format absl_time)
#include <cstddef>
#include <cstdint>
#include <string>

#include "rule/rule_fixture.h"

namespace {

using verdict::rule::Compile;
using verdict::rule::Compiled;
using verdict::rule::FormatValue;

// One record with values, one with nothing.
void CheckValues(const Compiled& a, const Compiled& b) {
  static const auto& arena =
      *new verdict::rule::EvaluationArenaPtr(verdict::rule::MakeEvaluationArena());
  static const verdict::rule::Record& full = *new verdict::rule::Record(verdict::rule::MakeRecord(
      {{"txn.amount", verdict::rule::Value::Double(742.5)},
       {"card.count_1h", verdict::rule::Value::Int(6)},
       {"card.country", verdict::rule::Value::String("FR")},
       {"txn.time", verdict::rule::Value::TimestampMs(1'795'203'372'500)}}));
  static const verdict::rule::Record& empty =
      *new verdict::rule::Record(verdict::rule::MakeRecord({}));
  for (const verdict::rule::Record* record : {&full, &empty}) {
    const std::string value = FormatValue(a.expression->Evaluate(*record, arena.get()), nullptr);
    CHECK(value == FormatValue(b.expression->Evaluate(*record, arena.get()), nullptr));
    CHECK(value == FormatValue(a.expression->EvaluateByReference(*record, arena.get()), nullptr));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Compiled compiled = Compile(std::string(reinterpret_cast<const char*>(data), size));
  for (const verdict::rule::Diagnostic& d : compiled.diagnostics)
    verdict::rule::FormatDiagnostic(d, true);
  if (compiled.expression == nullptr) return 0;
  // Escapes may lengthen a text beyond the limit; then there is nothing to compare with.
  const Compiled again = Compile(compiled.expression->canonical());
  if (again.expression == nullptr) return 0;
  CHECK(again.expression->canonical() == compiled.expression->canonical());
  CheckValues(compiled, again);
  return 0;
}
