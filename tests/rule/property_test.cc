// Properties over random texts: no phase crashes, and the canonical spelling is a fixed point.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "rule/rule_fixture.h"
#include "rule/tree.h"

namespace verdict::rule {
namespace {

std::string TokenSoup() {
  static const std::vector<std::string> kPieces = {"txn.amount",
                                                   "card.country",
                                                   "card.count_1h",
                                                   "device.age_days",
                                                   "lists.high_risk_mcc",
                                                   "merchant.mcc",
                                                   "txn",
                                                   "has(",
                                                   "size(",
                                                   "duration('1h')",
                                                   "txn.time",
                                                   ".getHours('UTC')",
                                                   ".matches('^a')",
                                                   "(",
                                                   ")",
                                                   "[",
                                                   "]",
                                                   "{",
                                                   "}",
                                                   "&&",
                                                   "||",
                                                   "!",
                                                   "-",
                                                   "+",
                                                   "*",
                                                   "/",
                                                   "%",
                                                   "==",
                                                   "!=",
                                                   "<",
                                                   "<=",
                                                   ">",
                                                   ">=",
                                                   "in",
                                                   "?",
                                                   ":",
                                                   ",",
                                                   ".",
                                                   "1",
                                                   "0",
                                                   "2.5",
                                                   "7u",
                                                   "'a'",
                                                   "\"b\"",
                                                   "b'c'",
                                                   "null",
                                                   "true",
                                                   "false",
                                                   "and",
                                                   "not",
                                                   "or",
                                                   "between",
                                                   "=",
                                                   "\u2018",
                                                   "\u2019",
                                                   "\u2265",
                                                   "//",
                                                   "\n",
                                                   "-9223372036854775808",
                                                   "9223372036854775807",
                                                   "0x",
                                                   "'"};
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(kPieces));
  std::string text;
  for (const std::string& piece : pieces) text += piece + (*rc::gen::inRange(0, 3) == 0 ? "" : " ");
  return text;
}

// A well-formed expression of bool, of at most `depth`.
std::string Condition(int depth) {
  const int choice = *rc::gen::inRange(0, depth <= 0 ? 6 : 12);
  static const std::vector<std::string> kNumbers = {"txn.amount", "card.avg_30d", "2.5", "-0.5",
                                                    "double(card.count_1h)"};
  static const std::vector<std::string> kInts = {"card.count_1h",   "card.count_1d", "3", "-1",
                                                 "device.age_days", "card.count_24h"};
  static const std::vector<std::string> kOrders = {"<", "<=", ">", ">="};
  auto pick = [](const std::vector<std::string>& from) { return *rc::gen::elementOf(from); };
  switch (choice) {
    case 0:
      return pick(kNumbers) + pick(kOrders) + pick(kInts);
    case 1:
      return pick(kInts) + pick({"==", "!="}) + pick(kInts);
    case 2:
      return "card.country" + pick({"==", "!="}) + pick({"'FR'", "merchant.country"});
    case 3:
      return "merchant.mcc in " + pick({"lists.high_risk_mcc", "['1', merchant.id]", "[]"});
    case 4:
      return "has(" + pick({"card.country", "device.age_days"}) + ")";
    case 5:
      return "(" + pick(kInts) + pick({"+", "-", "*", "/", "%"}) + pick(kInts) + ")" +
             pick(kOrders) + pick(kInts);
    case 6:
      return "!(" + Condition(depth - 1) + ")";
    case 7:
      return "(" + Condition(depth - 1) + " ? " + Condition(depth - 1) + " : " +
             Condition(depth - 1) + ")";
    case 8:
    case 9:
      return "(" + Condition(depth - 1) + ")||(" + Condition(depth - 1) + ")";
    default:
      return "(" + Condition(depth - 1) + ")&&(" + Condition(depth - 1) + ")";
  }
}

// Any tree the grammar has, whatever its types.
std::string AnyTree(int depth) {
  static const std::vector<std::string> kLeaves = {
      "a", "1", "-1", "2.5", "-2.5", "7u", "'a\\'b'", "b'\\xff'", "null", "true", "\"q\""};
  static const std::vector<std::string> kBinary = {"||", "&&",   "==", "!=", "<", "<=", ">",
                                                   ">=", " in ", "+",  "-",  "*", "/",  "%"};
  if (depth <= 0) return *rc::gen::elementOf(kLeaves);
  auto sub = [depth] { return AnyTree(depth - 1); };
  const bool bare = *rc::gen::arbitrary<bool>();
  switch (*rc::gen::inRange(0, 12)) {
    case 0:
      return "!" + sub();
    case 1:
      return "-(" + sub() + ")";
    case 2:
      return "- " + sub();
    case 3:
      return "(" + sub() + ")?(" + sub() + "):" + sub();
    case 4:
      return "(" + sub() + ").f(" + sub() + ")";
    case 5:
      return "(" + sub() + ").g";
    case 6:
      return "(" + sub() + ")[" + sub() + "]";
    case 7:
      return "[" + sub() + "," + sub() + "]";
    case 8:
      return "{" + sub() + ":" + sub() + "}";
    case 9:
      return "has((" + sub() + ").h)";
    default:
      break;
  }
  const std::string op = *rc::gen::elementOf(kBinary);
  return bare ? sub() + op + sub() : "(" + sub() + ")" + op + "(" + sub() + ")";
}

Value RandomInt() {
  return *rc::gen::inRange(0, 3) == 0 ? Value() : Value::Int(*rc::gen::inRange<int64_t>(-2, 8));
}

Record RandomRecord() {
  return MakeRecord(
      {{"txn.amount", Value::Double(*rc::gen::inRange(-3, 9))},
       {"card.avg_30d", *rc::gen::arbitrary<bool>() ? Value() : Value::Double(2)},
       {"card.count_1h", RandomInt()},
       {"card.count_1d", RandomInt()},
       {"card.count_24h", RandomInt()},
       {"device.age_days", RandomInt()},
       {"card.country", Value::String(*rc::gen::arbitrary<bool>() ? "FR" : "NG")},
       {"merchant.country", Value::String("NG")},
       {"merchant.id", Value::String("m1")},
       {"merchant.mcc", *rc::gen::arbitrary<bool>() ? Value() : Value::String("4829")}});
}

// By RULES.md's numbers; the kinds of trouble are one each.
int Result(const Value& v) { return v.is_error() ? 3 : v.is_missing() ? 2 : v.boolean() ? 1 : 0; }

TEST(Property, NoPhaseCrashesOnRandomBytes) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) { Compile(bytes); }));
}

