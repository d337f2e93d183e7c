// What authors are told: code, place and label of each mistake, and that every fix compiles.
#include <gtest/gtest.h>

#include <algorithm>

#include "rule/rule_fixture.h"

namespace verdict::rule {
namespace {

struct Mistake {
  std::string text;
  std::string code;
  std::string marked;  // what the caret stands under
  std::string label;   // part of it
  std::string mended;  // by the fixes; empty: none is offered
};
void PrintTo(const Mistake& m, std::ostream* os) { *os << m.text; }

CompileOptions Condition() { return {.schema = &TestSchema(), .lists = &TestLists()}; }

// The texts here have one byte a character, so that columns count bytes.
std::string Mended(std::string text, std::vector<Fix> fixes) {
  std::stable_sort(fixes.begin(), fixes.end(),
                   [](const Fix& a, const Fix& b) { return a.place.column > b.place.column; });
  for (const Fix& fix : fixes) {
    text.replace(static_cast<size_t>(fix.place.column - 1), static_cast<size_t>(fix.place.length),
                 fix.text);
  }
  return text;
}

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST_P(Mistakes, AreNamedPlacedAndMended) {
  const Mistake& mistake = GetParam();
  const Compiled compiled = Compile(mistake.text, Condition());
  ASSERT_EQ(compiled.diagnostics.size(), 1u)
      << FormatDiagnostic(compiled.diagnostics.back(), false);
  const Diagnostic& d = compiled.diagnostics[0];
  EXPECT_EQ(d.code, mistake.code) << d.message;
  EXPECT_EQ(compiled.expression == nullptr, d.severity == Severity::kError);
  EXPECT_EQ(mistake.text.substr(static_cast<size_t>(d.caret_column - 1),
                                static_cast<size_t>(d.caret_length)),
            mistake.marked);
  EXPECT_EQ(d.place.column, d.caret_column);
  EXPECT_EQ(d.place.length, d.caret_length);
  EXPECT_NE(d.label.find(mistake.label), std::string::npos) << d.label;
  EXPECT_EQ(d.fixes.empty() ? "" : Mended(mistake.text, d.fixes), mistake.mended);
  if (!d.fixes.empty()) {
    EXPECT_NE(Compile(mistake.mended, Condition()).expression, nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Syntax, Mistakes,
    testing::Values(
        Mistake{"txn.amount > 500 and txn.currency == 'EUR'", "R003", "and",
                "make two clauses of `when_all`", "txn.amount > 500 && txn.currency == 'EUR'"},
        Mistake{"txn.amount > 500 OR txn.currency == 'EUR'", "R003", "OR", "write `||`",
                "txn.amount > 500 || txn.currency == 'EUR'"},
        Mistake{"not txn.amount > 500", "R003", "not", "around what follows",
                "!(txn.amount > 500)"},
        Mistake{"not (txn.amount > 500)", "R003", "not", "write `!`", "!(txn.amount > 500)"},
        Mistake{"not txn.is_recurring", "R003", "not", "write `!`", "!txn.is_recurring"},
        Mistake{"merchant.mcc not in ['1']", "R003", "not in", "put `!( )`",
                "!(merchant.mcc in ['1'])"},
        Mistake{"txn.currency = 'EUR'", "R003", "=", "write `==`", "txn.currency == 'EUR'"},
        Mistake{"txn.currency <> 'EUR'", "R003", "<>", "write `!=`", "txn.currency != 'EUR'"},
        Mistake{"txn.currency === 'EUR'", "R003", "===", "write `==`", "txn.currency == 'EUR'"},
        Mistake{"txn.amount => 5", "R003", "=>", "write `>=`", "txn.amount >= 5"},
        Mistake{"txn.is_recurring & has(txn.ip)", "R003", "&", "write `&&`",
                "txn.is_recurring && has(txn.ip)"},
        Mistake{"txn.amount between 5 and 10", "R003", "between", "a >= low && a <= high", ""},
        Mistake{"card.country like 'F%'", "R003", "like", "startsWith", ""},
        Mistake{"card.country is null", "R003", "is", "!has(a)", ""},
        Mistake{"txn.amount > 500 &&", "R004", "&&", "something must follow", ""},
        Mistake{"txn.amount > > 500", "R004", ">", "may stand here", ""},
        Mistake{"txn.amount txn.id", "R004", "txn", "join conditions", ""},
        Mistake{"(txn.amount > 500", "R004", "(", "`)` is missing", ""},
        Mistake{"txn.amount > 500)", "R004", ")", "remove it", ""},
        Mistake{"txn.amount >= 500EUR", "R001", "500EUR", "digits alone", ""},
        Mistake{"txn.id == 'abc", "R001", "'", "", ""},
        Mistake{"if txn.amount > 500", "R008", "if", "", ""},
        Mistake{"card.?count_1h > 1", "R201", ">", "`card.?count_1h.orValue(..)`", ""},
        Mistake{"has(card)", "R204", "has(card)", "has(card.country)", ""}));

INSTANTIATE_TEST_SUITE_P(
    Names, Mistakes,
    testing::Values(
        Mistake{"txn.amout > 500", "R102", "amout", "did you mean `amount` (double)?",
                "txn.amount > 500"},
        Mistake{"card.cuont_1h > 5", "R102", "cuont_1h", "did you mean `count_1h` (int)?",
                "card.count_1h > 5"},
        Mistake{"txn.zzzzzz > 500", "R102", "zzzzzz", "`txn` has amount, amount_base", ""},
        Mistake{"txn.country.code == 'x'", "R102", "code", "read `txn.country` itself", ""},
        Mistake{"amount > 500", "R101", "amount", "did you mean `txn.amount` (double)?",
                "txn.amount > 500"},
        Mistake{"crad.country == 'FR'", "R101", "crad", "did you mean `card`?",
                "card.country == 'FR'"},
        Mistake{"transaction.amount > 5", "R101", "transaction", "did you mean `txn`?",
                "txn.amount > 5"},
        Mistake{"txn.currency == EUR", "R101", "EUR", "written in quotes", "txn.currency == 'EUR'"},
        Mistake{"card.count_1h@age > 5", "R002", "@", "", ""},
        Mistake{"card.count_1h.age() > duration('2s')", "R202", "age", "write `age(card.count_1h)`",
                "age(card.count_1h) > duration('2s')"},
        Mistake{"txn.id.startswith('x')", "R103", "startswith", "`startsWith`",
                "txn.id.startsWith('x')"},
        Mistake{"txn.id.length() > 5", "R103", "length", "`size`", "txn.id.size() > 5"},
        Mistake{"txn.time < now()", "R104", "now()", "`txn.time`", "txn.time < txn.time"},
        Mistake{"merchant.mcc in lists.high_risk", "R105", "high_risk", "high_risk_mcc",
                "merchant.mcc in lists.high_risk_mcc"},
        Mistake{"lists.high_risk_mcc == ['a']", "R107", "lists.high_risk_mcc", "merchant.mcc in",
                ""},
        Mistake{"card == 'x'", "R107", "card", "`card` has avg_30d", ""},
        Mistake{"merchant.mcc in {'k': lists.high_risk_mcc}.k", "R107", "lists.high_risk_mcc",
                "merchant.mcc in lists.high_risk_mcc", ""},
        Mistake{"cel.bind(1, 2, 3) == 3", "R204", "1", "`cel.bind(n, card.count_1h", ""},
        Mistake{"card.?count_1h.optMap(n).hasValue()", "R204", "optMap",
                "`card.?count_1h.optMap(n, n + 1)`", ""},
        Mistake{"max(card.count_1h, 3) > 5", "R103", "max", "`math.greatest`",
                "math.greatest(card.count_1h, 3) > 5"},
        Mistake{"math.greatest(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,card.count_1h) > 5", "R202",
                "greatest", "`math.greatest([1, 2, 3])`", ""},
        Mistake{"card.?country in ['FR']", "R201", "in", "`card.?country.orValue(..)`", ""},
        Mistake{"txn.skus in lists.high_risk_mcc", "R201", "in", "look at each item", ""},
        Mistake{"card.?country.?code == 'x'", "R102", "code", "fields are read from objects", ""},
        Mistake{"-card.?count_1h > 3", "R201", "-", "`.orValue(..)`", ""},
        Mistake{"math.least(txn.skus) == 'a'", "R202", "least", "math.least(list(int))", ""},
        Mistake{"txn.skus.exists(s)", "R204", "exists", "`txn.skus.exists(sku, sku == 'x')`", ""},
        Mistake{"txn.skus.exists(card, card == 'x')", "R108", "card", "another name", ""},
        Mistake{"txn.skus.exists(s, txn.skus.all(s, s == 'x'))", "R108", "s", "another name", ""},
        Mistake{"txn.skus.any(s, s == 'x')", "R103", "any", "`exists`",
                "txn.skus.exists(s, s == 'x')"},
        Mistake{"exists(card.country)", "R103", "exists", "`has`", "has(card.country)"},
        Mistake{"math.max(card.count_1h, 1) > 5", "R103", "max", "`math.greatest`",
                "math.greatest(card.count_1h, 1) > 5"},
        Mistake{"math.foo(card.count_1h) > 5", "R103", "foo", "`math` has abs, bitAnd", ""},
        Mistake{"cel.bind(n, 1)", "R103", "bind", "`cel.bind(name, value, expression)`", ""},
        Mistake{"math.abs('x') == 1", "R202", "abs", "math.abs(int) or math.abs(uint)", ""},
        Mistake{"math.greatest(card.count_1h, txn.amount) > 5", "R202", "greatest", "", ""},
        Mistake{"dyn(card.count_1h) == 1", "R106", "dyn", "leave `dyn( )` out", ""},
        Mistake{"type(card.count_1h) == 'int'", "R106", "type", "leave it out", ""},
        Mistake{"card.?cuont_1h.hasValue()", "R102", "cuont_1h", "did you mean `count_1h` (int)?",
                "card.?count_1h.hasValue()"},
        Mistake{"txn.id.charAtt(1) == 'x'", "R103", "charAtt", "`charAt`",
                "txn.id.charAt(1) == 'x'"},
        Mistake{"txn.id.zzzzzzzz(1) == 'x'", "R103", "zzzzzzzz", "there are size", ""},
        Mistake{"string([1]) == 'x'", "R202", "string", "string(duration)", ""},
        Mistake{"int.foo == 1", "R101", "int", "", ""},
        Mistake{"txn.id in list.foo", "R101", "list", "", ""},
        Mistake{"[?txn.amount] == [1.0]", "R201", "txn.amount", "leave the `?` out", ""},
        Mistake{"age(card.country) > duration('1h')", "R204", "age(card.country)",
                "age(card.count_1h)", ""}));

INSTANTIATE_TEST_SUITE_P(
    Types, Mistakes,
    testing::Values(
        Mistake{"txn.amount * 2 > 500", "R210", "*", "left is double, right is int; write `2.0`",
                "txn.amount * 2.0 > 500"},
        Mistake{"card.avg_30d + card.count_1h > 5", "R210", "+", "write `double(card.count_1h)`",
                "card.avg_30d + double(card.count_1h) > 5"},
        Mistake{"card.count_1h == 5u", "R210", "==", "write `5`", "card.count_1h == 5"},
        Mistake{"(has(txn.ip) ? 1 : 2.5) > 1", "R210", "?", "write `1.0`",
                "(has(txn.ip) ? 1.0 : 2.5) > 1"},
        Mistake{"merchant.mcc == 5999", "R201", "==", "write `'5999'`", "merchant.mcc == '5999'"},
        Mistake{"txn.is_recurring == 'yes'", "R201", "==", "left is bool, right is string", ""},
        Mistake{"card.country == null", "R201", "==", "write `!has(card.country)`",
                "!has(card.country)"},
        Mistake{"card.country != null", "R201", "!=", "write `has(card.country)`",
                "has(card.country)"},
        Mistake{"5 < card.count_1h < 10", "R201", "<",
                "write `5 < card.count_1h && card.count_1h < 10`",
                "5 < card.count_1h && card.count_1h < 10"},
        Mistake{"'x' in txn.email", "R201", "in", "write `txn.email.contains('x')`",
                "txn.email.contains('x')"},
        Mistake{"card.count_1h in lists.high_risk_mcc", "R201", "in", "string(..)", ""},
        Mistake{"!card.country", "R201", "card.country", "!has(card.country)", ""},
        Mistake{"!txn.amount > 500", "R201", "txn.amount", "put parentheses", ""},
        Mistake{"txn.amount && has(txn.ip)", "R201", "txn.amount", "compare it", ""},
        Mistake{"txn.amount['a'] > 5", "R201", "[", "no items", ""},
        Mistake{"card.count_1h", "R203", "card.count_1h", "compare it", ""},
        Mistake{"txn.id in ['a', 1]", "R205", "['a', 1]", "lists of their own", ""},
        Mistake{"{'a': 1, 'b': 'x'}['a'] == 1", "R205", "'x'", "two maps", ""},
        Mistake{"{'a': 1, 'b': 2, 'a': 3}['a'] == 1", "R304", "'a'", "remove one", ""},
        Mistake{"{1.5: 1}[1.5] == 1", "R205", "1.5", "another key", ""},
        Mistake{"[].all(n, n > 1)", "R205", "[]", "put something in", ""},
        Mistake{"txn.skus == [optional.of(null).value()]", "R201", "null", "", ""},
        Mistake{"card.?country == optional.of(null)", "R201", "null", "`optional.none()`", ""},
        Mistake{"optional.of(null).hasValue()", "R201", "null", "`optional.none()`", ""},
        Mistake{"txn.skus.exists(s, 1)", "R201", "1", "compare it", ""},
        Mistake{"txn.amount.exists(n, n > 1)", "R201", "exists", "it has none", ""},
        Mistake{"txn.sizes.all(a, txn.sizes.all(b, txn.sizes.all(c, a + b + c > 0)))", "R006",
                "all", "two clauses", ""},
        Mistake{"txn.amount in [500.5, 1000]", "R211", "[500.5, 1000]", "double",
                "txn.amount in [500.5, 1000.0]"},
        Mistake{"contains(txn.id, 'x')", "R202", "contains", "write `txn.id.contains('x')`",
                "txn.id.contains('x')"},
        Mistake{"txn.id.startsWith(5)", "R202", "startsWith", "string.startsWith(string)", ""},
        Mistake{"size() > 5", "R202", "size", "", ""},
        Mistake{"card.declines_24h / card.count_24h > 0.5", "R230",
                "card.declines_24h / card.count_24h",
                "3 / 4 is 0; write `double(card.declines_24h) / double(card.count_24h)`",
                "double(card.declines_24h) / double(card.count_24h) > 0.5"},
        Mistake{"9223372036854775807 + 1 > card.count_1h", "R304", "9223372036854775807 + 1",
                "64 bits", ""}));

INSTANTIATE_TEST_SUITE_P(
    LiteralsAndLibraries, Mistakes,
    testing::Values(
        Mistake{"age(card.count_1h) < duration('7d')", "R302", "'7d'",
                "7 days are 168 hours; write `'168h'`", "age(card.count_1h) < duration('168h')"},
        Mistake{"txn.delay > duration('1d12h')", "R302", "'1d12h'", "24 hours",
                "txn.delay > duration('24h12h')"},
        Mistake{"txn.delay > duration('soon')", "R302", "'soon'", "'1h30m'", ""},
        Mistake{"txn.time < timestamp('2026-11-20')", "R302", "'2026-11-20'", "write",
                "txn.time < timestamp('2026-11-20T00:00:00Z')"},
        Mistake{"txn.time < timestamp('2026-02-30T00:00:00Z')", "R302", "'2026-02-30T00:00:00Z'",
                "", ""},
        Mistake{"txn.id.matches('(?=x)')", "R310", "'(?=x)'", "no look-ahead", ""},
        Mistake{"txn.id.matches(card.id)", "R310", "card.id", "in quotes", ""},
        Mistake{"txn.id.matches('^(a{100}){100}$')", "R310", "'^(a{100}){100}$'", "", ""},
        Mistake{"provenance(card.count_1h) == 'stale'", "R324", "'stale'", "write `'STALE'`",
                "provenance(card.count_1h) == 'STALE'"},
        Mistake{"'PARTAL' != provenance(card.count_1h)", "R324", "'PARTAL'",
                "one of FULL, STALE, PARTIAL", "'PARTIAL' != provenance(card.count_1h)"},
        Mistake{"provenance(card.count_1h) in ['FULL', 'NULL']", "R324", "'NULL'",
                "missing too: `!has(card.count_1h)`", ""},
        Mistake{"provenance(card.count_1h) == ''", "R324", "''", "one of FULL", ""},
        Mistake{"cel.bind(p, provenance(card.count_1h), cel.bind(q, p, q == 'FULL' || q == 'no'))",
                "R324", "'no'", "one of FULL", ""},
        Mistake{"cel.bind(s, 'Full', s == provenance(card.count_1h))", "R324", "'Full'",
                "write `'FULL'`", "cel.bind(s, 'FULL', s == provenance(card.count_1h))"},
        Mistake{"txn.time.getHours('Mars/Phobos') > 1", "R312", "'Mars/Phobos'", "Europe/Paris",
                ""}));

INSTANTIATE_TEST_SUITE_P(
    WarningsAndHints, Mistakes,
    testing::Values(
        Mistake{"txn.amount == 500.0", "R212", "==", "`txn.amount_minor`", ""},
        Mistake{"merchant.mcc < '6000'", "R213", "<", "compare numbers", ""},
        Mistake{"provenance(card.count_1h) >= 'STALE'", "R213", ">=", "list the values by `in`",
                ""},
        Mistake{"txn.amount / card.avg_30d > 8.0", "R231", "card.avg_30d",
                "`card.avg_30d > 0.0 && ..`", ""},
        Mistake{"card.avg_30d >= 0.0 && txn.amount / card.avg_30d > 8.0", "R231", "card.avg_30d",
                "", ""},
        Mistake{"txn.amount / double(card.count_1h) > 8.0", "R231", "double(card.count_1h)",
                "`card.count_1h > 0 && ..`", ""},
        Mistake{"true && txn.amount > 5", "R240", "true", "remove it", ""},
        Mistake{"txn.amount > 5 || 1 > 2", "R240", "1 > 2", "reads no field", ""},
        Mistake{"txn.id.matches('vip')", "R311", "'vip'",
                "for a part write `txn.id.contains('vip')`", "txn.id.contains('vip')"},
        Mistake{"txn.id.matches('vip[0-9]')", "R311", "'vip[0-9]'", "begin with `^`", ""},
        Mistake{"txn.time.getMonth('UTC') == 11", "R321", "getMonth", "December is 11", ""},
        Mistake{"txn.time.getHours() < 6", "R322", "getHours", "getHours('Europe/Paris')", ""},
        Mistake{"txn.id.lowerAscii() == 'x'", "R323", "lowerAscii", "normalise", ""}));

TEST(Warnings, SpareWhatIsGuarded) {
  for (const char* text :
       {"card.avg_30d > 0.0 && txn.amount / card.avg_30d > 8.0",
        "txn.amount / card.avg_30d > 8.0 && 0.0 < card.avg_30d",
        "card.avg_30d <= 0.0 || txn.amount / card.avg_30d > 8.0", "txn.amount / 2.0 > 8.0",
        "card.avg_30d > 1 && txn.amount / card.avg_30d > 8.0",
        "!(card.avg_30d == 0.0) && txn.amount / card.avg_30d > 8.0",
        "(card.avg_30d > 0.0 ? txn.amount / card.avg_30d : 0.0) > 8.0",
        "card.count_1h > 0 && txn.amount / double(card.count_1h) > 8.0", "card.avg_30d == 0.0",
        "txn.id.matches('^vip')", "txn.time.getHours('UTC') < 6",
        // The variable within is another one.
        "cel.bind(p, cel.bind(q, provenance(card.count_1h), q == 'FULL') ? 'x' : 'y', p == 'x')",
        "cel.bind(p, provenance(card.count_1h), p == 'FULL') && txn.skus.exists(s, s == 'x')"}) {
    const Compiled compiled = Compile(text);
    EXPECT_TRUE(compiled.diagnostics.empty()) << text;
  }
}

TEST(Warnings, SpareWhatAnotherClauseGuards) {
  CompileOptions options = Condition();
  options.other_clauses = {"card.avg_30d > 0.0 && has(txn.ip)", "not even an expression ("};
  EXPECT_TRUE(Compile("txn.amount / card.avg_30d > 8.0", options).diagnostics.empty());
}

TEST(Errors, OfDatesThatNeverComeAreReported) {
  for (const char* text : {"txn.time.getMonth('UTC') == 12", "txn.time.getDayOfMonth('UTC') == 31",
                           "txn.time.getMonth('UTC') > 11"}) {
    const Compiled compiled = Compile(text);
    ASSERT_EQ(compiled.diagnostics.size(), 1u) << text << ": R321 would say the same again";
    EXPECT_EQ(compiled.diagnostics[0].code, "R320");
    EXPECT_EQ(compiled.expression, nullptr);
  }
}

TEST(Errors, OfOneTextComeTogetherAndTheirFixesToo) {
  const std::string text = "txn.amout > 500 and card.cuntry == 'FR' and txn.currency = 'EUR'";
  const Compiled compiled = Compile(text);
  ASSERT_EQ(compiled.diagnostics.size(), 5u);
  std::vector<Fix> fixes;
  for (const Diagnostic& d : compiled.diagnostics) {
    EXPECT_EQ(d.fixes.size(), 1u) << d.message;
    fixes.insert(fixes.end(), d.fixes.begin(), d.fixes.end());
  }
  EXPECT_EQ(Mended(text, fixes),
            "txn.amount > 500 && card.country == 'FR' && txn.currency == 'EUR'");
}

TEST(Errors, OneWithoutRepairSparesTheOtherNoFixThatWouldNotCompile) {
  const Compiled compiled = Compile("txn.amout > 500 && txn.zzzzzz > 5");
  ASSERT_EQ(compiled.diagnostics.size(), 2u);
  EXPECT_TRUE(compiled.diagnostics[0].fixes.empty());
}

TEST(Places, LeadThroughTheEscapesOfTheFile) {
  Source source;
  source.text = "txn.currency == \"EUR\" && txn.amout > 5";
  source.file = "rules/a.json";
  source.pointer = "/rules/0/when_all/0";
  source.rule_id = "cross_border_burst";
  int column = 10;  // of the first letter in line 7; each quote is written \" there
  for (char c : source.text + " ") {
    source.place_of.push_back({7, column});
    column += c == '"' ? 2 : 1;
  }
  std::vector<Diagnostic> diagnostics;
  EXPECT_EQ(Expression::Compile(source, Condition(), &diagnostics), nullptr);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(FormatDiagnostic(diagnostics[0], false),
            "rules/a.json:7:41: error[R102]: unknown field `amout` of `txn`\n"
            "  rule cross_border_burst\n"
            "    |  txn.currency == \"EUR\" && txn.amout > 5\n"
            "    |                               ^^^^^ did you mean `amount` (double)?\n");
  EXPECT_EQ(diagnostics[0].pointer, source.pointer);
  ASSERT_EQ(diagnostics[0].fixes.size(), 1u);
  EXPECT_EQ(diagnostics[0].fixes[0].place.column, 41);

  source.text = "txn.currency == \"EUR\"";
  diagnostics.clear();
  EXPECT_NE(Expression::Compile(source, Condition(), &diagnostics), nullptr);
  ASSERT_EQ(diagnostics.size(), 1u);
  EXPECT_EQ(diagnostics[0].code, "R005");
  EXPECT_EQ(diagnostics[0].place.length, 7);  // \"EUR\"
}

TEST(Places, CountCodePoints) {
  const Compiled compiled = Compile("card.country == '\u00e9\u00e8' && txn.amout > 5");
  ASSERT_EQ(compiled.diagnostics.size(), 1u);
  EXPECT_EQ(compiled.diagnostics[0].place.column, 29);
  const Compiled smart = Compile("txn.currency == \u2018EUR\u2019");
  ASSERT_EQ(smart.diagnostics.size(), 1u);
  EXPECT_EQ(smart.diagnostics[0].code, "R007");
  EXPECT_EQ(smart.diagnostics[0].caret_length, 5);
  EXPECT_EQ(smart.diagnostics[0].fixes[0].text, "'EUR'");
}

TEST(FormatDiagnostic, PointsIntoTheRightLine) {
  Diagnostic d;
  d.code = "R102";
  d.place = {"f.json", 3, 1, 2};
  d.message = "m";
  d.rule_title = "rule a \"A\", clause 1";
  d.expression = "a &&\nbc";
  d.caret_column = 6;
  d.caret_length = 2;
  d.label = "here";
  EXPECT_EQ(FormatDiagnostic(d, false),
            "f.json:3:1: error[R102]: m\n  rule a \"A\", clause 1\n    |  a &&\n    |  bc\n    |  "
            "^^ here\n");
  EXPECT_NE(FormatDiagnostic(d, true).find("\x1b[1;31merror[R102]\x1b[0m"), std::string::npos);
}

}  // namespace
}  // namespace verdict::rule
