// What a clause saw, as people read it.
#include "rule/trace.h"

#include <gtest/gtest.h>

#include "rule/expression_generator.h"
#include "rule/random_record.h"
#include "rule/rule_fixture.h"
#include "rule/text.h"

namespace verdict::rule {
namespace {

const Value kSkus[] = {Value::String("A1"), Value::String("GIFT7"), Value::String("C3"),
                       Value::String("D4"), Value::String("E5"),    Value::String("F6")};

// A payment; what is not in it is missing.
Record Payment() {
  return MakeRecord({{"txn.amount", Value::Double(742.5)},
                     {"txn.time", Value::TimestampMs(kTestDayMs)},
                     {"txn.currency", Value::String("EUR")},
                     {"txn.email", Value::String("ann@example.org")},
                     {"txn.ip", Value::String("192.0.2.8")},
                     {"txn.is_recurring", Value::Bool(false)},
                     {"txn.skus", Value::List(kSkus)},
                     {"card.id", Value::String("tok_1")},
                     {"card.country", Value::String("FR")},
                     {"card.count_1h", Value::Int(6)},
                     {"card.count_1h@age", Value::Duration(2'000'000'000)},
                     {"card.declines_24h", Value::Int(0)},
                     {"card.avg_30d", Value::Double(44.1)},
                     {"card.bin", Value::String("411122")},
                     {"merchant.country", Value::String("NG")},
                     {"merchant.mcc", Value::String("5999")}});
}

std::string SeenBy(const std::string& text) {
  const Compiled compiled = Compile(text);
  if (compiled.expression == nullptr) return compiled.diagnostics[0].message;
  const EvaluationArenaPtr arena = MakeEvaluationArena();
  return compiled.expression->Seen(Payment(), arena.get());
}

class Traces : public testing::TestWithParam<ExpressionCase> {};

TEST_P(Traces, ShowWhatWasSeen) { EXPECT_EQ(SeenBy(GetParam().expression), GetParam().value); }

INSTANTIATE_TEST_SUITE_P(
    Comparisons, Traces,
    testing::Values(
        ExpressionCase{"txn.amount > 500", "742.5 > 500"},
        ExpressionCase{"txn.amount > 1000.50", "742.5 > 1000.50"},
        ExpressionCase{"txn.amount > -5.0", "742.5 > -5.0"},
        ExpressionCase{"card.country != merchant.country", "'FR' != 'NG'"},
        ExpressionCase{"txn.amount > 10.0 * card.avg_30d", "742.5 > 441"},
        ExpressionCase{"(txn.amount - 42.5) / 2.0 > 300", "350 > 300"},
        ExpressionCase{"merchant.mcc in ['4829', \"6051\"]", "'5999' in ['4829', '6051']"},
        ExpressionCase{"'GIFT7' in txn.skus",
                       "'GIFT7' in ['A1', 'GIFT7', 'C3', 'D4', 'E5', ... 6 in all]"},
        ExpressionCase{"age(card.count_1h) < duration('10m')", "2s < 600s"},
        ExpressionCase{"txn.time < timestamp('2027-01-01T00:00:00Z')",
                       "2026-11-20T00:00:00Z < 2027-01-01T00:00:00Z"},
        ExpressionCase{"txn.time.getHours('UTC') < 6", "0 < 6"},
        ExpressionCase{"txn.skus.filter(s, s.startsWith('G')).size() >= 1", "1 >= 1"},
        ExpressionCase{"card.?count_1h.orValue(0) == 6", "6 == 6"},
        ExpressionCase{"card.?count_1d.orValue(0) == 0", "0 (card.count_1d is missing) == 0"},
        ExpressionCase{"{'EUR': 500.0}[txn.currency] < txn.amount", "500 < 742.5"},
        ExpressionCase{"txn.amount / 2.0", "742.5 / 2.0"}));

INSTANTIATE_TEST_SUITE_P(
    Facts, Traces,
    testing::Values(
        ExpressionCase{"merchant.mcc in lists.high_risk_mcc", "'5999' is not among 3 entries"},
        ExpressionCase{"!(merchant.mcc in lists.high_risk_mcc)", "'5999' is not among 3 entries"},
        ExpressionCase{"!!(merchant.mcc in lists.empty)", "'5999' is not among 0 entries"},
        ExpressionCase{"card.id in lists.snoozed", "'tok_1' is not among 2 entries"},
        ExpressionCase{"lists.datacentres.containsIP(txn.ip)",
                       "'192.0.2.8' is not among 3 entries"},
        ExpressionCase{"!lists.bins.containsPrefixOf(card.bin)", "'411122' is among 2 entries"},
        ExpressionCase{"has(card.count_1h)", "card.count_1h is present"},
        ExpressionCase{"!has(device.age_days)", "device.age_days is missing"},
        ExpressionCase{"txn.is_recurring", "false"},
        ExpressionCase{"txn.email.endsWith('.com')", "'ann@example.org'.endsWith('.com')"},
        ExpressionCase{"txn.email.upperAscii().matches('^ANN')",
                       "'ANN@EXAMPLE.ORG'.matches('^ANN')"},
        ExpressionCase{"sets.intersects(txn.skus, ['A1'])",
                       "sets.intersects(['A1', 'GIFT7', 'C3', 'D4', 'E5', ... 6 in all], ['A1'])"},
        ExpressionCase{"txn.skus.exists(s, s.startsWith('G') && txn.amount > 5)",
                       "['A1', 'GIFT7', 'C3', 'D4', 'E5', ... 6 in all].exists(s, "
                       "s.startsWith('G') && txn.amount > 5)"},
        ExpressionCase{"cel.bind(n, card.count_1h, n > 3)", "cel.bind(n, 6, n > 3)"}));

INSTANTIATE_TEST_SUITE_P(
    Together, Traces,
    testing::Values(
        ExpressionCase{"txn.amount > 500 && card.count_1h < 3", "742.5 > 500 && 6 < 3"},
        ExpressionCase{"!(txn.amount > 500 || txn.is_recurring)", "!(742.5 > 500 || false)"},
        ExpressionCase{"(txn.amount > 500 || txn.is_recurring) && card.count_1h < 3",
                       "(742.5 > 500 || false) && 6 < 3"},
        ExpressionCase{"has(device.age_days) && device.age_days < 3", "device.age_days is missing"},
        ExpressionCase{"!(merchant.mcc in lists.empty) && !(card.count_1h > 9)",
                       "'5999' is not among 0 entries && !(6 > 9)"},
        ExpressionCase{"txn.amount > 1000 ? card.count_1h > 1 : card.count_1h > 5",
                       "742.5 > 1000 ? .. : 6 > 5"}));

INSTANTIATE_TEST_SUITE_P(
    NoValue, Traces,
    testing::Values(ExpressionCase{"card.count_1d >= 5", "card.count_1d is missing"},
                    ExpressionCase{"!(card.count_1d >= 5)", "card.count_1d is missing"},
                    ExpressionCase{"txn.amount > 500 && card.count_1d >= 5",
                                   "742.5 > 500 && card.count_1d is missing"},
                    ExpressionCase{"txn.skus.exists(s, s == txn.status)", "txn.status is missing"},
                    ExpressionCase{"{'USD': 500.0}[txn.currency] < txn.amount",
                                   "{'USD': 500}['EUR'] is missing"},
                    ExpressionCase{"10 / card.declines_24h > 3", "10 / 0 fails: division by zero"},
                    ExpressionCase{"txn.amount > 500 || 3 + 10 / card.declines_24h > 3",
                                   "742.5 > 500 || 10 / 0 fails: division by zero"},
                    ExpressionCase{
                        "(card.count_1h > 5 ? int(txn.email) : 1 / card.declines_24h) > 1",
                        "int('ann@example.org') fails: conversion out of range or unreadable"},
                    ExpressionCase{"txn.email.split('@')[2] == 'x'",
                                   "['ann', 'example.org'][2] fails: index out of range"}));

TEST(Trace, CutsLongTexts) {
  const std::string words(300, 'x');
  EXPECT_EQ(SeenBy("txn.email == '" + words + "'"),
            "'ann@example.org' == '" + std::string(40, 'x') + "'...");
  std::string umlauts;
  for (int i = 0; i < 50; ++i) umlauts += "\u00e4";
  EXPECT_EQ(SeenBy("txn.email == '" + umlauts + "'"),
            "'ann@example.org' == '" + umlauts.substr(0, 80) + "'...");
  std::string chain = "card.count_1h > 0";
  for (int i = 1; i < 30; ++i) chain += " && card.count_1h > " + std::to_string(i);
  const std::string seen = SeenBy(chain);
  EXPECT_EQ(seen.size(), 160u);
  EXPECT_EQ(seen.substr(0, 14), "6 > 0 && 6 > 1");
  EXPECT_EQ(seen.substr(157), "...");
}

TEST(Trace, SaysOfRandomExpressionsWhatIsMissingOrFails) {
  ExpressionGenerator generator(20'261'123);
  std::mt19937_64 random(8);
  const EvaluationArenaPtr arena = MakeEvaluationArena();
  int missing = 0, errors = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string text = generator.Bool(1 + i % 4);
    const Compiled one = Compile(text);
    if (one.expression == nullptr) continue;
    const Record record = RandomRecord(&random);
    const Value value = one.expression->Evaluate(record, arena.get());
    const std::string seen = one.expression->Seen(record, arena.get());
    ASSERT_FALSE(seen.empty()) << text;
    ASSERT_LE(CodePointCount(seen), 160) << text;
    ASSERT_TRUE(IsUtf8(seen)) << text;
    if (seen.ends_with("...")) continue;
    missing += value.is_missing();
    errors += value.is_error();
    const bool said = seen.find(value.is_error() ? " fails: " : " is missing") != std::string::npos;
    ASSERT_TRUE(!value.stops() || said) << text << " saw " << seen;
  }
  EXPECT_GT(missing, 200);
  EXPECT_GT(errors, 200);
}

}  // namespace
}  // namespace verdict::rule
