// Worst cases: the units of each form, and how a refusal is told.
#include "rule/cost.h"

#include <gtest/gtest.h>

#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

// Texts of at most 256 bytes read as 26 units; lists of the test schema have at most 64 items.
uint64_t Units(const std::string& text) {
  const Compiled one = Compile(text);
  EXPECT_NE(one.expression, nullptr) << text;
  return one.expression == nullptr ? 0 : one.expression->cost().units;
}

TEST(Cost, CountsFieldsAndOperators) {
  EXPECT_EQ(Units("card.count_1h >= 5"), 2u);
  EXPECT_EQ(Units("has(card.country)"), 1u);
  EXPECT_EQ(Units("card.count_1h >= 5 && card.count_1d < 9"), 5u);
  EXPECT_EQ(Units("card.count_1h >= 5 || card.count_1d < 9"), 5u);
  EXPECT_EQ(Units("!txn.is_recurring"), 2u);
  EXPECT_EQ(Units("1 + 2 == 3"), 1u);  // run before
  EXPECT_EQ(Units("card.count_1h + 1 > 2"), 3u);
}

TEST(Cost, OfAChoiceIsItsDearerSide) {
  EXPECT_EQ(Units("(txn.is_recurring ? card.count_1h : 5) > 1"), 4u);
  EXPECT_EQ(Units("(txn.is_recurring ? 5 : card.count_1h + card.count_1d) > 1"), 6u);
}

TEST(Cost, CountsTheBytesOfTexts) {
  EXPECT_EQ(Units("card.country == 'FR'"), 3u);                  // the shorter tells
  EXPECT_EQ(Units("txn.email == card.bin"), 29u);                // 1 + 1 + 1 + 26
  EXPECT_EQ(Units("txn.email.startsWith('bob')"), 3u);           // 1 + 1 + 1
  EXPECT_EQ(Units("txn.email.contains('bob')"), 130u);           // 1 + 1 + 256 / 2
  EXPECT_EQ(Units("txn.email.matches('^GIFT[0-9]{8}')"), 105u);  // 1 + 4 x 26
  // A long program is charged by its steps.
  EXPECT_GT(Units("txn.email.matches('[a-z][0-9a-z]{15}@')"), 30u * 26);
  EXPECT_EQ(Units("txn.email in ['a', 'b']"), 28u);  // 1 + 1 + 26: one hash
  EXPECT_EQ(Units("txn.email in lists.high_risk_mcc"), 28u);
}

TEST(Cost, OfALoopIsItsItemsTimesItsBody) {
  EXPECT_EQ(Units("txn.sizes.exists(n, n > 1)"), 64u * 3 + 2);
  EXPECT_EQ(Units("txn.sizes.exists(n, txn.sizes.exists(m, n > m))"), 64u * (64 * 4 + 2 + 1) + 2);
  EXPECT_EQ(Units("txn.sizes.map(n, n + 1).exists(n, n > 1)"), 64u * 3 + 2 + 64 * 3 + 1);
  EXPECT_EQ(Units("[1, 2].exists(n, n > card.count_1h)"), 2u * 4 + 1);
  EXPECT_EQ(Units("'a' in txn.skus"), 1u + 1 + 64 * 2);
  EXPECT_EQ(Units("txn.skus == txn.skus"), 1u + 1 + 1 + 64 * 27);
}

TEST(Cost, CountsEachItemThatIsWrittenOut) {
  EXPECT_EQ(Units("size([card.count_1h, 1, 2, 3]) > 3"), 1u + 10 + 4 + 1 + 1);
  EXPECT_EQ(Units("math.greatest(card.count_1h, 1, 2, 3) > 3"), 1u + 1 + 2 + 1);
  EXPECT_EQ(Units("lists.datacentres.containsIP(txn.ip)"), 1u + 6 + 5);        // 45 bytes
  EXPECT_EQ(Units("lists.bins.containsPrefixOf(card.bin)"), 1u + 1 + 2 * 26);  // of two lengths
}

// What doubles in each of a row of binds is bounded, not walked.
TEST(Cost, OfValuesThatDoubleStopsAtItsMost) {
  std::string text = "size(v31) > 0";
  for (int i = 31; i > 0; --i) {
    const std::string before = "v" + std::to_string(i - 1);
    text = "cel.bind(v" + std::to_string(i) + ", " + before + " + " + before + ", " + text + ")";
  }
  const Compiled one = Compile("cel.bind(v0, txn.email, " + text + ")");
  EXPECT_EQ(one.expression, nullptr);
  ASSERT_EQ(one.diagnostics.size(), 1u);
  EXPECT_EQ(one.diagnostics[0].code, "R401");
}

TEST(Cost, IsToldWithItsArithmetic) {
  const Compiled one = Compile("txn.skus.exists(s, s.matches('^GIFT[0-9]{8}'))");
  ASSERT_NE(one.expression, nullptr);
  const CostBound& cost = one.expression->cost();
  EXPECT_EQ(cost.units, 64u * 106 + 2);
  EXPECT_EQ(ExplainCost(cost, 2000, TestSchema()),
            "up to 64 items: 64 x (1 `s` + 104 `matches` + 1 step) + 2 = 6,786; `max_items` of "
            "`txn.skus` in schema.json may be at most 18");
  EXPECT_EQ(ExplainCost(Compile("txn.email == 'x'").expression->cost(), 1, TestSchema()),
            "make it shorter, or `max_len` in schema.json smaller");
}

}  // namespace
}  // namespace verdict::rule
