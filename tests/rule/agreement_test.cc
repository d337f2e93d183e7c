// Both evaluators yield the same on random expressions and records, fields missing at random.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "rule/expression_generator.h"
#include "rule/random_record.h"
#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

TEST(Agreement, OfBothEvaluatorsOnRandomExpressions) {
  constexpr int kExpressions = 4000;
  constexpr int kRecords = 4;
  ExpressionGenerator generator(20'261'122);
  std::mt19937_64 random(7);
  const EvaluationArenaPtr arena = MakeEvaluationArena();
  int compiled = 0;
  std::map<std::string, int> results, forms;
  for (const char* form : {"has(", ".exists(", ".matches(", "cel.bind(", "math.", "optional.of(",
                           ".optFlatMap(", "uint(", "bytes(", "timestamp(", ".getHours(", "age(",
                           "provenance(", "isIP(", "cidr(", "ip(", ".containsPrefixOf("}) {
    forms[form] = 0;
  }
  for (int i = 0; i < kExpressions; ++i) {
    const std::string text = generator.Bool(1 + i % 4);
    const Compiled one = Compile(text);
    if (one.expression == nullptr) continue;  // a constant part that always fails, say
    ++compiled;
    for (auto& [form, seen] : forms) seen += text.find(form) != std::string::npos ? 1 : 0;
    for (int r = 0; r < kRecords; ++r) {
      const Record record = RandomRecord(&random);
      const std::string reference =
          FormatValue(one.expression->EvaluateByReference(record, arena.get()), &TestSchema());
      const std::string value =
          FormatValue(one.expression->Evaluate(record, arena.get()), &TestSchema());
      ASSERT_EQ(value, reference) << text;
      ++results[value.substr(0, value.find(':'))];
    }
  }
  EXPECT_GT(compiled, kExpressions * 8 / 10);
  for (const auto& [form, seen] : forms) EXPECT_GT(seen, 20) << form;
  for (const char* result : {"true", "false", "missing", "error"}) {
    EXPECT_GT(results[result], kExpressions / 20) << result;
  }
}

}  // namespace
}  // namespace verdict::rule
