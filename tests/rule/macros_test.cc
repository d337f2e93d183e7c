// What a rule says of lists, maps and optionals. Each value is that of both evaluators.
#include <gtest/gtest.h>

#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

using Case = ExpressionCase;

const Value kSkus[] = {Value::String("A1"), Value::String("GIFT1"), Value::String("B2")};
const Value kSizes[] = {Value::Int(1), Value::Int(2), Value::Int(3)};

class MacrosTest : public testing::TestWithParam<Case> {};

TEST_P(MacrosTest, YieldTheirValue) {
  EXPECT_EQ(Evaluated(GetParam().expression, {{"txn.amount", Value::Double(742.5)},
                                              {"txn.skus", Value::List(kSkus)},
                                              {"txn.sizes", Value::List(kSizes)},
                                              {"txn.ip", Value::String("10.1.2.3")},
                                              {"txn.email", Value::String("bob@example.com")},
                                              {"merchant.mcc", Value::String("4829")},
                                              {"card.country", Value::String("FR")},
                                              {"card.count_1h", Value::Int(6)}}),
            GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    Loops, MacrosTest,
    testing::Values(Case{"txn.skus.exists(s, s.matches('^GIFT[0-9]'))", "true"},
                    Case{"txn.skus.exists(s, s == 'C3')", "false"},
                    Case{"txn.skus.all(s, size(s) >= 2)", "true"},
                    Case{"txn.skus.exists_one(s, s.startsWith('B'))", "true"},
                    Case{"txn.sizes.filter(n, n > 1).size()", "2"},
                    Case{"txn.sizes.map(n, n * 10)", "[10, 20, 30]"},
                    Case{"txn.sizes.map(n, n > 1, n * 10)", "[20, 30]"},
                    Case{"txn.sizes.exists(n, n / 0 > 1 || n == 3)", "true"},
                    Case{"txn.sizes.exists(n, n / 0 > 1)", "error: division by zero"},
                    Case{"txn.sizes.all(n, n > device.age_days)", "missing: device.age_days"},
                    Case{"txn.sizes.all(n, n > device.age_days && n < 0)", "false"},
                    Case{"txn.sizes.exists(n, txn.skus.exists(s, size(s) > n + 3))", "true"},
                    Case{"[card.country, 'DE'].exists(c, c in lists.high_risk_mcc)", "false"},
                    Case{"size(txn.sizes.filter(n, n in [1, 2, 9])) in [2]", "true"},
                    Case{"txn.skus.filter(s, s in ['A1'])[0] in ['B2']", "false"},
                    Case{"[merchant.mcc].exists(m, m in lists.high_risk_mcc)", "true"},
                    Case{"{'a': 1, 'b': 2}.exists(k, k == 'b')", "true"}));

INSTANTIATE_TEST_SUITE_P(
    MapsAndOptionals, MacrosTest,
    testing::Values(Case{"{'FR': 300.0, 'DE': 500.0}[card.country] < txn.amount", "true"},
                    Case{"{'US': 300.0}[card.country] < txn.amount", "missing"},
                    Case{"{'US': 300.0}[?card.country].orValue(1000.0) < txn.amount", "false"},
                    Case{"card.country in {'FR': 1}", "true"},
                    Case{"card.?count_1h.orValue(0) == 6", "true"},
                    Case{"device.?age_days.orValue(0) == 0", "true"},
                    Case{"device.?age_days.hasValue()", "false"},
                    Case{"card.?count_1h.optMap(n, n + 1).orValue(0)", "7"},
                    Case{"device.?age_days.optMap(n, n + 1).orValue(-1)", "-1"},
                    Case{"device.?age_days.or(card.?count_1h).value()", "6"},
                    Case{"device.?age_days.value()", "error: an optional without a value"},
                    Case{"[?card.?country, ?txn.?country]", "[\"FR\"]"},
                    Case{"{?'a': card.?country, ?'b': txn.?country}.size()", "1"},
                    Case{"cel.bind(n, card.count_1h, n * n > 30 && n < 10)", "true"},
                    Case{"cel.bind(n, device.age_days, has(card.country) || n > 1)", "true"},
                    Case{"math.greatest(card.count_1h, 2, 9, 4, 5)", "9"},
                    Case{"math.least(txn.sizes)", "1"},
                    Case{"txn.email.split('@')[1]", "\"example.com\""},
                    Case{"txn.email.substring(0, txn.email.indexOf('@'))", "\"bob\""},
                    Case{"cidr('10.0.0.0/8').containsIP(txn.ip)", "true"},
                    Case{"sets.intersects(txn.skus, ['B2', 'C3'])", "true"}));

}  // namespace
}  // namespace verdict::rule