TEST(Property, NoPhaseCrashesOnTokensInAnyOrderAndErrorsHavePlaces) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = TokenSoup();
    const Compiled compiled = Compile(text);
    RC_ASSERT((compiled.expression == nullptr) == HasErrors(compiled.diagnostics));
    for (const Diagnostic& d : compiled.diagnostics) {
      RC_ASSERT(d.caret_column >= 1);
      RC_ASSERT(d.caret_column - 1 + d.caret_length <= static_cast<int>(text.size()) + 1);
      RC_ASSERT(!d.message.empty());
      RC_ASSERT(!FormatDiagnostic(d, true).empty());
    }
  }));
}

TEST(Property, TheCanonicalSpellingIsAFixedPointWithTheSameMeaning) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = Condition(4);
    const Compiled compiled = Compile(text);
    RC_ASSERT(compiled.expression != nullptr);
    const std::string canonical = compiled.expression->canonical();
    const Compiled again = Compile(canonical);
    RC_ASSERT(again.expression != nullptr);
    RC_ASSERT(again.expression->canonical() == canonical);
    const Record record = RandomRecord();
    const EvaluationArenaPtr arena = MakeEvaluationArena();
    RC_ASSERT(Result(again.expression->Evaluate(record, arena.get())) ==
              Result(compiled.expression->Evaluate(record, arena.get())));
  }));
}

TEST(Property, TheCanonicalSpellingOfAnyTreeIsAFixedPoint) {
  EXPECT_TRUE(rc::check([] {
    const std::string text = AnyTree(4);
    Findings findings;
    const ParsedTree parsed = Parse(text, &findings);
    RC_ASSERT(parsed.whole);
    const std::string canonical = Unparse(parsed.tree);
    const ParsedTree again = Parse(canonical, &findings);
    RC_ASSERT(again.whole);
    RC_ASSERT(Unparse(again.tree) == canonical);
    // Only parentheses, and pairs of signs, may have gone.
    RC_ASSERT(again.tree.nodes.size() == parsed.tree.nodes.size());
    RC_ASSERT(findings.empty());
  }));
}

TEST(Property, LogicFollowsItsTablesOverWholeExpressions) {
  EXPECT_TRUE(rc::check([] {
    const std::string a = Condition(2);
    const std::string b = Condition(2);
    const Record record = RandomRecord();
    const EvaluationArenaPtr arena = MakeEvaluationArena();
    auto result = [&](const std::string& text) {
      return Result(Compile(text).expression->Evaluate(record, arena.get()));
    };
    const int x = result(a);
    const int y = result(b);
    const int expected_and = x == 0 || y == 0 ? 0 : std::max(x, y);
    const int expected_or = x == 1 || y == 1 ? 1 : std::max(x, y);
    RC_ASSERT(result("(" + a + ") && (" + b + ")") == expected_and);
    RC_ASSERT(result("(" + a + ") || (" + b + ")") == expected_or);
  }));
}

}  // namespace
}  // namespace verdict::rule
