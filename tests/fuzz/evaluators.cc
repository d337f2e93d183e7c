// Both evaluators yield the same: on texts as they come, and on expressions made of the bytes.
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include "base/check.h"
#include "rule/expression_generator.h"
#include "rule/random_record.h"
#include "rule/rule_fixture.h"

namespace {

using verdict::rule::Compiled;
using verdict::rule::ErrorCode;
using verdict::rule::FormatValue;
using verdict::rule::Value;

bool LacksRoom(const Value& v) { return v.is_error() && v.error() == ErrorCode::kLimit; }

void Compare(const verdict::rule::Expression& one, const verdict::rule::Record& record) {
  static const auto& arena =
      *new verdict::rule::EvaluationArenaPtr(verdict::rule::MakeEvaluationArena());
  const Value reference = one.EvaluateByReference(record, arena.get());
  const bool lacked_room = LacksRoom(reference);
  const std::string expected = FormatValue(reference, nullptr);
  const Value value = one.Evaluate(record, arena.get());
  // They need different room for what they make.
  if (lacked_room || LacksRoom(value)) return;
  CHECK(FormatValue(value, nullptr) == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::span<const uint8_t> rest(data + 2, size - 2);
  const bool as_text = data[0] % 2 == 0;
  const std::string text = as_text
                               ? std::string(rest.begin(), rest.end())
                               : verdict::rule::ExpressionGenerator(rest).Bool(1 + data[0] / 2 % 5);
  const Compiled compiled = verdict::rule::Compile(text);
  if (compiled.expression == nullptr) return 0;
  std::mt19937_64 random(data[1]);
  for (int i = 0; i < 2; ++i) {
    Compare(*compiled.expression, verdict::rule::RandomRecord(&random));
  }
  Compare(*compiled.expression, verdict::rule::MakeRecord({}));
  return 0;
}
