// What the standard has beside what rules have: macros, maps, optionals, libraries. Each value is
// that of both evaluators.
#include "rule/cel.h"

#include <gtest/gtest.h>

#include "rule/arena.h"
#include "rule/program.h"
#include "rule/rule_fixture.h"
#include "rule/tagged.h"

namespace verdict::rule {
namespace {

using Case = ExpressionCase;

// The fields of the test schema are its variables, by their full names.
class CelTest : public testing::TestWithParam<Case> {
 protected:
  static const CelEnvironment& Environment() {
    static const CelEnvironment& environment = *[] {
      auto* made = new CelEnvironment;
      for (const Field& field : TestSchema().fields()) {
        made->AddVariable(field.full_name(), TypeOf(field.type));
      }
      return made;
    }();
    return environment;
  }

  // The value as people read it, or what was found.
  static std::string Evaluated(const std::string& text) {
    Findings findings;
    ParsedTree parsed = Parse(text, &findings, Profile::kCel);
    if (!parsed.whole) return findings.front().message;
    CheckedTree checked = CheckCel(std::move(parsed.tree), Environment(), &findings);
    if (!findings.empty()) return findings.front().message;
    const Record record = MakeRecord({{"txn.amount", Value::Double(742.5)},
                                      {"txn.currency", Value::String("EUR")},
                                      {"txn.email", Value::String("bob77777@example.com")},
                                      {"card.country", Value::String("FR")},
                                      {"card.count_1h", Value::Int(6)},
                                      {"card.count_1d", Value::Int(9)}});
    EvaluationArena arena;
    const std::string reference =
        FormatValue(RunTagged(checked, record.slots, &arena), &TestSchema());
    const Program program = Lower(std::move(checked));
    arena.Reset();
    const std::string value =
        FormatValue(rule::Run(rule::RunnableOf(program), record, &arena), &TestSchema());
    return value == reference ? value : value + ", but by reference " + reference;
  }
};

TEST_P(CelTest, YieldsItsValue) { EXPECT_EQ(Evaluated(GetParam().expression), GetParam().value); }

// Lists, maps and what runs for each of their items.
INSTANTIATE_TEST_SUITE_P(
    Collections, CelTest,
    testing::Values(Case{"[1, 2].exists(i, i == 2)", "true"}, Case{"[1, 2].all(i, i < 2)", "false"},
                    Case{"[1, 2].exists_one(i, i > 0)", "false"},
                    Case{"[1, 2].existsOne(i, i > 1)", "true"},
                    Case{"[1, 2, 3].filter(i, i % 2 == 1) == [1, 3]", "true"},
                    Case{"[1, 2].map(i, i * 10) == [10, 20]", "true"},
                    Case{"[1, 2, 3].map(i, i > 1, i * 10) == [20, 30]", "true"},
                    Case{"[1, 2].exists(i, [3, 4].exists(j, i + j == 6))", "true"},
                    Case{"[1, 2].map(i, [1].map(i, i + 1)[0] + i) == [3, 4]", "true"},
                    Case{"{'a': 1}.exists(k, k == 'a')", "true"}, Case{"{'a': 1}.a", "1"},
                    Case{"{'a': 1}['a']", "1"}, Case{"{'a': 1}['b'] == 1", "missing"},
                    Case{"{'a': 1}.size()", "1"}, Case{"'a' in {'a': 1}", "true"},
                    Case{"has({'a': 1}.b)", "false"}, Case{"{'a': 1} == {'a': 1}", "true"},
                    Case{"{1: 'x', 1: 'y'}.size()", "error: a map names a key twice"},
                    Case{"{txn.currency: 2}[txn.currency]", "2"},
                    Case{"([1] + [2]) == [1, 2]", "true"}, Case{"[] + [1] == [1]", "true"},
                    Case{"cel.bind(a, txn.amount * 2.0, a > 1000.0 && a < 2000.0)", "true"},
                    Case{"sets.intersects([1, 2], [2, 3])", "true"},
                    Case{"[txn.currency].exists(c, c == card.country)", "false"},
                    Case{"[1].exists(txn, txn == 1)", "true"},
                    Case{"[2].exists(i, .txn.amount > 500 && i == 2)", "true"}));

// What an absent field does to a macro, and what decides in spite of it.
INSTANTIATE_TEST_SUITE_P(
    CollectionsAndMissing, CelTest,
    testing::Values(Case{"txn.skus.exists(s, s == 'x')", "missing: txn.skus"},
                    Case{"['FR'].exists(c, c == txn.country)", "missing: txn.country"},
                    Case{"['FR', 'x'].exists(c, c == 'x' || c == txn.country)", "true"},
                    Case{"[1, 2].all(i, i > 1 && device.age_days > i)", "false"},
                    Case{"[0, 1].exists(i, 1 / i > 5)", "error: division by zero"},
                    Case{"[0, 1].exists(i, 1 / i == 1)", "true"},
                    Case{"[0, 1].filter(i, 1 / i == 1).size()", "error: division by zero"},
                    Case{"{'a': device.age_days}.size()", "missing: device.age_days"}));

INSTANTIATE_TEST_SUITE_P(
    Optionals, CelTest,
    testing::Values(Case{"card.?count_1h.orValue(0)", "6"},
                    Case{"device.?age_days.orValue(7)", "7"},
                    Case{"device.?age_days.orValue(1 / (card.count_1h - 6))",
                         "error: division by zero"},
                    Case{"card.?count_1h.orValue(1 / (card.count_1h - 6))", "6"},
                    Case{"device.?age_days.hasValue()", "false"},
                    Case{"device.?age_days.value()", "error: an optional without a value"},
                    Case{"device.?age_days.or(card.?count_1h).value()", "6"},
                    Case{"card.?count_1h.optMap(n, n * 2).orValue(0)", "12"},
                    Case{"[?device.?age_days, ?card.?count_1h].size()", "1"},
                    Case{"{'a': 1}[?'b'].orValue(3)", "3"}, Case{"[5][?4].orValue(3)", "3"},
                    Case{"{?'a': device.?age_days}.size()", "0"}));

INSTANTIATE_TEST_SUITE_P(
    Libraries, CelTest,
    testing::Values(Case{"txn.currency.charAt(1)", "\"U\""},
                    Case{"txn.email.substring(0, 3)", "\"bob\""},
                    Case{"txn.email.split('@')[1]", "\"example.com\""},
                    Case{"['a', 'b'].join('-').replace('-', '+')", "\"a+b\""},
                    Case{"txn.email.indexOf('@') > 0", "true"},
                    Case{"txn.email.substring(99)", "error: index out of range"},
                    Case{"math.greatest(card.count_1h, card.count_1d)", "9"},
                    Case{"math.abs(-2.5)", "2.5"}, Case{"math.bitAnd(6, 3)", "2"},
                    Case{"cidr('10.0.0.0/8').containsIP(ip('10.1.2.3'))", "true"},
                    Case{"ip('::1').isLoopback()", "true"},
                    Case{"ip(txn.currency).isLoopback()",
                         "error: conversion out of range or unreadable"},
                    Case{"type(txn.amount) == double", "true"}));

// What absent values are where nobody reads them.
INSTANTIATE_TEST_SUITE_P(
    Bound, CelTest,
    testing::Values(Case{"cel.bind(a, 1 / (card.count_1h - 6), true || a > 1)", "true"},
                    Case{"cel.bind(a, device.age_days, has(card.country) || a > 1)", "true"},
                    Case{"cel.bind(a, device.age_days, a > 1)", "missing: device.age_days"},
                    Case{"{'a': optional.of(1)}.?a.value().value() + 1", "2"},
                    Case{"{'in': 1}.`in`", "1"}, Case{"isCIDR('10.0.0.0/-0')", "false"},
                    Case{"optional.ofNonZeroValue(0).orValue(dyn('ab')).size()", "2"},
                    Case{"int('+5')", "5"},
                    Case{"int('+-5')", "error: conversion out of range or unreadable"}));

// Refused where they are checked.
INSTANTIATE_TEST_SUITE_P(
    Refused, CelTest,
    testing::Values(
        Case{"[1].exists(a.b, true)", "`exists` begins with a name"},
        Case{"[1].exists(a, a)", "`exists` asks a condition (bool), this is int"},
        Case{"1.5.exists(a, true)",
             "`exists` looks at the items of a list or the keys of a map, this is double"},
        Case{"{'a': 1}[1]", "map(string, int) has no key that is int"},
        Case{"{1.5: 1}", "the keys of a map are texts, ints, uints or bools, this is double"},
        Case{"[?1]", "after `?` stands an optional, this is int"},
        Case{"cel.bind(a, [], a == [a])", "`==` does not work on list and list(list)"},
        Case{"math.abs('x')", "no `abs` takes these arguments"},
        Case{"ip('1.1.1.1') < ip('1.1.1.2')", "`<` does not work on net.IP and net.IP"},
        Case{"nobody", "unknown name `nobody`"}));

}  // namespace
}  // namespace verdict::rule
