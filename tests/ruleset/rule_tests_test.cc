// What is found where a rule's tests run.
#include "ruleset/rule_tests.h"

#include <gtest/gtest.h>

namespace verdict::ruleset {
namespace {

// The reference says something else.
class Divided : public rule::Expression {
 public:
  Divided(rule::Value decides, rule::Value reference) : decides_(decides), reference_(reference) {}
  rule::Value Evaluate(const rule::Record&, rule::EvaluationArena*) const override {
    return decides_;
  }
  rule::Value EvaluateByReference(const rule::Record&, rule::EvaluationArena*) const override {
    return reference_;
  }
  rule::Runnable runnable() const override { return {}; }
  rule::FieldType type() const override { return rule::FieldType::kBool; }
  const std::vector<uint16_t>& slots() const override { return slots_; }
  const rule::CostBound& cost() const override { return cost_; }
  const std::string& canonical() const override { return canonical_; }

 private:
  rule::Value decides_, reference_;
  std::vector<uint16_t> slots_;
  rule::CostBound cost_;
  std::string canonical_;
};

std::string Differ(rule::Value decides, rule::Value reference) {
  const rule::Schema schema;
  const rule::EvaluationArenaPtr arena = rule::MakeEvaluationArena();
  return Disagreement(Divided(decides, reference), {}, schema, arena.get());
}

TEST(Disagreement, IsToldWithBothAnswers) {
  using rule::Value;
  EXPECT_EQ(Differ(Value::Bool(true), Value::Bool(true)), "");
  EXPECT_EQ(Differ(Value::Bool(true), Value::Bool(false)), "true, by the reference false");
  EXPECT_EQ(Differ(Value::Bool(false), Value::Missing(rule::kTxnCountry)),
            "false, by the reference missing: txn.country");
  EXPECT_EQ(Differ(Value::Missing(rule::kTxnIp), Value::Missing(rule::kTxnCountry)),
            "missing: txn.ip, by the reference missing: txn.country");
}

TEST(Disagreement, IsNoneWhereOneLacksRoom) {
  using rule::Value;
  const Value full = Value::Error(rule::ErrorCode::kLimit);
  EXPECT_EQ(Differ(Value::Bool(true), full), "");
  EXPECT_EQ(Differ(full, Value::Bool(true)), "");
  EXPECT_NE(Differ(Value::Error(rule::ErrorCode::kIndex), Value::Bool(true)), "");
}

}  // namespace
}  // namespace verdict::ruleset
