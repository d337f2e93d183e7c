// Values of expressions: the four results, and what each operator and function yields.
#include <gtest/gtest.h>

#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

using Case = ExpressionCase;

const Fields& Payment() {
  static const Fields& fields = *new Fields{
      {"txn.id", Value::String("t1")},
      {"txn.time", Value::TimestampMs(1'795'203'372'500)},  // 2026-11-20T19:36:12.5Z, a Friday
      {"txn.amount_minor", Value::Int(74250)},
      {"txn.amount", Value::Double(742.5)},
      {"txn.currency", Value::String("EUR")},
      {"txn.email", Value::String("bob77777@example.com")},
      {"merchant.id", Value::String("m1")},
      {"merchant.mcc", Value::String("6051")},
      {"merchant.country", Value::String("NG")},
      {"card.country", Value::String("FR")},
      {"card.count_1h", Value::Int(6)},
      {"card.count_1d", Value::Int(9)},
      {"card.declines_24h", Value::Int(3)},
      {"card.count_24h", Value::Int(4)},
      {"card.avg_30d", Value::Double(50)},
      {"card.count_1h@age", Value::Duration(2'000'000'000)},
      {"card.count_1h@provenance", Value::String("FULL")},
      {"txn.delay", Value::Duration(5'400'250'000'000)},
      {"txn.is_recurring", Value::Bool(false)}};
  return fields;
}

class EvaluatorTest : public testing::TestWithParam<Case> {};

TEST_P(EvaluatorTest, YieldsItsValue) {
  EXPECT_EQ(Evaluated(GetParam().expression, Payment()), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, EvaluatorTest,
    testing::Values(
        Case{"txn.amount", "742.5"}, Case{"txn.currency", "\"EUR\""}, Case{"card.count_1h", "6"},
        Case{"txn.time", "2026-11-20T19:36:12.5Z"},
        Case{"device.age_days", "missing: device.age_days"}, Case{"has(card.country)", "true"},
        Case{"has(device.age_days)", "false"}, Case{"!has(device.age_days)", "true"},
        Case{".txn.amount", "742.5"}, Case{"age(card.count_1h) < duration('10m')", "true"},
        Case{"provenance(card.count_1h) == 'FULL'", "true"},
        Case{"txn.amount > 500 && card.country != merchant.country && card.count_1d >= 5",
             "true"}));

INSTANTIATE_TEST_SUITE_P(
    Comparison, EvaluatorTest,
    testing::Values(
        Case{"txn.amount > 500", "true"}, Case{"txn.amount > 742.5", "false"},
        Case{"txn.amount >= 742.5", "true"}, Case{"txn.amount < 743", "true"},
        Case{"500 < txn.amount", "true"}, Case{"500.5 >= txn.amount", "false"},
        Case{"txn.amount <= 742", "false"}, Case{"txn.amount == 742.5", "true"},
        Case{"txn.amount != 742.5", "false"}, Case{"card.count_1h > 5.5", "true"},
        Case{"card.count_1h == 6", "true"}, Case{"6 != card.count_1h", "false"},
        Case{"card.count_1h < card.count_1d", "true"}, Case{"card.avg_30d < txn.amount", "true"},
        Case{"card.count_1h < txn.amount", "true"}, Case{"card.count_1h > uint(5)", "true"},
        Case{"uint(5) < card.count_1h", "true"}, Case{"txn.currency == 'EUR'", "true"},
        Case{"'EUR' != txn.currency", "false"}, Case{"card.country == merchant.country", "false"},
        Case{"card.country < merchant.country", "true"}, Case{"'10' < '9'", "true"},
        Case{"b'a' == b'a'", "true"}, Case{"false < true", "true"}, Case{"-1 < 1u", "true"},
        Case{"1u > -1", "true"}, Case{"9223372036854775807 < 9223372036854775808.0", "false"},
        Case{"9007199254740993 < 9007199254740992.0", "false"},
        Case{"18446744073709551615u < 1e30", "true"}, Case{"1 < double('NaN')", "false"},
        Case{"double('NaN') >= 1.0", "false"}, Case{"txn.amount >= double('NaN')", "false"},
        Case{"math.greatest(txn.amount, double('NaN'))", "error: not a number has no order"},
        Case{"double('NaN') == double('NaN')", "false"}, Case{"[1, 2] == [1, 2]", "true"},
        Case{"[1, 2] == [1]", "false"}, Case{"[] == [1]", "false"},
        Case{"txn.time > timestamp('2026-11-20T19:36:12Z')", "true"},
        Case{"txn.time == timestamp('2026-11-20T19:36:12.500Z')", "true"},
        Case{"txn.time < timestamp('2026-11-20T19:36:12.500000001Z')", "true"},
        Case{"duration('1h') == duration('60m')", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Arithmetic, EvaluatorTest,
    testing::Values(
        Case{"card.count_1h + 1", "7"}, Case{"card.count_1h - 7", "-1"},
        Case{"card.count_1h * 2 + 1", "13"}, Case{"card.count_1h / 4", "1"},
        Case{"card.count_1h % 4", "2"}, Case{"-card.count_1h", "-6"}, Case{"-7 / 2", "-3"},
        Case{"-7 % 2", "-1"}, Case{"txn.amount / 2.0", "371.25"}, Case{"txn.amount / 0.0", "+Inf"},
        Case{"-txn.amount", "-742.5"}, Case{"0x1F", "31"},
        Case{"-9223372036854775808", "-9223372036854775808"},
        Case{"card.count_1h + 9223372036854775807", "error: integer overflow"},
        Case{"-9223372036854775808 - card.count_1h", "error: integer overflow"},
        Case{"card.count_1h * 9223372036854775807", "error: integer overflow"},
        Case{"-9223372036854775808 / (card.count_1h - 7)", "error: integer overflow"},
        Case{"card.count_1h / (card.count_1h - 6)", "error: division by zero"},
        Case{"card.count_1h % (card.count_1h - 6)", "error: division by zero"},
        Case{"int(5u + 3u)", "8"}, Case{"int(uint(card.count_1h) - 5u)", "1"},
        Case{"uint(card.count_1h) - 7u > 0u", "error: integer overflow"},
        Case{"txn.currency + '-' + card.country", "\"EUR-FR\""},
        Case{"txn.time + duration('1h')", "2026-11-20T20:36:12.5Z"},
        Case{"duration('1h') + txn.time", "2026-11-20T20:36:12.5Z"},
        Case{"txn.time - duration('500ms')", "2026-11-20T19:36:12Z"},
        Case{"txn.time - timestamp('2026-11-20T19:36:12Z')", "0.5s"},
        Case{"txn.time - duration('1ns')", "2026-11-20T19:36:12.499999999Z"},
        Case{"duration('1h') + duration('30m')", "5400s"}, Case{"-duration('90s')", "-90s"},
        Case{"txn.time + duration('2562047h') + duration('2562047h')", "2611-06-11T17:36:12.5Z"},
        Case{"timestamp('0001-01-01T00:00:00Z') - txn.delay", "error: integer overflow"}));

INSTANTIATE_TEST_SUITE_P(
    Conversions, EvaluatorTest,
    testing::Values(
        Case{"int(txn.amount)", "742"}, Case{"int(-txn.amount)", "-742"}, Case{"int('42')", "42"},
        Case{"int(txn.amount * 1e30)", "error: conversion out of range or unreadable"},
        Case{"int(txn.currency)", "error: conversion out of range or unreadable"},
        Case{"int(txn.time)", "1795203372"}, Case{"int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"},
        Case{"int(uint('18446744073709551615') / 2u)", "9223372036854775807"},
        Case{"uint(-card.count_1h) > 1u", "error: conversion out of range or unreadable"},
        Case{"double(card.count_1h)", "6"}, Case{"double('1.5')", "1.5"},
        Case{"string(card.count_1h)", "\"6\""}, Case{"string(txn.amount)", "\"742.5\""},
        Case{"string(true)", "\"true\""}, Case{"string(txn.time)", "\"2026-11-20T19:36:12.5Z\""},
        Case{"string(txn.delay)", "\"5400.25s\""}, Case{"string(b'abc')", "\"abc\""},
        Case{"bool('true')", "true"}, Case{"bool('F')", "false"},
        Case{"bool(txn.currency)", "error: conversion out of range or unreadable"},
        Case{"timestamp(0)", "1970-01-01T00:00:00Z"},
        Case{"timestamp('2026-01-01T00:00:00+02:00')", "2025-12-31T22:00:00Z"},
        Case{"timestamp(txn.currency)", "error: conversion out of range or unreadable"},
        Case{"duration('1h30m')", "5400s"}, Case{"duration('-1.5s')", "-1.5s"},
        Case{"duration('0')", "0s"}, Case{"txn.delay.getHours()", "1"},
        Case{"txn.delay.getMinutes()", "90"}, Case{"txn.delay.getSeconds()", "5400"},
        Case{"txn.delay.getMilliseconds()", "250"}));

INSTANTIATE_TEST_SUITE_P(Texts, EvaluatorTest,
                         testing::Values(Case{"size(txn.email)", "20"},
                                         Case{"'\\u00e9t\\u00e9'.size()", "3"},
                                         Case{"size(b'\\xe9\\x00')", "2"},
                                         Case{"txn.email.startsWith('bob')", "true"},
                                         Case{"txn.email.endsWith('.org')", "false"},
                                         Case{"txn.email.contains('@example')", "true"},
                                         Case{"txn.email.matches('^[a-z]+[0-9]{4,}@')", "true"},
                                         Case{"txn.email.matches('^[0-9]+$')", "false"},
                                         Case{"matches(txn.email, '^bob')", "true"},
                                         Case{"txn.currency.lowerAscii()", "\"eur\""},
                                         Case{"'\u00c9a'.upperAscii()", "\"\u00c9A\""}));

INSTANTIATE_TEST_SUITE_P(
    Lists, EvaluatorTest,
    testing::Values(Case{"merchant.mcc in ['4829', '6051']", "true"},
                    Case{"merchant.mcc in ['4829', '']", "false"},
                    Case{"'' in ['4829', '']", "true"}, Case{"card.count_1h in [1, 6]", "true"},
                    Case{"card.count_1h in [1, 5]", "false"}, Case{"txn.amount in [742.5]", "true"},
                    Case{"card.count_1h in []", "false"},
                    Case{"merchant.mcc in lists.high_risk_mcc", "true"},
                    Case{"!(card.country in lists.high_risk_mcc)", "true"},
                    Case{"card.country in lists.empty", "false"},
                    Case{"card.country in [merchant.country, 'FR']", "true"},
                    Case{"device.age_days in [1, 2]", "missing: device.age_days"},
                    Case{"card.count_1h in [device.age_days]", "missing: device.age_days"},
                    Case{"[1, 2][1]", "2"},
                    Case{"[card.count_1h][card.count_1h]", "error: index out of range"},
                    Case{"[1, 2][-1]", "error: index out of range"}, Case{"size([1, 2])", "2"}));

INSTANTIATE_TEST_SUITE_P(
    Times, EvaluatorTest,
    testing::Values(Case{"txn.time.getHours('UTC')", "19"},
                    Case{"txn.time.getHours('Europe/Paris')", "20"},
                    Case{"txn.time.getHours('+05:30')", "1"},
                    Case{"txn.time.getDate('+05:30')", "21"},
                    Case{"txn.time.getFullYear()", "2026"}, Case{"txn.time.getMonth()", "10"},
                    Case{"txn.time.getDayOfMonth()", "19"}, Case{"txn.time.getDate()", "20"},
                    Case{"txn.time.getDayOfWeek()", "5"}, Case{"txn.time.getDayOfYear()", "323"},
                    Case{"txn.time.getMinutes()", "36"}, Case{"txn.time.getSeconds()", "12"},
                    Case{"txn.time.getMilliseconds()", "500"}));

INSTANTIATE_TEST_SUITE_P(Conditional, EvaluatorTest,
                         testing::Values(Case{"txn.amount > 500 ? 'big' : 'small'", "\"big\""},
                                         Case{"has(device.age_days) ? device.age_days : 0", "0"},
                                         Case{"device.age_days > 3 ? 1 : 2",
                                              "missing: device.age_days"},
                                         Case{"true ? card.count_1h : card.count_1h / 0", "6"}));

}  // namespace
}  // namespace verdict::rule
