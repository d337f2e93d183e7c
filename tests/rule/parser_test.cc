// Trees, by their canonical spelling; limits; and the fixed point of that spelling.
#include <gtest/gtest.h>

#include "rule/rule_fixture.h"
#include "rule/tree.h"

namespace verdict::rule {
namespace {

// Empty where the text is refused.
std::string Canonical(const std::string& text) {
  Findings findings;
  const ParsedTree parsed = Parse(text, &findings);
  return parsed.whole && findings.empty() ? Unparse(parsed.tree) : "";
}

TEST(Parser, WritesOneSpelling) {
  const std::pair<const char*, const char*> kSpellings[] = {
      {"a&&b||c", "a && b || c"},
      {"a && (b || c)", "a && (b || c)"},
      {"(a && b) || c", "a && b || c"},
      {"((a))", "a"},
      {"a - (b - c)", "a - (b - c)"},
      {"(a - b) - c", "a - b - c"},
      {"a+b*c", "a + b * c"},
      {"(a+b)*c", "(a + b) * c"},
      {"! ( a in [1,2 , 0x3] )", "!(a in [1, 2, 3])"},
      {"!a.b", "!a.b"},
      {"!!a", "!!a"},
      {"--a", "a"},
      {"---a", "-a"},
      {"-5", "-5"},
      {"- 5", "-5"},
      {"-(5)", "-(5)"},
      {"-(-5)", "-(-5)"},
      {"-(-a)", "-(-a)"},
      {"a ? b : c ? d : e", "a ? b : c ? d : e"},
      {"(a ? b : c) ? d : e", "(a ? b : c) ? d : e"},
      {"(a == b) == c", "a == b == c"},
      {"a == (b == c)", "a == (b == c)"},
      {"\"it's\"", R"('it\'s')"},
      {R"(r'\d')", R"('\\d')"},
      {"b\"\\xff\"", R"(b'\xff')"},
      {"1.0e2", "100.0"},
      {"1e30", "1e+30"},
      {"7U", "7u"},
      {"txn . amount", "txn.amount"},
      {".txn.amount", "txn.amount"},
      {"f( a ,b )", "f(a, b)"},
      {"a.f( b ).g()", "a.f(b).g()"},
      {"has( a.b )", "has(a.b)"},
      {"a[ 0 ][1]", "a[0][1]"},
      {"[1,]", "[1]"},
      {"{'a':1,}", "{'a': 1}"},
      {"null == true", "null == true"},
      {"a.`b_2`", "a.b_2"},
      {"a.`in`", "a.`in`"},
      {"11.`20`", "11.`20`"},  // not 11.2
      {"a.`2b`.`b-2`", "a.`2b`.`b-2`"},
      {"(a + b).size()", "(a + b).size()"},
      {"-9223372036854775808", "-9223372036854775808"},
  };
  for (const auto& [text, canonical] : kSpellings) {
    EXPECT_EQ(Canonical(text), canonical) << text;
    EXPECT_EQ(Canonical(canonical), canonical);
  }
}

TEST(Parser, RefusesWhatTheGrammarDoes) {
  for (const char* text : {"",        " ",
                           "a b",     "a &&",
                           "&& a",    "(a",
                           "a)",      "[1",
                           "f(a",     "f(a,)",
                           "a ? b",   "a.",
                           "a.5x",    "a..b",
                           "a[",      "a[]",
                           "{1}",     "{1:}",
                           "has(a)",  "has(a.b, c)",
                           "has()",   "9223372036854775808",
                           "T{a: 1}", "a.in",
                           "while",   "1 2",
                           "a ! b",   "?"}) {
    EXPECT_EQ(Canonical(text), "") << text;
  }
}

TEST(Parser, LimitsLengthAndNesting) {
  const std::string longest(LimitsOf(Profile::kRule).code_points, 'a');
  EXPECT_EQ(Canonical(longest), longest);
  EXPECT_EQ(Canonical(longest + "a"), "");
  auto nested = [](size_t depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')');
  };
  EXPECT_EQ(Canonical(nested(LimitsOf(Profile::kRule).nesting - 1)), "a");
  EXPECT_EQ(Canonical(nested(LimitsOf(Profile::kRule).nesting)), "");
  EXPECT_EQ(Canonical(std::string(LimitsOf(Profile::kRule).nesting + 1, '!') + "a"), "");
  EXPECT_EQ(Canonical(std::string(3000, '(')), "");
  EXPECT_EQ(Canonical(std::string(3001, '-') + "a"), "-a");
}

TEST(Parser, TakesLongChains) {
  std::string chain = "a";
  for (int i = 0; i < 800; ++i) chain += " || a";
  EXPECT_EQ(Canonical(chain), chain);
}

TEST(Canonical, IsTheSameForSpellingsOfOneExpression) {
  const Compiled a = Compile("txn.currency==\"EUR\"&&(txn.amount>500)");
  const Compiled b = Compile("txn.currency == 'EUR' && txn.amount > 500");
  ASSERT_NE(a.expression, nullptr);
  EXPECT_EQ(a.expression->canonical(), b.expression->canonical());
}

TEST(Expression, KnowsItsTypeAndSlots) {
  const Compiled c = Compile("has(card.country) ? txn.amount : card.avg_30d");
  ASSERT_NE(c.expression, nullptr);
  EXPECT_EQ(c.expression->type(), FieldType::kDouble);
  EXPECT_EQ(c.expression->slots(),
            (std::vector<uint16_t>{kTxnAmount, kCardCountry,
                                   TestSchema().Find("card", "avg_30d")->slot}));
}

TEST(Expression, YieldsWhatTheOptionsAskFor) {
  CompileOptions options{.schema = &TestSchema(), .result = FieldType::kInt};
  EXPECT_NE(Compile("card.count_1h + 1", options).expression, nullptr);
  const Compiled refused = Compile("txn.amount", options);
  EXPECT_EQ(refused.expression, nullptr);
  ASSERT_EQ(refused.diagnostics.size(), 1u);
  EXPECT_EQ(refused.diagnostics[0].message, "this must yield int, but it is double");
}

}  // namespace
}  // namespace verdict::rule
